//! [`Bank`]: a database of accounts and transfers, with a method for each operation.

mod account_changes;
mod all_or_none;
mod batches;
mod currencies;
mod groups;
mod ledger;
mod posting;
mod setup;
mod snapshot;

pub use all_or_none::AllOrNone;
pub use snapshot::Snapshot;

use std::sync::Arc;

use bank_db::{Database, DatabaseUrl, DbConnection, Decision, Settings};

use crate::error::BankError;
use crate::keys::KeyCheck;
use crate::posting::postgres::fast::FastState;

/// A database of accounts and transfers.
///
/// Cloning is cheap and shares the pool; all methods may be called from many threads concurrently. Most retry what may
/// pass, by the settings' policy, and end with [`BankError::RetriesExhausted`]. Those that hand rows on
/// ([`Bank::snapshot`], [`Bank::list_accounts`]), prepare the database or diagnose it do not, and fail with
/// [`DbError::PoolTimeout`](bank_db::DbError::PoolTimeout) if no connection becomes free.
#[derive(Clone, Debug)]
pub struct Bank {
    database: Database,
    fast: Arc<FastState>,
    keys: Arc<KeyCheck>,
}

impl Bank {
    /// Connects to a database that exists.
    ///
    /// # Errors
    ///
    /// [`DbError::FileMissing`](bank_db::DbError::FileMissing) if there is no SQLite file;
    /// [`DbError::Unavailable`](bank_db::DbError::Unavailable) if no connection can be made. [`Database::connect`] lists the
    /// errors of SQLite files that are not what they seem.
    pub fn connect(url: &DatabaseUrl, settings: Settings) -> Result<Self, BankError> {
        Ok(Database::connect(url, settings)?.into())
    }

    /// Connects to a database, and creates the SQLite file if it is missing (but not its directory).
    ///
    /// # Errors
    ///
    /// As for [`Bank::connect`], but a missing file is created.
    pub fn create_or_connect(url: &DatabaseUrl, settings: Settings) -> Result<Self, BankError> {
        Ok(Database::create_or_connect(url, settings)?.into())
    }

    /// Returns the database behind the bank: what it is and can do, and its pool for work on other tables.
    #[must_use]
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// Runs the caller's statements in one snapshot that they cannot change, and retries what may pass.
    ///
    /// # Errors
    ///
    /// Returns the body's error, or [`BankError::RetriesExhausted`].
    pub fn read<T>(
        &self,
        operation: &'static str,
        body: impl Fn(&mut DbConnection) -> Result<T, BankError>,
    ) -> Result<T, BankError> {
        Ok(self.database.read(operation, body)?)
    }

    /// Runs the caller's statements, [`posting::post`](crate::posting::post) among them if wanted, in one transaction,
    /// commits it, and retries what may pass: the body may run several times, and must change nothing but the database. It
    /// owns what it uses, because a server that does not answer keeps it longer than the call lasts.
    ///
    /// # Errors
    ///
    /// Returns the body's error after a rollback; [`BankError::RetriesExhausted`] if nothing was changed;
    /// [`BankError::OutcomeUnknown`] if the answer to COMMIT was lost for good.
    pub fn write<T: Send + 'static>(
        &self,
        operation: &'static str,
        body: impl Fn(&mut DbConnection) -> Result<T, BankError> + Send + Sync + 'static,
    ) -> Result<T, BankError> {
        Ok(self.database.write(operation, body)?)
    }

    /// Does what [`Bank::write`] does, and commits or rolls back as the body decides.
    ///
    /// # Errors
    ///
    /// As for [`Bank::write`]. A body that rolls back by decision is no error.
    pub fn write_or_roll_back<T: Send + 'static, R: Send + 'static>(
        &self,
        operation: &'static str,
        body: impl Fn(&mut DbConnection) -> Result<Decision<T, R>, BankError> + Send + Sync + 'static,
    ) -> Result<Decision<T, R>, BankError> {
        Ok(self.database.write_or_roll_back(operation, body)?)
    }
}

impl Bank {
    /// Runs a body that reads with a single statement and so needs no transaction.
    pub(crate) fn query<T: Send + 'static>(
        &self,
        operation: &'static str,
        body: impl Fn(&mut DbConnection) -> Result<T, BankError> + Send + Sync + 'static,
    ) -> Result<T, BankError> {
        Ok(self.database.query(operation, body)?)
    }
}

impl From<Database> for Bank {
    fn from(database: Database) -> Self {
        let keys = Arc::new(KeyCheck::new(database.capabilities().speculative));
        Self { database, fast: Arc::default(), keys }
    }
}
