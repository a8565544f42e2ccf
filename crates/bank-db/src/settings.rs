//! How connections, transactions and retries behave.

use std::time::Duration;

use crate::retry::{RetryObserver, RetryPolicy};

/// The longest limit that both backends take, 24 days: both count milliseconds in 32 bits.
const LONGEST: Duration = Duration::from_millis(0x7fff_ffff);

/// Settings of a [`Database`](crate::Database) and its connections.
///
/// The timeouts hold within the transactions that write. A duration of zero means no limit. The limits of servers and of
/// SQLite are rounded up to whole milliseconds, and are 24 days at most.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The largest number of open connections. A database in memory always has one.
    pub pool_size: u32,
    /// How long to wait for a free connection, and for a new one to be made unless the URL says otherwise.
    pub connection_timeout: Duration,
    /// How long a transaction that writes, or a single statement that reads, may take in all before its connection is
    /// given up and it is tried again. It bounds what no server setting bounds: a server that is stopped, a COMMIT that
    /// waits for a dead standby. Snapshots (lists, histories, the audit) may take as long as they need. Has no
    /// meaning on SQLite.
    pub answer_timeout: Duration,
    /// How long a statement may run on the server.
    pub statement_timeout: Duration,
    /// How long a statement of a transaction that only reads may run on the server; `None` leaves it to the server, because
    /// nothing says how large a ledger is.
    pub read_timeout: Option<Duration>,
    /// How long a statement may wait for a lock. A wait that ends this way is retried.
    pub lock_timeout: Duration,
    /// How long a transaction may stay idle before the server ends its session.
    pub idle_in_transaction_timeout: Duration,
    /// How long SQLite waits for another writer.
    pub busy_timeout: Duration,
    /// The isolation level of transactions that write, on servers.
    pub isolation: Isolation,
    /// What a connection's session is used for.
    pub session: Session,
    /// The name that the server shows for the session, unless the URL gives one.
    pub application_name: String,
    /// How failed transactions are tried again.
    pub retry: RetryPolicy,
    /// The observer of each attempt that is about to be repeated.
    pub on_retry: Option<RetryObserver>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            pool_size: 10,
            connection_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(10),
            read_timeout: None,
            lock_timeout: Duration::from_secs(5),
            idle_in_transaction_timeout: Duration::from_secs(60),
            busy_timeout: Duration::from_secs(5),
            isolation: Isolation::ReadCommitted,
            session: Session::Dedicated,
            application_name: "bank".to_owned(),
            retry: RetryPolicy::default(),
            on_retry: None,
        }
    }
}

impl Settings {
    /// Returns settings for a process that runs few statements and ends: one connection, and a second one only for the
    /// case that the first stops answering; no prepared statements.
    #[must_use]
    pub fn one_shot() -> Self {
        Self { pool_size: 1, session: Session::OneShot, ..Self::default() }
    }
}

/// What the session of a connection is used for, on servers. SQLite's statements are always prepared once: there, no
/// round trip is saved by not preparing them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Session {
    /// The session belongs to the connection alone, the default: statements are prepared once for it, and the lock timeout
    /// is set for it, so that a single statement can be a transaction by itself.
    Dedicated,
    /// A pooler such as PgBouncer in transaction mode hands the session to others between two transactions: nothing is
    /// prepared and nothing is set outside of a transaction.
    Pooled,
    /// The process runs each statement once and ends: preparing statements and the session would only cost round trips.
    OneShot,
}

impl Session {
    /// Returns whether what is prepared and set in the session is still there for the next transaction, and worth it.
    #[must_use]
    pub const fn is_kept(self) -> bool {
        matches!(self, Self::Dedicated)
    }
}

/// Returns a limit in whole milliseconds. Only no limit becomes zero: a limit below a millisecond must not become endless.
pub(crate) fn milliseconds(limit: Duration) -> u128 {
    limit.min(LONGEST).as_micros().div_ceil(1000)
}

/// Returns the limit, and the longest one for no limit, for interfaces that have no value for "no limit".
pub(crate) fn finite(limit: Duration) -> Duration {
    if limit.is_zero() { LONGEST } else { limit.min(LONGEST) }
}

/// The isolation level of transactions that write.
///
/// Above `READ COMMITTED` the server aborts some transactions that had to wait; they are retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// `READ COMMITTED`, the default: ordered row locks alone, no aborted attempts.
    ReadCommitted,
    /// `REPEATABLE READ`.
    RepeatableRead,
    /// `SERIALIZABLE`.
    Serializable,
}

impl Isolation {
    /// Returns the level as SQL writes it.
    #[must_use]
    pub const fn sql(self) -> &'static str {
        match self {
            Self::ReadCommitted => "READ COMMITTED",
            Self::RepeatableRead => "REPEATABLE READ",
            Self::Serializable => "SERIALIZABLE",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_endless_only_if_it_is_zero() {
        let micros = Duration::from_micros;
        let limits = [0, 1, 500, 1000, 1001, 5_000_000].map(|limit| milliseconds(micros(limit)));
        assert_eq!(limits, [0, 1, 1, 1, 2, 5000]);
        assert_eq!(milliseconds(Duration::MAX), 0x7fff_ffff);
        assert_eq!(finite(Duration::ZERO), LONGEST);
        assert_eq!(finite(Duration::MAX), LONGEST);
        assert_eq!(finite(micros(1)), micros(1));
    }
}
