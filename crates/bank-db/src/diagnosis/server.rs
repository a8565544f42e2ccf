//! Facts about a server that speaks PostgreSQL's protocol.

use std::convert::Infallible;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};

use super::fact::{Fact, TextRow, Unknown, number, text};
use crate::connection::{DbConnection, FirstFile, IfMissing, establish};
use crate::deadline::CommitGate;
use crate::engine::Engine;
use crate::error::DbError;
use crate::settings::Settings;
use crate::transaction::{self, Decision};
use crate::url::DatabaseUrl;

/// Declares facts that are unknown until they are asked for.
macro_rules! facts {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: Fact<$type>,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: Err(Unknown::not_asked()),)* }
            }
        }
    };
}

facts! {
    /// What is known about a server.
    ServerFacts {
        /// Which software it is.
        engine: Engine,
        /// The version of the extension Citus, if it is installed in this database.
        citus: Option<String>,
        /// The name of the database.
        database: String,
        /// The name of the user.
        user: String,
        /// How the session is encrypted, as the server sees it: the last leg, where something stands in between.
        encryption: Encryption,
        /// Whether the server is a replica, on which nothing can be written.
        in_recovery: bool,
        /// Whether a transaction of this session may write unless it says otherwise.
        read_only_by_default: bool,
        /// What a transaction that writes is like, once it has begun as those of this program do.
        write_session: WriteSession,
        /// The server's clock against ours.
        clock: Clock,
        /// The largest number of sessions, those that are kept for superusers taken off.
        sessions_max: u64,
        /// The number of sessions of clients now, this one included.
        sessions: u64,
        /// `lc_messages`: the language of the server's messages.
        language: String,
        /// `fsync`
        fsync: String,
        /// `synchronous_commit`
        synchronous_commit: String,
        /// `full_page_writes`
        full_page_writes: String,
        /// `synchronous_standby_names`
        synchronous_standby_names: String,
        /// The standbys that follow now.
        standbys: Vec<Standby>,
        /// Whether two connections that are open together have the same session, or one connection changes its session: then
        /// a pooler hands sessions out for a transaction each.
        shares_sessions: bool,
        /// The port on which the server was reached, `None` if over a Unix socket: not that of the URL if something stands
        /// in between.
        server_port: Option<i64>,
    }
}

/// How a session is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// Not at all.
    None,
    /// With TLS of this version and cipher.
    Tls {
        /// Such as `TLSv1.3`.
        version: String,
        /// Such as `TLS_AES_256_GCM_SHA384`.
        cipher: String,
    },
}

/// What a transaction that writes is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteSession {
    /// Its isolation level in the server's words, such as `read committed`.
    pub isolation: String,
    /// `statement_timeout` in the server's words, such as `10s`.
    pub statement_timeout: Fact<String>,
    /// `lock_timeout` in the server's words.
    pub lock_timeout: Fact<String>,
    /// `idle_in_transaction_session_timeout` in the server's words.
    pub idle_in_transaction_timeout: Fact<String>,
}

/// The server's clock against ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Microseconds that the server is ahead; negative if it is behind.
    pub offset_microseconds: i64,
    /// The offset may be wrong by this much: half the time that the question took.
    pub uncertainty: Duration,
}

/// A standby that follows the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standby {
    /// The name under which it follows.
    pub name: String,
    /// Such as `streaming`; not every user may see it.
    pub state: Option<String>,
    /// Such as `sync`, `quorum` or `async`; not every user may see it.
    pub sync_state: Option<String>,
}

/// Notes a fact.
type Note<'a> = &'a dyn Fn(&mut dyn FnMut(&mut ServerFacts));

macro_rules! ask {
    ($note:ident: $($fact:ident = $answer:expr;)*) => {
        $({
            let mut answer = Some($answer);
            $note(&mut |facts| if let Some(answer) = answer.take() { facts.$fact = answer });
        })*
    };
}

/// Asks which server it is.
pub(super) fn ask_who(connection: &mut DbConnection, note: Note<'_>) {
    ask! { note:
        engine = text(connection, "SELECT version()::text AS value").map(|text| Engine::from_version_text(&text));
        citus = citus(connection);
        database = text(connection, "SELECT current_database()::text AS value");
        user = text(connection, "SELECT current_user::text AS value");
        encryption = encryption(connection);
        in_recovery = is_true(connection, "SELECT pg_is_in_recovery() AS value");
        read_only_by_default = setting(connection, "transaction_read_only").map(|value| value == "on");
    }
}

/// Asks how the server works.
pub(super) fn ask_how(connection: &mut DbConnection, url: &DatabaseUrl, settings: &Settings, note: Note<'_>) {
    ask! { note:
        write_session = write_session(connection, settings);
        clock = clock(connection);
        sessions_max = sessions_max(connection);
        sessions = sessions(connection);
        language = setting(connection, "lc_messages");
        fsync = setting(connection, "fsync");
        synchronous_commit = setting(connection, "synchronous_commit");
        full_page_writes = setting(connection, "full_page_writes");
        synchronous_standby_names = setting(connection, "synchronous_standby_names");
        standbys = standbys(connection);
        server_port = number(connection, "SELECT inet_server_port()::bigint AS value");
        shares_sessions = shares_sessions(connection, url, settings);
    }
}

fn setting(connection: &mut DbConnection, name: &str) -> Fact<String> {
    text(connection, &format!("SELECT current_setting('{name}')::text AS value"))
}

