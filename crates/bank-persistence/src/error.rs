//! What can go wrong between a program and its bank.

use std::time::Duration;

use bank_db::retry::is_data_error;
use bank_db::{DbError, Retryable, TransactionError, Transient};
use bank_domain::{AccountName, CurrencyCode, TransferId};
use thiserror::Error;

use crate::journal_key::JournalKey;

/// A failed operation. A rejected transfer is an [`Outcome`](bank_domain::Outcome), not an error.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BankError {
    /// The database could not be reached, or did not do what it was asked.
    #[error(transparent)]
    Database(#[from] DbError),
    /// Another transaction posted a transfer of the same id, or touched the same account, at the same moment.
    #[error("another transaction posted the same transfer or touched the same account at the same moment")]
    ConcurrentPosting,
    /// An earlier statement of the same submission got no answer and might still arrive and post.
    #[error("an earlier statement with the same transfer may still be in flight")]
    StatementInFlight {
        /// After this time it no longer has an effect.
        wait: Duration,
    },
    /// An account of this name exists.
    #[error("an account named {name} exists already")]
    AccountExists {
        /// The name.
        name: AccountName,
    },
    /// The journal lacks a unique key, without which a transfer could be posted twice. Nothing was posted.
    #[error("the journal has no unique key on exactly {key}: a transfer could be posted twice")]
    JournalKeyMissing {
        /// The key.
        key: JournalKey,
    },
    /// The ledger does not have the currency, and ISO 4217 does not list it with its decimals.
    #[error("there is no currency {code}")]
    CurrencyUnknown {
        /// The code.
        code: CurrencyCode,
    },
    /// The server hands out an id that another account has: its sequence is behind, as after a restore of the rows alone.
    #[error("the id for the new account is taken: the sequence of accounts.id is behind")]
    AccountIdTaken,
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
        source: Box<Self>,
    },
    /// The answer to a COMMIT was lost and no later attempt has shown what became of it. Submitting the same transfers
    /// again, with the same ids, is safe and shows it.
    #[error("the outcome is unknown: {operation} may or may not have been committed")]
    OutcomeUnknown {
        /// What was tried.
        operation: &'static str,
        /// The ids of the transfers in question; empty if the transaction was the caller's own.
        ids: Vec<TransferId>,
        /// Why the last attempt failed.
        #[source]
        source: Box<Self>,
    },
    /// A stored row breaks the domain's rules: another program has written to the tables.
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
}

impl BankError {
    /// Returns what the database said if it refused the data of a statement: a value that does not fit into its column or
    /// into the database's encoding. The same data will always be refused. Nothing was changed. What it refuses only at
    /// COMMIT, by a constraint trigger of another program, is not data of one statement.
    #[must_use]
    pub fn refused_data(&self) -> Option<String> {
        match self {
            Self::Database(DbError::Statement(error)) if is_data_error(error) => Some(error.to_string()),
            _ => None,
        }
    }
}

impl From<diesel::result::Error> for BankError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

impl Retryable for BankError {
    fn transient(&self) -> Option<Transient> {
        match self {
            Self::Database(error) => error.transient(),
            Self::ConcurrentPosting | Self::StatementInFlight { .. } => Some(Transient::Serialization),
            _ => None,
        }
    }

    fn retry_after(&self) -> Duration {
        match self {
            Self::StatementInFlight { wait } => *wait,
            _ => Duration::ZERO,
        }
    }
}

impl<E: std::error::Error + Into<Self> + 'static> From<TransactionError<E>> for BankError {
    fn from(error: TransactionError<E>) -> Self {
        let boxed = |source: Box<E>| Box::new((*source).into());
        match error {
            TransactionError::Failed(error) => error.into(),
            TransactionError::RetriesExhausted { operation, attempts, elapsed, source } => {
                Self::RetriesExhausted { operation, attempts, elapsed, source: boxed(source) }
            }
            TransactionError::OutcomeUnknown { operation, source } => {
                Self::OutcomeUnknown { operation, ids: Vec::new(), source: boxed(source) }
            }
        }
    }
}
