//! What keeps a workload from running.

use std::io;
use std::sync::Arc;

use bank_domain::InvalidInput;
use bank_persistence::BankError;
use thiserror::Error;

use crate::site::Site;

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
    /// No accounts of a workload were found.
    #[error("there is no workload in {site}")]
    NotInitialised {
        /// Where they were looked for.
        site: Box<Site>,
    },
    /// A workload's own tables hold accounts that are not the workload's.
    #[error("{site} holds {accounts} accounts that are not the workload's")]
    ForeignAccounts {
        /// Where they are.
        site: Box<Site>,
        /// Their number.
        accounts: u64,
    },
    /// The database is in memory, where it ends with its last connection.
    #[error("an in-memory database is gone when `workload init` ends")]
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
