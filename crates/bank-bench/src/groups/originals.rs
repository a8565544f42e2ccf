//! The ledgers whose copies a group runs on.

use bank_persistence::Backend;

use crate::failure::Failure;
use crate::scale::Scale;
use crate::stage::{Ledger, Stage};

/// A ledger on each backend. Runs change only copies of it.
pub(super) struct Originals<'a> {
    stage: &'a Stage,
    pub(super) postgres: Ledger,
    sqlite: Ledger,
}

impl<'a> Originals<'a> {
    /// Makes both ledgers.
    pub(super) fn load(stage: &'a Stage, name: &str, scale: &Scale) -> Result<Self, Failure> {
        let load = |backend| stage.load(backend, name, scale.accounts, scale.posted_before);
        Ok(Self { stage, postgres: load(Backend::Postgres)?, sqlite: load(Backend::Sqlite)? })
    }

    /// Copies one of the ledgers.
    pub(super) fn copy(&self, backend: Backend) -> Result<Ledger, Failure> {
        self.stage.copy(match backend {
            Backend::Postgres => &self.postgres,
            Backend::Sqlite => &self.sqlite,
        })
    }

    /// Runs on a fresh copy of one of the ledgers, and audits the copy.
    pub(super) fn run<T>(
        &self,
        backend: Backend,
        run: impl FnOnce(&mut Ledger) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut ledger = self.copy(backend)?;
        let result = run(&mut ledger)?;
        ledger.audit()?;
        Ok(result)
    }
}
