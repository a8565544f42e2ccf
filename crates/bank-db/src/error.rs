//! What can go wrong between a program and its database.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use crate::schema_state::SchemaState;
use crate::url::UrlError;

/// A database that could not be reached, or did not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DbError {
    /// The database URL cannot be used.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// No connection could be made: no answer, refused, wrong password, certificate not trusted.
    #[error("cannot connect to {target}: {reason}")]
    Unavailable {
        /// The database's URL, its password masked.
        target: String,
        /// What the client library said, its secrets masked.
        reason: String,
    },
    /// There is no SQLite file at this path.
    #[error("there is no database file {}", path.display())]
    FileMissing {
        /// The path in the URL.
        path: PathBuf,
    },
    /// More than one name leads to the SQLite file, and each would have a log of its own.
    #[error("the database file {} has {names} names (hard links), and each name would get a log of its own", path.display())]
    FileHasOtherNames {
        /// The path in the URL.
        path: PathBuf,
        /// How many names.
        names: u64,
    },
    /// The SQLite file is mounted by itself, without the directory in which its log is.
    #[error("the database file {} is mounted by itself, so its log would stay in another directory", path.display())]
    FileMounted {
        /// The path in the URL.
        path: PathBuf,
    },
    /// There is a log of SQLite, but no database with content to which it belongs; opening it would destroy the log.
    #[error("there is a log {}, but the database file {} is missing or empty", log.display(), path.display())]
    LogWithoutDatabase {
        /// The path in the URL.
        path: PathBuf,
        /// The log.
        log: PathBuf,
    },
    /// The log of SQLite belongs to a file that was there before, and opening the file would write the pages of that one
    /// into it.
    #[error("the log {} does not belong to the database file {}, which came later or from elsewhere", log.display(), path.display())]
    LogOfAnotherFile {
        /// The path in the URL.
        path: PathBuf,
        /// The log.
        log: PathBuf,
    },
    /// The SQLite file is in a directory that cannot be written, and reading it would have to write to files beside it.
    #[error("cannot read {} where it is: its directory cannot be written, and reading needs the files -wal and -shm beside it", path.display())]
    FileInReadOnlyPlace {
        /// The path in the URL.
        path: PathBuf,
    },
    /// The SQLite file system has too little room for an upgrade, which makes tables again.
    #[error(
        "the upgrade of {} may need {} MB, and {} MB are free on its file system",
        path.display(), mega(*needed), free.div_euclid(MEGA)
    )]
    NoRoom {
        /// The path in the URL.
        path: PathBuf,
        /// How many bytes may be needed.
        needed: u64,
        /// How many bytes are free.
        free: u64,
    },
    /// The path leads to another SQLite file than the one that is open, or to none.
    #[error("the database file {} or its log was removed, moved or replaced while it was in use", path.display())]
    FileReplaced {
        /// The path in the URL, absolute.
        path: PathBuf,
    },
    /// No connection of the pool became free in time.
    #[error("no connection became free within {:.1} s: {reason}", waited.as_secs_f32())]
    PoolTimeout {
        /// How long the operation waited.
        waited: Duration,
        /// What the pool said, with the last reason why a connection could not be made.
        reason: String,
    },
    /// The session is in another schema than the URL's search path asks for.
    #[error("the session is in the schema {found}, although the URL asks for {expected}")]
    WrongSchema {
        /// The schemas that the URL names.
        expected: String,
        /// Where the session is.
        found: String,
    },
    /// The database did not answer in time; the connection was given up.
    #[error("the database did not answer within {:.1} s", waited.as_secs_f32())]
    NoAnswer {
        /// How long the operation waited.
        waited: Duration,
    },
    /// The transaction was rolled back because its caller no longer waited for it.
    #[error("the transaction was rolled back because nobody waited for it any longer")]
    GivenUp,
    /// The operating system gave no thread.
    #[error("cannot start a thread: {reason}")]
    Thread {
        /// What the operating system said.
        reason: String,
    },
    /// The tables are missing, older or newer than this program.
    #[error("{state}")]
    SchemaOutOfDate {
        /// What was found.
        state: SchemaState,
    },
    /// A migration failed.
    #[error("migrating the database failed: {reason}")]
    Migration {
        /// What the migration or the database said.
        reason: String,
    },
    /// The database rejected a statement.
    #[error("the database refused a statement")]
    Statement(#[from] diesel::result::Error),
    /// The database rejected the COMMIT of statements that it had accepted.
    #[error("the database refused to commit")]
    Commit(#[source] diesel::result::Error),
}

const MEGA: u64 = 1_000_000;

/// Rounds up.
const fn mega(bytes: u64) -> u64 {
    bytes.div_ceil(MEGA)
}

impl DbError {
    /// Returns whether the database was reached and refused a statement or a COMMIT.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Statement(_) | Self::Commit(_))
    }
}

/// A failed attempt at a transaction.
#[derive(Debug)]
pub struct AttemptError<E> {
    /// Why it failed.
    pub error: E,
    /// Whether the transaction may have been committed all the same, because the answer to COMMIT was lost.
    pub commit_unknown: bool,
}

impl<E> From<E> for AttemptError<E> {
    fn from(error: E) -> Self {
        Self { error, commit_unknown: false }
    }
}

/// A transaction that failed after all its attempts. `E` is the error of the caller's own work in it.
#[derive(Debug, Error)]
pub enum TransactionError<E: std::error::Error + 'static> {
    /// The attempt failed for a reason that will not pass. Nothing was changed.
    #[error(transparent)]
    Failed(E),
    /// The transaction failed again and again for reasons that could have passed. Nothing was changed.
    #[error("{operation} failed {attempts} times in {:.1} s", elapsed.as_secs_f32())]
    RetriesExhausted {
        /// What was tried.
        operation: &'static str,
        /// How many times.
        attempts: u32,
        /// For how long.
        elapsed: Duration,
        /// Why the last attempt failed.
        #[source]
        source: Box<E>,
    },
    /// The answer to a COMMIT was lost and no later attempt has shown what became of it. Running the operation again is
    /// safe if it changes nothing the second time, and shows it.
    #[error("the outcome is unknown: {operation} may or may not have been committed")]
    OutcomeUnknown {
        /// What was tried.
        operation: &'static str,
        /// Why the last attempt failed.
        #[source]
        source: Box<E>,
    },
}

/// Shows an error and its causes in one line: no error repeats its cause in its own text.
#[derive(Clone, Copy, Debug)]
pub struct WithCauses<'a>(pub &'a dyn std::error::Error);

impl fmt::Display for WithCauses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
