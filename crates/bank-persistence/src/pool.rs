//! A pool of connections that were each opened with the settings of the session.

use std::sync::{Arc, Mutex, PoisonError};

use diesel::r2d2::R2D2Connection;
use r2d2::ManageConnection;
use scheduled_thread_pool::ScheduledThreadPool;

use crate::connection::{DbConnection, Missing, establish};
use crate::database_url::DatabaseUrl;
use crate::error::Error;
use crate::settings::Settings;

/// A connection that goes back to its pool when it is dropped.
pub type PooledConnection = r2d2::PooledConnection<ConnectionManager>;

/// Opens connections for an r2d2 pool.
///
/// Diesel's own manager does not fit: it hides why a connection failed and creates SQLite files that nobody asked for.
pub struct ConnectionManager {
    url: DatabaseUrl,
    settings: Settings,
    first: Mutex<Option<DbConnection>>,
}

impl std::fmt::Debug for ConnectionManager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectionManager").field("url", &self.url).finish_non_exhaustive()
    }
}

impl ManageConnection for ConnectionManager {
    type Connection = DbConnection;
    type Error = Error;

    fn connect(&self) -> Result<DbConnection, Error> {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        match first {
            Some(connection) => Ok(connection),
            None => establish(&self.url, &self.settings, Missing::Refuse),
        }
    }

    fn is_valid(&self, connection: &mut DbConnection) -> Result<(), Error> {
        connection.ping().map_err(Error::Database)
    }

    fn has_broken(&self, connection: &mut DbConnection) -> bool {
        std::thread::panicking() || connection.is_broken()
    }
}

/// Opens a pool around one connection that is made at once, so that a wrong password is answered at once and not after
/// the pool's timeout. Further connections are made when they are needed.
pub(crate) fn open(
    url: &DatabaseUrl,
    settings: &Settings,
    missing: Missing,
) -> Result<r2d2::Pool<ConnectionManager>, Error> {
    let first = establish(url, settings, missing)?;
    let manager = ConnectionManager { url: url.clone(), settings: settings.clone(), first: Mutex::new(Some(first)) };
    let in_memory = url.is_in_memory();
    let size = if in_memory { 1 } else { settings.pool_size.max(1) };
    // Threads that open connections in the background. A small pool needs one; each costs a one-shot process time.
    let threads = if size > 2 { 3 } else { 1 };
    let builder = r2d2::Pool::builder()
        .max_size(size)
        .min_idle(Some(u32::from(in_memory)))
        .thread_pool(Arc::new(ScheduledThreadPool::builder().num_threads(threads).build()))
        .connection_timeout(settings.connection_timeout)
        .test_on_check_out(false)
        .error_handler(Box::new(LogErrors));
    // A database in memory ends with its connection, so that one is kept for ever.
    let builder = if in_memory { builder.max_lifetime(None).idle_timeout(None) } else { builder };
    Ok(builder.build_unchecked(manager))
}

/// Takes a connection, or says why there is none.
pub(crate) fn take(pool: &r2d2::Pool<ConnectionManager>) -> Result<PooledConnection, Error> {
    let started = std::time::Instant::now();
    pool.get().map_err(|error| Error::PoolTimeout { waited: started.elapsed(), reason: error.to_string() })
}

#[derive(Debug)]
struct LogErrors;

impl r2d2::HandleError<Error> for LogErrors {
    fn handle_error(&self, error: Error) {
        tracing::warn!(%error, "a connection of the pool could not be opened");
    }
}
