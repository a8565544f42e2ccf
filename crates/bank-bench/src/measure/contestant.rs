//! What is measured, by name.

use std::fmt;

use bank_persistence::Backend;

/// One thing that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contestant {
    /// `Bank::post` from many threads.
    Post(Backend, Load),
    /// `PostingQueue::post` from many threads.
    Queue(Backend, Load),
    /// `bank-cli workload`, which posts singly.
    Workload(Load),
    /// pgbench with the equivalent transaction.
    Pgbench(Load),
    /// `Bank::post_batch`.
    Batch(Backend, u32),
    /// `PostingPipeline` on PostgreSQL, with two batches of this size on their way.
    Pipeline(u32),
    /// The journal rows of a batch and nothing else: COPY on PostgreSQL, prepared inserts on SQLite.
    Rows(Backend, u32),
    /// Two updates by name in a transaction, as the tutorial has them.
    Tutorial(Names),
    /// pgledger's design as pgbench runs it.
    Pgledger { form: Form, clients: u16 },
    /// `Bank::post_batch`, chunk by chunk, with all lines of the file.
    Lines(Backend, Ids),
    /// `bank-cli batch`, the whole process.
    File(Backend, Ids),
    /// `Bank::post` from one thread, among so many accounts.
    AmongSingly(Backend, u32),
    /// `Bank::post_batch`, among so many accounts.
    AmongBatch(Backend, Among),
    /// `PostingPipeline` on PostgreSQL, with two batches on their way, among so many accounts.
    AmongPipeline(Among),
}

/// The size of a batch, and from how many accounts it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Among {
    pub(crate) accounts: u32,
    pub(crate) batch: u32,
}

/// Threads, or pgbench's clients, and whom they pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) threads: u16,
    pub(crate) spread: Spread,
}

/// Which accounts take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spread {
    /// All, drawn evenly.
    Uniform,
    /// The same account in every transfer, on either side; the other drawn evenly.
    Hot,
}

/// How a transaction is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Each statement by itself.
    Statements,
    /// A function on the server does all of it in one call.
    Function,
}

/// Where the tutorial's loop looks for the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// In the tutorial's own table, which has no index on them.
    Scanned,
    /// In bank's table of accounts, where they are unique.
    Indexed,
}

/// Where the ids of a file's lines come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ids {
    /// Each line has its own, and they grow with time.
    Own,
    /// They are derived from a reference, and so in no order; the library gets random ones for comparison.
    Derived,
}

impl Contestant {
    /// Returns what it is, without its size.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Post(backend, _) => format!("{backend}: Bank::post"),
            Self::Queue(backend, _) => format!("{backend}: PostingQueue::post"),
            Self::Workload(_) => "PostgreSQL: bank-cli workload".to_owned(),
            Self::Pgbench(_) => "pgbench -M prepared, equivalent transaction".to_owned(),
            Self::Batch(backend, _) => format!("{backend}: Bank::post_batch"),
            Self::Pipeline(_) | Self::AmongPipeline(_) => "PostgreSQL: PostingPipeline".to_owned(),
            Self::Rows(Backend::Postgres, _) => "PostgreSQL: COPY of the journal rows alone".to_owned(),
            Self::Rows(Backend::Sqlite, _) => "SQLite: prepared inserts of the journal rows alone".to_owned(),
            Self::Tutorial(names) => format!("PostgreSQL: the tutorial's two updates by name, {names}"),
            Self::Pgledger { form, .. } => format!("pgbench -M prepared, pgledger's design, {form}"),
            Self::Lines(backend, ids) => format!("{backend}: Bank::post_batch of all lines, {}", ids.of_library()),
            Self::File(backend, ids) => format!("{backend}: bank-cli batch, {}", ids.of_file()),
            Self::AmongSingly(backend, _) => format!("{backend}: Bank::post, 1 thread"),
            Self::AmongBatch(backend, _) => format!("{backend}: Bank::post_batch"),
        }
    }

    /// Returns how large it is.
    pub(crate) fn size(self) -> String {
        match self {
            Self::Post(_, load) | Self::Queue(_, load) => format!("{}, {}", many(load.threads, "thread"), load.spread),
            Self::Pgbench(load) | Self::Workload(load) => format!("{}, {}", many(load.threads, "client"), load.spread),
            Self::Batch(_, size) | Self::Rows(_, size) | Self::Pipeline(size) => format!("batches of {size}"),
            Self::Tutorial(_) => "1 connection".to_owned(),
            Self::Pgledger { clients, .. } => many(clients, "client"),
            Self::Lines(..) | Self::File(..) => "one file".to_owned(),
            Self::AmongSingly(_, accounts) => format!("{accounts} accounts"),
            Self::AmongBatch(_, among) | Self::AmongPipeline(among) => among.to_string(),
        }
    }

    /// Returns what it is to be compared with, of the same size.
    pub(crate) const fn floor(self) -> Option<Self> {
        match self {
            Self::Post(Backend::Postgres, load) | Self::Queue(Backend::Postgres, load) => Some(Self::Pgbench(load)),
            Self::Queue(Backend::Sqlite, load) => Some(Self::Post(Backend::Sqlite, load)),
            Self::Batch(backend, size) => Some(Self::Rows(backend, size)),
            Self::Pipeline(size) => Some(Self::Batch(Backend::Postgres, size)),
            Self::File(backend, ids) => Some(Self::Lines(backend, ids)),
            Self::Workload(load) => Some(Self::Post(Backend::Postgres, load)),
            _ => None,
        }
    }
}

impl Contestant {
    /// Returns what others that are compared with it are told to be compared with.
    pub(crate) fn short_name(self) -> String {
        match self {
            Self::Pgbench(_) => "pgbench".to_owned(),
            Self::Rows(Backend::Postgres, _) => "COPY".to_owned(),
            Self::Rows(Backend::Sqlite, _) => "inserts".to_owned(),
            Self::Post(..) => "Bank::post".to_owned(),
            Self::Batch(..) => "Bank::post_batch".to_owned(),
            Self::Lines(..) => "the library".to_owned(),
            Self::AmongBatch(_, among) | Self::AmongPipeline(among) => format!("{} accounts", among.accounts),
            other => other.size(),
        }
    }
}

/// Returns a number with its noun.
pub(crate) fn many(count: u16, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

impl fmt::Display for Contestant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.name(), self.size())
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uniform => "uniform",
            Self::Hot => "one hot account",
        })
    }
}

impl fmt::Display for Among {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "batches of {}, {} accounts", self.batch, self.accounts)
    }
}

impl Form {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Statements, Self::Function];
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Statements => "by statements",
            Self::Function => "in one call",
        })
    }
}

impl Names {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Scanned, Self::Indexed];
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scanned => "in its own table",
            Self::Indexed => "on bank's accounts",
        })
    }
}

impl Ids {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Own, Self::Derived];

    const fn of_file(self) -> &'static str {
        match self {
            Self::Own => "a column of ids",
            Self::Derived => "--reference",
        }
    }

    const fn of_library(self) -> &'static str {
        match self {
            Self::Own => "ids that grow",
            Self::Derived => "random ids",
        }
    }
}
