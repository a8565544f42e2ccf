//! Why the benchmark ends early.

use bank_persistence::{QueueError, UrlError};
use bank_workload::WorkloadError;
use thiserror::Error;

/// A reason for which the benchmark ends early.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// A run has broken the ledger.
    #[error("an invariant does not hold after the run: {0}")]
    Broken(String),
    #[error("bank failed")]
    Bank(#[from] bank_persistence::BankError),
    #[error("the queue failed")]
    Queue(#[from] QueueError),
    #[error("the database failed")]
    Database(#[from] diesel::result::Error),
    #[error("the database failed: {0}")]
    Statement(String),
    #[error("cannot connect to the database")]
    Connection(#[from] diesel::ConnectionError),
    #[error("SQLite failed")]
    Sqlite(#[from] rusqlite::Error),
    #[error("a URL of the benchmark's own is invalid")]
    Url(#[from] UrlError),
    #[error("the workload failed")]
    Workload(#[from] WorkloadError),
    #[error("cannot write the file of lines")]
    Csv(#[from] csv::Error),
    #[error("{what}")]
    Io {
        what: String,
        #[source]
        source: std::io::Error,
    },
    /// Another program failed, its output cannot be parsed, or the benchmark itself has a bug.
    #[error("{0}")]
    Program(String),
    #[error("cannot listen for Ctrl-C")]
    Interrupt(#[from] ctrlc::Error),
    #[error("a thread of the benchmark panicked")]
    Panicked,
    #[error("{contestant}")]
    During {
        contestant: String,
        #[source]
        source: Box<Failure>,
    },
}

/// Takes the message of a database on a plain connection.
impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Statement(message)
    }
}

impl Failure {
    /// Returns a function that adds to an I/O error what could not be done.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// Returns the code that the process ends with: 8 for a broken invariant, as for `bank-cli verify`.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Broken(_) => 8,
            _ => 1,
        }
    }
}
