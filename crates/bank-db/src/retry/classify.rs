//! Which failures may pass: the only place that looks at an error's text.

use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use super::translations;
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
    /// COMMIT was answered with an error that does not tell whether it took effect.
    CommitUnknown,
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
            Self::PoolTimeout { .. } | Self::NoAnswer { .. } => Some(Transient::ConnectionLost),
            Self::Unavailable { reason, .. } => may_come_back(reason).then_some(Transient::ConnectionLost),
            Self::Statement(error) => classify(error),
            // Only sending it again shows what became of a COMMIT that may have taken effect.
            Self::Commit(error) => {
                classify(error).or_else(|| (!is_not_committed(error)).then_some(Transient::CommitUnknown))
            }
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

/// Returns whether a COMMIT that failed this way has certainly not taken effect. The list is closed (SQLSTATE 40001, 40P01,
/// class 23, 25P02; on SQLite a busy file and a full disk): an error that nobody has thought of must not count as a failure,
/// because the caller would pay again under another id.
#[must_use]
pub fn is_not_committed(error: &DieselError) -> bool {
    const TEXTS: [&str; 4] =
        ["deadlock detected", "current transaction is aborted", "database is locked", "database or disk is full"];
    match error {
        DieselError::DatabaseError(kind, information) => match kind {
            DatabaseErrorKind::SerializationFailure
            | DatabaseErrorKind::UniqueViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::RestrictViolation
            | DatabaseErrorKind::NotNullViolation
            | DatabaseErrorKind::CheckViolation
            | DatabaseErrorKind::ExclusionViolation => true,
            DatabaseErrorKind::Unknown => {
                let message = information.message();
                TEXTS.iter().any(|text| message.contains(text))
                    || translations::DEADLOCK.contains(&message)
                    || translations::ABORTED.contains(&message)
            }
            _ => false,
        },
        _ => false,
    }
}

/// Returns whether a statement that is a transaction by itself, and that failed this way, may have taken effect: the answer
/// was lost, or SQLite could not make sure that its writes are on the disk. An answered error comes from the statement and
/// not from its commit, which has none on a server that is not distributed.
#[must_use]
pub fn may_be_committed(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(_, information) => {
            classify(error) == Some(Transient::ConnectionLost) || information.message().contains("disk I/O error")
        }
        _ => true,
    }
}

/// Returns whether the database refused the data of a statement (SQLSTATE class 22, 23502 and 23514): the same data will
/// always be refused, and a statement without them may succeed.
#[must_use]
pub fn is_data_error(error: &DieselError) -> bool {
    const TEXTS: [&str; 6] = [
        "value too long for type",
        "has no equivalent in encoding",
        "invalid byte sequence for encoding",
        "out of range",
        "invalid input syntax for",
        "string or blob too big",
    ];
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::NotNullViolation | DatabaseErrorKind::CheckViolation, _) => true,
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, information) => {
            TEXTS.iter().any(|text| information.message().contains(text))
        }
        _ => false,
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
    if let Some((_, transient)) = TEXTS.iter().find(|(text, _)| message.contains(text)) {
        Some(*transient)
    } else if translations::DEADLOCK.contains(&message) {
        Some(Transient::Deadlock)
    } else if translations::LOCK_TIMEOUT.contains(&message) {
        Some(Transient::LockTimeout)
    } else {
        None
    }
}

/// Returns whether a connection that could not be made for this reason may be made later: the server is down, starts, fails
/// over, or has no room. What the server says of itself in another language is not recognised, so that a wrong password is
/// answered immediately in every language; what libpq says is always English.
fn may_come_back(reason: &str) -> bool {
    const FOR_GOOD: [&str; 6] =
        ["password", "authentication", "does not exist", "certificate", "pg_hba.conf", "startup parameter"];
    const FOR_NOW: [&str; 19] = [
        "connection refused",
        "timeout expired",
        "timed out",
        "no such file or directory",
        "no route to host",
        "network is unreachable",
        "connection reset",
        "server closed the connection",
        "could not receive data",
        "could not send data",
        "terminating connection",
        "the database system is",
        "session is read-only",
        "session is not read-only",
        "hot standby mode",
        "too many connections",
        "too many clients",
        "connection slots are reserved",
        "another connection was lost",
    ];
    let reason = reason.to_ascii_lowercase();
    let has = |texts: &[&str]| texts.iter().any(|text| reason.contains(text));
    has(&FOR_NOW) && !has(&FOR_GOOD)
}

