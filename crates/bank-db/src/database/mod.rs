//! [`Database`]: a pool of connections and a retry policy.

mod tables;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::capabilities::Capabilities;
use crate::connection::{DbConnection, IfMissing};
use crate::deadline::{CommitGate, DeadlineThreads};
use crate::error::{AttemptError, DbError, TransactionError};
use crate::pool::{self, Pool};
use crate::retry::{Retryable, retry};
use crate::settings::{Settings, finite};
use crate::sqlite_file::{FileIdentity, Place};
use crate::transaction::{self, Decision};
use crate::url::{Backend, DatabaseUrl};

/// A database behind a pool of connections.
///
/// Cloning is cheap and shares the pool; all methods may be called from many threads concurrently. Transactions and queries
/// are retried by the settings' policy. What hands rows on ([`Database::with_connection`]), migrates or diagnoses is not
/// retried and fails with [`DbError::PoolTimeout`] if no connection becomes free.
#[derive(Clone, Debug)]
pub struct Database {
    url: Arc<DatabaseUrl>,
    settings: Arc<Settings>,
    capabilities: Capabilities,
    pool: Arc<Pool>,
    /// The SQLite file that is open.
    file: Option<Arc<FileIdentity>>,
    threads: Arc<DeadlineThreads>,
    /// Held by the writer whose turn it is, where there is one writer at a time.
    write_turn: Arc<Mutex<()>>,
}

impl Database {
    /// Connects to a database that exists.
    ///
    /// # Errors
    ///
    /// - [`DbError::FileMissing`] if there is no SQLite file.
    /// - [`DbError::FileHasOtherNames`], [`DbError::FileMounted`], [`DbError::LogWithoutDatabase`],
    ///   [`DbError::LogOfAnotherFile`] or [`DbError::FileInReadOnlyPlace`] if SQLite would open the file, but lose or miss something.
    /// - [`DbError::Unavailable`] if no connection can be made.
    pub fn connect(url: &DatabaseUrl, settings: Settings) -> Result<Self, DbError> {
        Self::open(url, settings, IfMissing::Refuse)
    }

    /// Connects to a database, and creates the SQLite file if it is missing (but not its directory). A file that has tables
    /// is not changed.
    ///
    /// # Errors
    ///
    /// As for [`Database::connect`], but a missing file is created.
    pub fn create_or_connect(url: &DatabaseUrl, settings: Settings) -> Result<Self, DbError> {
        Self::open(url, settings, IfMissing::Create)
    }