#[derive(QueryableByName)]
struct FlagRow {
    #[diesel(sql_type = Bool)]
    value: bool,
}

fn is_true(connection: &mut DbConnection, sql: &str) -> Fact<bool> {
    let row: FlagRow = diesel::sql_query(sql).get_result(connection)?;
    Ok(row.value)
}

fn citus(connection: &mut DbConnection) -> Fact<Option<String>> {
    let sql = "SELECT max(extversion)::text AS value FROM pg_extension WHERE extname = 'citus'";
    let row: TextRow = diesel::sql_query(sql).get_result(connection)?;
    Ok(row.value)
}

fn encryption(connection: &mut DbConnection) -> Fact<Encryption> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        ssl: bool,
        #[diesel(sql_type = Nullable<Text>)]
        version: Option<String>,
        #[diesel(sql_type = Nullable<Text>)]
        cipher: Option<String>,
    }
    let sql = "SELECT ssl, version::text AS version, cipher::text AS cipher FROM pg_stat_ssl \
               WHERE pid = pg_backend_pid()";
    let row: Row = diesel::sql_query(sql).get_result(connection)?;
    Ok(match row.ssl {
        true => Encryption::Tls { version: row.version.unwrap_or_default(), cipher: row.cipher.unwrap_or_default() },
        false => Encryption::None,
    })
}

/// Begins a transaction that may write, asks for its settings and rolls it back.
fn write_session(connection: &mut DbConnection, settings: &Settings) -> Fact<WriteSession> {
    // A question that fails ends the transaction, so each has one of its own.
    let mut ask = |name: &str| -> Fact<String> {
        let sql = format!("SELECT current_setting('{name}')::text AS value");
        let ended = transaction::write(&CommitGate::default(), connection, settings, |connection| {
            Ok::<_, DbError>(Decision::<Infallible, _>::RollBack(text(connection, &sql)))
        })?;
        match ended {
            Decision::RollBack(answer) => answer,
            Decision::Commit(never) => match never {},
        }
    };
    Ok(WriteSession {
        isolation: ask("transaction_isolation")?,
        statement_timeout: ask("statement_timeout"),
        lock_timeout: ask("lock_timeout"),
        idle_in_transaction_timeout: ask("idle_in_transaction_session_timeout"),
    })
}

/// Asks several times and believes the answer that came fastest.
fn clock(connection: &mut DbConnection) -> Fact<Clock> {
    const QUESTIONS: usize = 5;
    let ours = || -> Fact<i64> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_err(|_| Unknown::because("our clock is before 1970"))?;
        i64::try_from(now.as_micros()).map_err(|_| Unknown::because("our clock is beyond all years"))
    };
    let mut best: Option<Clock> = None;
    for _ in 0..QUESTIONS {
        let before = ours()?;
        let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS value";
        let theirs = number(connection, sql)?.ok_or_else(|| Unknown::because("the server answers NULL"))?;
        // Our clock may be set back meanwhile.
        let half = ours()?.saturating_sub(before).max(0) / 2;
        let uncertainty = Duration::from_micros(half.unsigned_abs());
        let offset_microseconds = theirs.saturating_sub(before.saturating_add(half));
        if best.is_none_or(|best| uncertainty < best.uncertainty) {
            best = Some(Clock { offset_microseconds, uncertainty });
        }
    }
    best.ok_or_else(Unknown::not_asked)
}

fn sessions_max(connection: &mut DbConnection) -> Fact<u64> {
    let limit = |connection: &mut DbConnection, name: &str| {
        let value = setting(connection, name)?;
        value.parse::<u64>().map_err(|_| Unknown::because(format!("{name} is {value:?}")))
    };
    let all = limit(connection, "max_connections")?;
    // Where nothing is kept back the setting is missing.
    let kept = limit(connection, "superuser_reserved_connections").unwrap_or(0);
    Ok(all.saturating_sub(kept))
}

fn sessions(connection: &mut DbConnection) -> Fact<u64> {
    let sql = "SELECT count(*)::bigint AS value FROM pg_stat_activity WHERE backend_type = 'client backend'";
    let count = number(connection, sql)?.unwrap_or_default();
    Ok(count.unsigned_abs())
}

fn standbys(connection: &mut DbConnection) -> Fact<Vec<Standby>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Nullable<Text>)]
        name: Option<String>,
        #[diesel(sql_type = Nullable<Text>)]
        state: Option<String>,
        #[diesel(sql_type = Nullable<Text>)]
        sync_state: Option<String>,
    }
    let sql = "SELECT application_name::text AS name, state::text AS state, sync_state::text AS sync_state \
               FROM pg_stat_replication ORDER BY application_name, pid";
    let rows: Vec<Row> = diesel::sql_query(sql).load(connection)?;
    let standby =
        |row: Row| Standby { name: row.name.unwrap_or_default(), state: row.state, sync_state: row.sync_state };
    Ok(rows.into_iter().map(standby).collect())
}

/// Opens a second connection beside the first and compares their sessions.
fn shares_sessions(connection: &mut DbConnection, url: &DatabaseUrl, settings: &Settings) -> Fact<bool> {
    let session = |connection: &mut DbConnection| {
        number(connection, "SELECT pg_backend_pid()::bigint AS value")?.ok_or_else(Unknown::not_asked)
    };
    let first = session(connection)?;
    let mut beside = establish(url, settings, IfMissing::Refuse, &FirstFile::new())?.connection;
    let second = session(&mut beside)?;
    let again = session(connection)?;
    Ok(first == second || again != first)
}
