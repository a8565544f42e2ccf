//! What can go wrong between a program and its database.

use std::path::PathBuf;
use std::time::Duration;

use bank_domain::{AccountName, TransferId};
use thiserror::Error;

use crate::database_url::UrlError;
use crate::migrate::SchemaState;

/// An operation that did not come about. What a rule refused is no error but an
/// [`Outcome`](bank_domain::Outcome).
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BankError {
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
    /// No connection of the pool became free in time.
    #[error("no connection became free within {:.1} s: {reason}", waited.as_secs_f32())]
    PoolTimeout {
        /// How long the operation waited.
        waited: Duration,
        /// What the pool said, with the last reason why a connection could not be made.
        reason: String,
    },
    /// The database did not answer in time; the connection was given up.
    #[error("the database did not answer within {:.1} s", waited.as_secs_f32())]
    NoAnswer {
        /// How long the operation waited.
        waited: Duration,
    },
    /// The transaction was rolled back because nobody waited for it any longer.
    #[error("the transaction was rolled back because nobody waited for it any longer")]
    GivenUp,
    /// The operating system gave no thread.
    #[error("cannot start a thread: {reason}")]
    Thread {
        /// What the operating system said.
        reason: String,
    },
    /// Another transaction posted a transfer of the same id, or touched the same account, at the same moment.
    #[error("another transaction posted the same transfer or touched the same account at the same moment")]
    ConcurrentPosting,
    /// The tables are missing, older or newer than this program.
    #[error("{state}")]
    SchemaOutOfDate {
        /// What was found.
        state: SchemaState,
    },
    /// An account of this name exists.
    #[error("an account named {name} exists already")]
    AccountExists {
        /// The name.
        name: AccountName,
    },
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
        source: Box<BankError>,
    },
    /// The answer to a COMMIT was lost and no further attempt has told what became of it. Submitting the same
    /// transfers again, with the same ids, is safe and tells.
    #[error("the outcome is unknown: {operation} may or may not have been committed")]
    OutcomeUnknown {
        /// What was tried.
        operation: &'static str,
        /// The ids of the transfers in question; empty if the transaction was the caller's own.
        ids: Vec<TransferId>,
        /// Why the last attempt failed.
        #[source]
        source: Box<BankError>,
    },
    /// A stored row breaks the domain's rules: somebody else has written to the tables.
    #[error("row {id} of table {table} is corrupt: {reason}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row's primary key.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A check after a write failed; the transaction was rolled back.
    #[error("an invariant does not hold: {detail}")]
    InvariantViolation {
        /// What was expected and what was found.
        detail: String,
    },
    /// A migration failed.
    #[error("migrating the database failed: {reason}")]
    Migration {
        /// What the migration or the database said.
        reason: String,
    },
    /// The database refused a statement.
    #[error("the database refused a statement")]
    Database(#[from] diesel::result::Error),
}