    fn open(url: &DatabaseUrl, settings: Settings, if_missing: IfMissing) -> Result<Self, DbError> {
        let (pool, file) = pool::open(url, &settings, if_missing)?;
        Ok(Self {
            pool: Arc::new(pool),
            file,
            url: Arc::new(url.clone()),
            settings: Arc::new(settings),
            capabilities: Capabilities::of_backend(url.backend()),
            threads: Arc::default(),
            write_turn: Arc::default(),
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

    /// Returns the settings.
    #[must_use]
    pub fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    /// Returns what the database can do.
    #[must_use]
    pub const fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// Returns the largest number of connections.
    #[must_use]
    pub fn connections_max(&self) -> u32 {
        self.pool.max_size()
    }

    /// Runs a body in a transaction that only reads, sees one snapshot, and is retried.
    ///
    /// # Errors
    ///
    /// Returns the body's error or that of the transaction, see [`retry`].
    pub fn read<T, E: Retryable>(
        &self,
        operation: &'static str,
        body: impl Fn(&mut DbConnection) -> Result<T, E>,
    ) -> Result<T, TransactionError<E>> {
        self.retry(operation, || {
            let read = self
                .with_connection(|connection| transaction::read(connection, &self.settings, &body))
                .map_err(E::from)?;
            read.map_err(AttemptError::from)
        })
    }

    /// Runs a body in a transaction that may write, commits it, and retries failures that may pass.
    ///
    /// The body may run several times, also after a COMMIT whose answer was lost: it must change nothing but the database,
    /// and nothing the second time. It owns what it uses, because a server that does not answer keeps it longer than the
    /// call lasts.
    ///
    /// # Errors
    ///
    /// Returns the body's error or that of the transaction, see [`retry`].
    pub fn write<T: Send + 'static, E: Retryable + Send>(
        &self,
        operation: &'static str,
        body: impl Fn(&mut DbConnection) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<T, TransactionError<E>> {
        let commit = move |connection: &mut DbConnection| body(connection).map(Decision::Commit);
        self.write_or_roll_back(operation, commit).map(Decision::committed)
    }

    /// Does what [`Database::write`] does, and commits or rolls back as the body decides.
    ///
    /// # Errors
    ///
    /// As for [`Database::write`]. A body that rolls back by decision is no error.
    pub fn write_or_roll_back<T: Send + 'static, R: Send + 'static, E: Retryable + Send>(
        &self,
        operation: &'static str,
        body: impl Fn(&mut DbConnection) -> Result<Decision<T, R>, E> + Send + Sync + 'static,
    ) -> Result<Decision<T, R>, TransactionError<E>> {
        let body = Arc::new(body);
        self.retry(operation, || {
            let (settings, body) = (Arc::clone(&self.settings), Arc::clone(&body));
            self.attempt_to_write(move |gate, connection| {
                transaction::write(gate, connection, &settings, |connection| body(connection))
            })
        })
    }

    /// Runs a body that reads with a single statement, which needs no transaction, and retries failures that may pass.
    ///
    /// # Errors
    ///
    /// Returns the body's error or that of the connection, see [`retry`].
    pub fn query<T: Send + 'static, E: Retryable + Send>(
        &self,
        operation: &'static str,
        body: impl Fn(&mut DbConnection) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<T, TransactionError<E>> {
        let body = Arc::new(body);
        self.retry(operation, || {
            let body = Arc::clone(&body);
            self.attempt(move |_, connection| {
                transaction::query(connection, |connection| body(connection)).map_err(AttemptError::from)
            })
        })
    }

    /// Retries attempts by the settings' policy.
    ///
    /// # Errors
    ///
    /// See [`retry`].
    pub fn retry<T, E: Retryable>(
        &self,
        operation: &'static str,
        attempt: impl Fn() -> Result<T, AttemptError<E>>,
    ) -> Result<T, TransactionError<E>> {
        retry(&self.settings.retry, self.settings.on_retry.as_ref(), operation, attempt)
    }

    /// Returns how long to wait for an attempt, where a deadline of our own is needed.
    fn answer_limit(&self) -> Option<Duration> {
        let limit = self.settings.answer_timeout;
        (self.capabilities.needs_deadline && !limit.is_zero()).then_some(limit)
    }

    /// Runs one attempt with a connection of the pool, and leaves the connection to it if it takes too long.
    fn attempt<T: Send + 'static, E: Retryable + Send>(
        &self,
        attempt: impl FnOnce(&CommitGate, &mut DbConnection) -> Result<T, AttemptError<E>> + Send + 'static,
    ) -> Result<T, AttemptError<E>> {
        let (mut slot, mut established) = pool::take(&self.pool).map_err(E::from)?;
        let gate = CommitGate::new(established.guard.clone());
        let (established, result) = self.threads.run_with_deadline(self.answer_limit(), gate, move |gate| {
            let result = attempt(gate, &mut established.connection);
            Ok((established, result))
        })?;
        slot.put(established);
        result
    }

    /// Runs one attempt that writes, in its turn where there is one writer at a time.
    ///
    /// A thread that finds SQLite's writer busy sleeps up to a tenth of a second before it looks again, and a thread that
    /// writes without a pause is always there before it. So the threads of a process queue up for each other, as long as
    /// they would for the file, and only the first of them meets other processes at the file.
    ///
    /// # Errors
    ///
    /// Returns the attempt's error, or why there was no connection or no answer in time.
    pub fn attempt_to_write<T: Send + 'static, E: Retryable + Send>(
        &self,
        attempt: impl FnOnce(&CommitGate, &mut DbConnection) -> Result<T, AttemptError<E>> + Send + 'static,
    ) -> Result<T, AttemptError<E>> {
        let wait_max = finite(self.settings.busy_timeout);
        let _turn = if self.capabilities.one_writer { self.write_turn.try_lock_for(wait_max) } else { None };
        self.attempt(attempt)
    }

    /// Lends a connection of the pool to the caller's thread, without a deadline. What the body commits by itself is not
    /// guarded against an SQLite file that was removed or replaced; see [`Database::require_file_in_place`].
    ///
    /// # Errors
    ///
    /// [`DbError::PoolTimeout`] if no connection becomes free.
    pub fn with_connection<T>(&self, body: impl FnOnce(&mut DbConnection) -> T) -> Result<T, DbError> {
        self.with_gate(|_, connection| body(connection))
    }

    /// Lends a connection to the caller's thread, with a gate that nobody closes.
    fn with_gate<T>(&self, body: impl FnOnce(&CommitGate, &mut DbConnection) -> T) -> Result<T, DbError> {
        let (mut slot, mut established) = pool::take(&self.pool)?;
        let gate = CommitGate::new(established.guard.clone());
        let value = body(&gate, &mut established.connection);
        slot.put(established);
        Ok(value)
    }

    /// Returns whether this `Database` has committed to an SQLite file.
    #[must_use]
    pub fn has_written_to_file(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.has_committed())
    }

    /// Returns where the SQLite file is; other databases are in an ordinary place.
    #[must_use]
    pub fn place(&self) -> Place {
        self.file.as_ref().map_or(Place::Ordinary, |file| file.place())
    }

    /// Makes sure that the URL still leads to the SQLite file that is open; does nothing for other databases.
    ///
    /// Every transaction that writes does this at its COMMIT. A program that ends can do it once more, because whatever
    /// happened to the file since its last COMMIT has happened to everything that it was told was recorded.
    ///
    /// # Errors
    ///
    /// [`DbError::FileReplaced`] if it does not.
    pub fn require_file_in_place(&self) -> Result<(), DbError> {
        self.file.as_ref().map_or(Ok(()), |file| file.require_in_place())
    }
}
