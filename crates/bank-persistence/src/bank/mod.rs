//! [`Bank`]: a pool of connections and a retry policy, with a method for each thing that can be done.

mod diagnosis;
mod ledger;
mod posting;
mod setup;
mod snapshot;

pub use snapshot::Snapshot;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::attempt::{AttemptThreads, CommitGate};
use crate::connection::{DbConnection, Missing};
use crate::database_url::{Backend, DatabaseUrl};
use crate::error::BankError;
use crate::pool::{self, ConnectionManager};
use crate::posting::{Confidence, ServerClock};
use crate::retry::{AttemptError, retry_observed};
use crate::settings::{Settings, finite};
use crate::transaction;

/// A database of accounts and transfers.
///
/// Cloning is cheap and shares the pool; all methods may be called from many threads at once. Most retry what may pass, by
/// the settings' policy, and end with [`BankError::RetriesExhausted`]; those that hand rows on ([`Bank::snapshot`],
/// [`Bank::list_accounts`]), prepare the database or diagnose it do not, and fail with [`BankError::PoolTimeout`] if no
/// connection becomes free.
#[derive(Clone, Debug)]
pub struct Bank {
    url: Arc<DatabaseUrl>,
    settings: Arc<Settings>,
    pool: r2d2::Pool<ConnectionManager>,
    threads: Arc<AttemptThreads>,
    /// In batches that are posted in one pass.
    confidence: Arc<Confidence>,
    /// For single transfers that are posted at once.
    clock: Arc<ServerClock>,
    /// Whose turn it is to write, on SQLite.
    turn: Arc<Mutex<()>>,
}

impl Bank {
    /// Connects to a database that is there.
    ///
    /// # Errors
    ///
    /// [`BankError::FileMissing`] if there is no SQLite file; [`BankError::Unavailable`] if no connection can be made.
    pub fn connect(url: &DatabaseUrl, settings: Settings) -> Result<Self, BankError> {
        Self::open(url, settings, Missing::Refuse)
    }

    /// Connects to a database, and creates the SQLite file if it is missing (but not its directory).
    ///
    /// # Errors
    ///
    /// [`BankError::Unavailable`] if no connection can be made or the file cannot be created.
    pub fn create_or_connect(url: &DatabaseUrl, settings: Settings) -> Result<Self, BankError> {
        Self::open(url, settings, Missing::Create)
    }

    fn open(url: &DatabaseUrl, settings: Settings, missing: Missing) -> Result<Self, BankError> {
        let pool = pool::open(url, &settings, missing)?;
        let (url, settings) = (Arc::new(url.clone()), Arc::new(settings));
        Ok(Self {
            url,
            settings,
            pool,
            threads: Arc::default(),
            confidence: Arc::default(),
            clock: Arc::default(),
            turn: Arc::default(),
        })
    }

    /// Returns the kind of database.
    #[must_use]
    pub fn backend(&self) -> Backend {
        self.url.backend()
    }

    /// Returns the URL; printing it masks the password.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Returns the largest number of connections.
    pub(crate) fn pool_size(&self) -> u32 {
        self.pool.max_size()
    }

    /// Runs the caller's statements in one snapshot that they cannot change, and retries what may pass.
    ///
    /// # Errors
    ///
    /// The body's or the database's.
    pub fn read<T>(
        &self,
        operation: &'static str,
        body: impl Fn(&mut DbConnection) -> Result<T, BankError>,
    ) -> Result<T, BankError> {
        self.retry(operation, || {
            self.with_connection(|connection| transaction::read(connection, &body))?.map_err(AttemptError::from)
        })
    }

    /// Runs the caller's statements, [`posting::post`](crate::posting::post) among them if wanted, in one transaction
    /// and retries what may pass: the body may run several times, and must change nothing but the database. It owns
    /// what it uses, because a server that does not answer keeps it longer than the call lasts.
    ///
    /// # Errors
    ///
    /// The body's or the database's; [`BankError::OutcomeUnknown`] if the answer to COMMIT was lost for good.
    pub fn write<T: Send + 'static>(
        &self,
        operation: &'static str,
        body: impl Fn(&mut DbConnection) -> Result<T, BankError> + Send + Sync + 'static,
    ) -> Result<T, BankError> {
        let body = Arc::new(body);
        self.retry(operation, || {
            let (settings, body) = (Arc::clone(&self.settings), Arc::clone(&body));
            self.attempt_to_write(move |gate, connection| {
                transaction::write_through(gate, connection, &settings, |connection| body(connection))
            })
        })
    }

    /// Runs a body that reads with a single statement and so needs no transaction.
    pub(super) fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        body: impl Fn(&mut DbConnection) -> Result<T, BankError> + Send + Sync + 'static,
    ) -> Result<T, BankError> {
        let body = Arc::new(body);
        self.retry(operation, || {
            let body = Arc::clone(&body);
            self.attempt(move |_, connection| transaction::read_at_once(connection, |connection| body(connection)))
        })
    }

    fn retry<T>(&self, operation: &'static str, attempt: impl Fn() -> Result<T, AttemptError>) -> Result<T, BankError> {
        retry_observed(&self.settings.retry, self.settings.on_retry.as_ref(), operation, attempt)
    }

    /// Returns how long to wait for an attempt. SQLite needs no limit but its busy timeout, and no second thread.
    fn answer_limit(&self) -> Option<Duration> {
        let limit = self.settings.answer_timeout;
        (self.backend() == Backend::Postgres && !limit.is_zero()).then_some(limit)
    }

    /// Runs an attempt with a connection of the pool, and leaves the connection to it if it takes too long.
    fn attempt<T: Send + 'static>(
        &self,
        attempt: impl FnOnce(&CommitGate, &mut DbConnection) -> Result<T, AttemptError> + Send + 'static,
    ) -> Result<T, AttemptError> {
        let mut slot = pool::take(&self.pool)?;
        let mut connection = slot.take()?;
        let (connection, result) = self.threads.run_within(self.answer_limit(), move |gate| {
            let result = attempt(gate, &mut connection);
            Ok((connection, result))
        })?;
        slot.put(connection);
        result
    }

    /// Runs an attempt that writes, on SQLite in its turn.
    ///
    /// SQLite has one writer. Whoever has to wait for it sleeps and looks again, up to a tenth of a second later, and a
    /// thread that writes without a pause is always there before. So the threads of a bank wait in line for each other,
    /// as long as they would for the file, and only the first of them meets other processes there.
    pub(super) fn attempt_to_write<T: Send + 'static>(
        &self,
        attempt: impl FnOnce(&CommitGate, &mut DbConnection) -> Result<T, AttemptError> + Send + 'static,
    ) -> Result<T, AttemptError> {
        let _turn = match self.backend() {
            Backend::Sqlite => self.turn.try_lock_for(finite(self.settings.busy_timeout)),
            Backend::Postgres => None,
        };
        self.attempt(attempt)
    }

    /// Lends a connection of the pool to the caller's thread, however long it takes.
    pub(super) fn with_connection<T>(&self, body: impl FnOnce(&mut DbConnection) -> T) -> Result<T, BankError> {
        let mut slot = pool::take(&self.pool)?;
        let mut connection = slot.take()?;
        let value = body(&mut connection);
        slot.put(connection);
        Ok(value)
    }
}
