//! Which failures may pass: the only place that looks at an error's text.

use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::error::DbError;

/// The reason why an attempt is worth repeating.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transient {
    /// Another transaction came between (SQLSTATE 40001), or wrote the same row first.
    Serialization,
    /// Two transactions waited for each other (40P01).
    Deadlock,
    /// A lock was not free in time (55P03), or SQLite was busy.
    LockTimeout,
    /// The connection was lost or could not be made.
    ConnectionLost,
}

/// An error that attempts can end with.
pub trait Retryable: std::error::Error + From<DbError> + 'static {
    /// Returns why the failure may pass, or `None` if it will not.
    fn transient(&self) -> Option<Transient>;

    /// Returns how long to wait at least before the next attempt.
    fn retry_after(&self) -> Duration {
        Duration::ZERO
    }
}

impl Retryable for DbError {
    fn transient(&self) -> Option<Transient> {
        match self {
            Self::Unavailable { .. } | Self::PoolTimeout { .. } | Self::NoAnswer { .. } => {
                Some(Transient::ConnectionLost)
            }
            Self::Statement(error) => classify(error),
            _ => None,
        }
    }
}

/// Returns why a statement that failed this way may succeed later, or `None` if it will not.
#[must_use]
pub fn classify(error: &DieselError) -> Option<Transient> {
    match error {
        DieselError::DatabaseError(kind, information) => match kind {
            DatabaseErrorKind::SerializationFailure => Some(Transient::Serialization),
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
                Some(Transient::ConnectionLost)
            }
            _ => classify_message(information.message()),
        },
        DieselError::RollbackErrorOnCommit { commit_error, .. } => classify(commit_error),
        DieselError::BrokenTransactionManager => Some(Transient::ConnectionLost),
        _ => None,
    }
}

/// Returns whether a COMMIT that failed this way may have taken effect: the answer was lost, or SQLite could not make sure
/// that its writes are on the disk.
#[must_use]
pub fn may_be_committed(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(_, information) => {
            classify(error) == Some(Transient::ConnectionLost) || information.message().contains("disk I/O error")
        }
        _ => true,
    }
}

/// Recognises failures by their text, because Diesel 2.3 gives no SQLSTATE for these.
fn classify_message(message: &str) -> Option<Transient> {
    const TEXTS: [(&str, Transient); 17] = [
        ("could not serialize access", Transient::Serialization),
        ("restart transaction", Transient::Serialization),
        ("deadlock detected", Transient::Deadlock),
        ("canceling statement due to lock timeout", Transient::LockTimeout),
        ("could not obtain lock", Transient::LockTimeout),
        ("database is locked", Transient::LockTimeout),
        ("database table is locked", Transient::LockTimeout),
        ("database schema is locked", Transient::LockTimeout),
        ("terminating connection", Transient::ConnectionLost),
        ("server closed the connection", Transient::ConnectionLost),
        ("connection to server", Transient::ConnectionLost),
        ("no connection to the server", Transient::ConnectionLost),
        ("could not receive data from server", Transient::ConnectionLost),
        ("SSL connection has been closed", Transient::ConnectionLost),
        ("SSL SYSCALL error", Transient::ConnectionLost),
        ("the database system is", Transient::ConnectionLost),
        // CockroachDB's answer (40003) to a COMMIT whose outcome it does not know: the same as no answer.
        ("result is ambiguous", Transient::ConnectionLost),
    ];
    let found = TEXTS.iter().find(|(text, _)| message.contains(text));
    found.map(|(_, transient)| *transient)
}
