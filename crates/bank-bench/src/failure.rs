//! Why the benchmark ends early.

use std::error::Error as _;

use bank_domain::InvalidInput;
use bank_persistence::{QueueError, UrlError};
use thiserror::Error;

/// What keeps the benchmark from going on.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// The ledger is not as it must be after a run.
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
    #[error("a value of the benchmark's own is invalid")]
    Value(#[from] InvalidInput),
    #[error("the summary of a workload cannot be read")]
    Summary(#[from] serde_json::Error),
    #[error("cannot write the file of lines")]
    Csv(#[from] csv::Error),
    #[error("{what}")]
    Io {
        what: String,
        #[source]
        source: std::io::Error,
    },
    /// Another program ended badly or said something that is not understood.
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

/// What a database says through a plain connection.
impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Statement(message)
    }
}

impl Failure {
    /// Returns what makes a failure of an input or output error.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// Returns the code that the process ends with: 8 for a broken invariant, as `bank-cli verify` has it.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Broken(_) => 8,
            _ => 1,
        }
    }

    /// Returns the message with the chain of its causes.
    pub(crate) fn with_causes(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    }
}
