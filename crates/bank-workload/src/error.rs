//! What keeps a workload from running.

use std::io;
use std::sync::Arc;

use bank_domain::InvalidInput;
use bank_persistence::BankError;
use thiserror::Error;

use crate::plan::CLIENTS_MAX;

/// A workload that could not run, or a run that ended early.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WorkloadError {
    /// The bank failed.
    #[error(transparent)]
    Bank(Arc<BankError>),
    /// A value of the accounts to open breaks the domain's rules.
    #[error(transparent)]
    InvalidAccount(#[from] InvalidInput),
    /// The plan has too few or too many clients.
    #[error("a workload has 1 to {CLIENTS_MAX} clients, not {clients}")]
    ClientCount {
        /// The clients in the plan.
        clients: u16,
    },
    /// The site has no accounts of a workload.
    #[error("there is no workload in {site}")]
    NotInitialised {
        /// The site, in words.
        site: String,
        /// Whether the site is the database's own tables.
        is_inside: bool,
    },
    /// A workload's own tables hold accounts that are not the workload's.
    #[error("{site} holds {accounts} accounts that are not the workload's")]
    ForeignAccounts {
        /// The site, in words.
        site: String,
        /// The number of these accounts.
        accounts: u64,
    },
    /// The SQLite file is another program's.
    #[error("{site} is the file of another program, with the tables {tables}; it was not changed")]
    ForeignFile {
        /// The site, in words.
        site: String,
        /// The names of its tables.
        tables: String,
    },
    /// A database in memory ends with its last connection.
    #[error("an in-memory database cannot hold a workload: it is gone when its last connection closes")]
    InMemory,
    /// The workload's schema could not be created.
    #[error("cannot create the schema {schema}")]
    Schema {
        /// The schema.
        schema: &'static str,
        /// What the database said.
        source: Box<BankError>,
    },
    /// The operating system gave no thread.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
    /// A thread panicked.
    #[error("a thread of the workload panicked")]
    Panicked,
    /// No histogram could be created.
    #[error("cannot create a histogram")]
    Histogram(#[from] hdrhistogram::CreationError),
    /// The report could not be rendered.
    #[cfg(feature = "report")]
    #[error("cannot render the report")]
    Report(#[from] minijinja::Error),
}

impl From<BankError> for WorkloadError {
    fn from(error: BankError) -> Self {
        Self::Bank(Arc::new(error))
    }
}
