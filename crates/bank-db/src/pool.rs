//! A pool of connections that were each opened with the settings of the session.

use std::sync::Arc;
use std::time::Instant;

use diesel::r2d2::R2D2Connection;
use parking_lot::Mutex;
use r2d2::ManageConnection;
use scheduled_thread_pool::ScheduledThreadPool;

use crate::connection::{Established, FirstFile, IfMissing, establish};
use crate::error::{AttemptError, DbError, TransactionError};
use crate::retry::retry;
use crate::settings::{Settings, finite};
use crate::sqlite_file::FileIdentity;
use crate::url::DatabaseUrl;

/// A pool of connections to one database.
#[derive(Debug)]
pub(crate) struct Pool {
    connections: r2d2::Pool<ConnectionManager>,
    in_memory: bool,
}

impl Pool {
    /// Returns the largest number of connections.
    pub(crate) fn max_size(&self) -> u32 {
        self.connections.max_size()
    }
}

/// Closes the connections that nobody uses. r2d2 closes them with its last reference, and a thread that has just opened one
/// may still hold that when the process ends: then SQLite's log stays beside the file for no reason.
impl Drop for Pool {
    fn drop(&mut self) {
        // A database in memory ends with its connection, and the pool would open another.
        if !self.in_memory {
            let mut idle: Vec<PooledSlot> = std::iter::from_fn(|| self.connections.try_get()).collect();
            idle.iter_mut().for_each(|slot| drop(slot.connection.take()));
        }
    }
}

/// A place of the pool, free again when it is dropped.
pub(crate) type PooledSlot = r2d2::PooledConnection<ConnectionManager>;

/// A place in the pool: a connection, or nothing while the connection is in use or after it was given up.
///
/// A connection whose server does not answer stays with the attempt that waits for it. Its place must not, or a few such
/// attempts would use up the pool.
pub(crate) struct Slot {
    connection: Option<Established>,
    /// When the connection last worked.
    good: Instant,
}

impl Slot {
    fn new(connection: Established) -> Self {
        Self { connection: Some(connection), good: Instant::now() }
    }

    /// Puts the connection back.
    pub(crate) fn put(&mut self, connection: Established) {
        *self = Self::new(connection);
    }
}

/// Opens connections for an r2d2 pool.
///
/// Written by hand because Diesel's own manager hides why a connection failed and creates SQLite files that nobody asked
/// for.
///
/// The pool does not test a connection before it hands it out: that would cost each transaction a round trip, and nothing
/// bounds the wait for a server that is stopped. But where one connection was lost, the others probably are, too, and each
/// would cost an attempt. So after a loss the pool replaces every connection that has not been used since.
pub(crate) struct ConnectionManager {
    url: DatabaseUrl,
    settings: Settings,
    first: Mutex<Option<Established>>,
    file: Arc<FirstFile>,
    /// When a connection was last lost.
    lost: Mutex<Option<Instant>>,
}

impl std::fmt::Debug for ConnectionManager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectionManager").field("url", &self.url).finish_non_exhaustive()
    }
}

impl ManageConnection for ConnectionManager {
    type Connection = Slot;
    type Error = DbError;

    fn connect(&self) -> Result<Slot, DbError> {
        let first = self.first.lock().take();
        match first {
            Some(connection) => Ok(Slot::new(connection)),
            None => establish(&self.url, &self.settings, IfMissing::Refuse, &self.file).map(Slot::new),
        }
    }

    fn is_valid(&self, slot: &mut Slot) -> Result<(), DbError> {
        match *self.lost.lock() {
            Some(lost) if slot.good <= lost => {
                let reason = "another connection was lost since this one was used".to_owned();
                Err(DbError::Unavailable { target: self.url.to_string(), reason })
            }
            Some(_) | None => Ok(()),
        }
    }

    fn has_broken(&self, slot: &mut Slot) -> bool {
        let has_broken = slot.connection.as_mut().is_none_or(|established| established.connection.is_broken());
        if has_broken {
            *self.lost.lock() = Some(Instant::now());
        }
        has_broken
    }
}

/// Opens a pool around one connection, which is made right away, so that a wrong password is answered immediately and not
/// after the pool's timeout. A server that is down, or fails over, is tried again by the settings' policy. Further
/// connections are made when they are needed.
///
/// Also returns the SQLite file that the connection has opened.
pub(crate) fn open(
    url: &DatabaseUrl,
    settings: &Settings,
    if_missing: IfMissing,
) -> Result<(Pool, Option<Arc<FileIdentity>>), DbError> {
    let file = Arc::new(FirstFile::new());
    let first = retry(&settings.retry, settings.on_retry.as_ref(), "connecting", || {
        establish(url, settings, if_missing, &file).map_err(AttemptError::from)
    });
    let first = first.map_err(|error| match error {
        TransactionError::Failed(error) => error,
        // The reason counts, not how often it was met.
        TransactionError::RetriesExhausted { source, .. } | TransactionError::OutcomeUnknown { source, .. } => *source,
    })?;
    let opened = file.get().cloned();
    let manager = ConnectionManager {
        url: url.clone(),
        settings: settings.clone(),
        first: Mutex::new(Some(first)),
        file,
        lost: Mutex::default(),
    };
    let in_memory = url.is_in_memory();
    let size = if in_memory { 1 } else { settings.pool_size.max(1) };
    // Threads that open connections in the background. A small pool needs one; each costs a one-shot process time.
    let threads = if size > 2 { 3 } else { 1 };
    let builder = r2d2::Pool::builder()
        .max_size(size)
        .min_idle(Some(u32::from(in_memory)))
        .thread_pool(Arc::new(ScheduledThreadPool::builder().num_threads(threads).build()))
        .connection_timeout(finite(settings.connection_timeout))
        .test_on_check_out(true)
        .error_handler(Box::new(LogErrors));
    // A database in memory ends with its connection, so that one is kept for ever.
    let builder = if in_memory { builder.max_lifetime(None).idle_timeout(None) } else { builder };
    Ok((Pool { connections: builder.build_unchecked(manager), in_memory }, opened))
}

/// Takes a connection out of the pool, with the place to put it back to. A caller who does not put it back has given it up.
pub(crate) fn take(pool: &Pool) -> Result<(PooledSlot, Established), DbError> {
    let started = Instant::now();
    let timeout = |reason: String| DbError::PoolTimeout { waited: started.elapsed(), reason };
    let mut slot = pool.connections.get().map_err(|error| timeout(error.to_string()))?;
    let connection = slot.connection.take().ok_or_else(|| timeout("a place without a connection".to_owned()))?;
    Ok((slot, connection))
}

#[derive(Debug)]
struct LogErrors;

impl r2d2::HandleError<DbError> for LogErrors {
    fn handle_error(&self, error: DbError) {
        tracing::warn!(%error, "a connection of the pool could not be opened, or is not used again");
    }
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;

    use super::*;

    #[test]
    fn idle_connections_are_closed_although_a_thread_of_the_pool_still_holds_it() {
        let directory = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::sqlite_file(&directory.path().join("bank.db"));
        let (pool, _) = open(&url, &Settings::default(), IfMissing::Create).unwrap();
        let (mut slot, mut established) = take(&pool).unwrap();
        established.connection.batch_execute("CREATE TABLE rows (id BIGINT)").unwrap();
        slot.put(established);
        drop(slot);
        let files = || std::fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(files(), 3, "the file, its log and the log's index");
        let held = pool.connections.clone();
        drop(pool);
        assert_eq!(files(), 1, "SQLite removes the log with the last connection");
        drop(held);
    }
}
