//! Everything that is measured, by name.

use std::fmt;

use bank_persistence::Backend;

/// One thing that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contestant {
    /// `Bank::post` from many threads.
    Post(Backend, Load),
    /// `PostingQueue::post` from many threads.
    Queue(Backend, Load),
    /// What `bank-cli workload` runs, posting singly.
    Workload(Load),
    /// pgbench with the equivalent transaction.
    Pgbench(Load),
    /// `Bank::post_batch`, with batches of this size.
    Batch(Backend, u32),
    /// `PostingPipeline` on PostgreSQL, with two batches of this size in flight.
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
    /// Work among this number of accounts.
    Growth(Work, u32),
}

/// Work that is measured among few accounts and among many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// `Bank::post` from one thread.
    Singly(Backend),
    /// As [`Contestant::Batch`].
    Batch(Backend, u32),
    /// As [`Contestant::Pipeline`].
    Pipeline(u32),
}

/// A number of threads, or of clients, and the accounts that they use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) threads: u16,
    pub(crate) spread: Spread,
}

/// Both backends.
pub(crate) const BACKENDS: [Backend; 2] = [Backend::Postgres, Backend::Sqlite];

/// Declares an enum of two variants, with the words that the tables show for each.
macro_rules! choice {
    ($(#[$about:meta])* $name:ident { $($(#[$about_one:meta])* $one:ident = $words:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name {
            $($(#[$about_one])* $one,)+
        }

        impl $name {
            /// Both.
            pub(crate) const ALL: [Self; 2] = [$(Self::$one),+];
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$one => $words,)+
                })
            }
        }
    };
}

choice! {
    /// Which accounts take part.
    Spread {
        /// All accounts, drawn evenly.
        Uniform = "uniform",
        /// The same account in every transfer, on either side; the other drawn evenly.
        Hot = "one hot account",
    }
}

choice! {
    /// How a transaction is sent.
    Form {
        /// Each statement by itself.
        Statements = "by statements",
        /// A function on the server does all of it in one call.
        Function = "in one call",
    }
}

choice! {
    /// Where the tutorial's loop looks for the names.
    Names {
        /// In the tutorial's own table, which has no index on them.
        Scanned = "in its own table",
        /// In bank's table of accounts, where they are unique.
        Indexed = "on bank's accounts",
    }
}

choice! {
    /// Where the ids of a file's lines come from.
    Ids {
        /// Each line has its own, and they grow with time.
        Own = "a column of ids",
        /// They are derived from a reference, and neighbours. The library gets such ids, too.
        Derived = "--reference",
    }
}

impl Ids {
    /// Returns both variants for each backend.
    pub(crate) fn on_each_backend() -> impl Iterator<Item = (Backend, Self)> {
        BACKENDS.into_iter().flat_map(|backend| Self::ALL.map(|ids| (backend, ids)))
    }
}

impl Work {
    /// Returns all work, with batches of these sizes.
    pub(crate) fn all(sizes: &[u32]) -> Vec<Self> {
        let sizes = || sizes.iter().copied();
        let on =
            |backend| std::iter::once(Self::Singly(backend)).chain(sizes().map(move |size| Self::Batch(backend, size)));
        BACKENDS.into_iter().flat_map(on).chain(sizes().map(Self::Pipeline)).collect()
    }

    /// Returns the backend of the work.
    pub(crate) const fn backend(self) -> Backend {
        match self {
            Self::Singly(backend) | Self::Batch(backend, _) => backend,
            Self::Pipeline(_) => Backend::Postgres,
        }
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Singly(backend) => write!(f, "{backend}, singly"),
            Self::Batch(backend, size) => write!(f, "{backend}, batches of {size}"),
            Self::Pipeline(size) => write!(f, "PostgreSQL, batches of {size} in a pipeline"),
        }
    }
}

impl Contestant {
    /// Returns the name, without the size.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Post(backend, _) => format!("{backend}: Bank::post"),
            Self::Queue(backend, _) => format!("{backend}: PostingQueue::post"),
            Self::Workload(_) => "PostgreSQL: bank-cli workload".to_owned(),
            Self::Pgbench(_) => "pgbench -M prepared, equivalent transaction".to_owned(),
            Self::Batch(backend, _) | Self::Growth(Work::Batch(backend, _), _) => {
                format!("{backend}: Bank::post_batch")
            }
            Self::Pipeline(_) | Self::Growth(Work::Pipeline(_), _) => "PostgreSQL: PostingPipeline".to_owned(),
            Self::Rows(Backend::Postgres, _) => "PostgreSQL: COPY of the journal rows alone".to_owned(),
            Self::Rows(Backend::Sqlite, _) => "SQLite: prepared inserts of the journal rows alone".to_owned(),
            Self::Tutorial(names) => format!("PostgreSQL: the tutorial's two updates by name, {names}"),
            Self::Pgledger { form, .. } => format!("pgbench -M prepared, pgledger's design, {form}"),
            Self::Lines(backend, Ids::Own) => format!("{backend}: Bank::post_batch of all lines, ids that grow"),
            Self::Lines(backend, Ids::Derived) => format!("{backend}: Bank::post_batch of all lines, neighbouring ids"),
            Self::File(backend, ids) => format!("{backend}: bank-cli batch, {ids}"),
            Self::Growth(Work::Singly(backend), _) => format!("{backend}: Bank::post, 1 thread"),
        }
    }

    /// Returns the size: threads, accounts, or length of a batch.
    pub(crate) fn size(self) -> String {
        match self {
            Self::Post(_, load) | Self::Queue(_, load) => format!("{}, {}", many(load.threads, "thread"), load.spread),
            Self::Pgbench(load) | Self::Workload(load) => format!("{}, {}", many(load.threads, "client"), load.spread),
            Self::Batch(_, size) | Self::Rows(_, size) | Self::Pipeline(size) => format!("batches of {size}"),
            Self::Tutorial(_) => "1 connection".to_owned(),
            Self::Pgledger { clients, .. } => many(clients, "client"),
            Self::Lines(..) | Self::File(..) => "one file".to_owned(),
            Self::Growth(Work::Singly(_), accounts) => format!("{accounts} accounts"),
            Self::Growth(Work::Batch(_, size) | Work::Pipeline(size), accounts) => {
                format!("batches of {size}, {accounts} accounts")
            }
        }
    }

    /// Returns the contestant of the same size that this one is compared with.
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

    /// Returns the name for the column that says what a contestant is compared with.
    pub(crate) fn short_name(self) -> String {
        match self {
            Self::Pgbench(_) => "pgbench".to_owned(),
            Self::Rows(Backend::Postgres, _) => "COPY".to_owned(),
            Self::Rows(Backend::Sqlite, _) => "inserts".to_owned(),
            Self::Post(..) => "Bank::post".to_owned(),
            Self::Batch(..) => "Bank::post_batch".to_owned(),
            Self::Lines(..) => "the library".to_owned(),
            Self::Growth(_, accounts) => format!("{accounts} accounts"),
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