/// What stands in the way of a connection or a statement, as far as it can be told: for advice, never for a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Obstacle {
    /// The file is not a database.
    NotADatabase,
    /// The file is a damaged database.
    Malformed,
    /// libpq does not know an option of the URL.
    UnknownOption,
    /// The file cannot be opened.
    CannotOpen,
    /// TLS failed.
    Certificate,
    /// The server does not accept the user or the password.
    Credentials,
    /// The host's name is unknown.
    UnknownHost,
    /// The server has no database of this name.
    MissingDatabase,
    /// The server does not answer.
    Unreachable,
    /// The user may not do this.
    Permission,
    /// The disk is full or broken.
    Disk,
    /// Nothing can be written.
    ReadOnly,
    /// A policy of row-level security would hide rows.
    RowSecurity,
    /// A statement ran longer than it may.
    StatementTimeout,
    /// The server accepts no further connection now.
    TooManyConnections,
    /// The session is handed to others between transactions, and a prepared statement is in another one.
    SharedSession,
    /// A pooler refuses a parameter of the session, such as the search path.
    StartupParameter,
    /// Something else.
    Other,
}

impl DbError {
    /// Returns what stands in the way.
    #[must_use]
    pub fn obstacle(&self) -> Obstacle {
        match self {
            Self::Unavailable { reason, .. } => first_match(&CONNECTION_TEXTS, &reason.to_ascii_lowercase()),
            Self::Statement(error) | Self::Commit(error) => match error {
                DieselError::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _) => Obstacle::ReadOnly,
                _ => first_match(&STATEMENT_TEXTS, &error.to_string()),
            },
            _ => Obstacle::Other,
        }
    }
}

fn first_match(texts: &[(&str, Obstacle)], message: &str) -> Obstacle {
    texts.iter().find(|(text, _)| message.contains(text)).map_or(Obstacle::Other, |(_, obstacle)| *obstacle)
}

/// The texts of libpq and SQLite about connections, in lower case. The first that fits counts.
const CONNECTION_TEXTS: [(&str, Obstacle); 30] = [
    ("unsupported startup parameter", Obstacle::StartupParameter),
    ("too many connections", Obstacle::TooManyConnections),
    ("too many clients", Obstacle::TooManyConnections),
    ("connection slots are reserved", Obstacle::TooManyConnections),
    ("not a database", Obstacle::NotADatabase),
    ("disk image is malformed", Obstacle::Malformed),
    ("malformed database schema", Obstacle::Malformed),
    ("invalid uri query parameter", Obstacle::UnknownOption),
    ("unable to open", Obstacle::CannotOpen),
    ("disk i/o error", Obstacle::Disk),
    ("certificate", Obstacle::Certificate),
    ("ssl", Obstacle::Certificate),
    ("tls", Obstacle::Certificate),
    ("password", Obstacle::Credentials),
    ("authentication", Obstacle::Credentials),
    ("role", Obstacle::Credentials),
    ("no pg_hba.conf entry", Obstacle::Credentials),
    ("translate host name", Obstacle::UnknownHost),
    ("resolve", Obstacle::UnknownHost),
    ("database \"", Obstacle::MissingDatabase),
    ("refused", Obstacle::Unreachable),
    ("timeout", Obstacle::Unreachable),
    ("timed out", Obstacle::Unreachable),
    ("no route", Obstacle::Unreachable),
    ("unreachable", Obstacle::Unreachable),
    ("could not connect", Obstacle::Unreachable),
    ("connection to server", Obstacle::Unreachable),
    ("permission", Obstacle::Permission),
    ("readonly", Obstacle::Permission),
    ("read-only", Obstacle::Permission),
];

/// The texts of servers and SQLite about statements.
const STATEMENT_TEXTS: [(&str, Obstacle); 12] = [
    ("prepared statement \"", Obstacle::SharedSession),
    ("file is not a database", Obstacle::NotADatabase),
    ("disk image is malformed", Obstacle::Malformed),
    ("malformed database schema", Obstacle::Malformed),
    ("row-level security policy", Obstacle::RowSecurity),
    ("canceling statement due to statement timeout", Obstacle::StatementTimeout),
    ("disk is full", Obstacle::Disk),
    ("disk I/O error", Obstacle::Disk),
    ("No space left", Obstacle::Disk),
    ("readonly database", Obstacle::ReadOnly),
    ("read-only transaction", Obstacle::ReadOnly),
    ("permission denied", Obstacle::Permission),
];
