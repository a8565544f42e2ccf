//! A pool of connections that were each opened with the settings of the session.

use std::sync::{Arc, Mutex, PoisonError};

use diesel::r2d2::R2D2Connection;
use r2d2::ManageConnection;
use scheduled_thread_pool::ScheduledThreadPool;

use crate::connection::{DbConnection, Missing, establish};
use crate::database_url::DatabaseUrl;
use crate::error::Error;
use crate::settings::Settings;

/// A place of the pool, which is free again when it is dropped.
pub(crate) type PooledSlot = r2d2::PooledConnection<ConnectionManager>;

/// A place in the pool: a connection, or nothing while the connection is in use or after it was given up.
///
/// A connection whose server does not answer is left behind with the attempt that waits for it; its place must not be,
/// or a few such attempts would use the pool up.
pub(crate) struct Slot(Option<DbConnection>);

impl Slot {
    /// Takes the connection out; whoever does not put it back has given it up.
    pub(crate) fn take(&mut self) -> Result<DbConnection, Error> {
        let missing = || Error::InvariantViolation { detail: "the pool gave a place without a connection".to_owned() };
        self.0.take().ok_or_else(missing)
    }

    /// Puts the connection back.
    pub(crate) fn put(&mut self, connection: DbConnection) {
        self.0 = Some(connection);
    }
}

/// Opens connections for an r2d2 pool.
///
/// Diesel's own manager does not fit: it hides why a connection failed and creates SQLite files that nobody asked for.
pub(crate) struct ConnectionManager {
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
    type Connection = Slot;
    type Error = Error;

    fn connect(&self) -> Result<Slot, Error> {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        match first {
            Some(connection) => Ok(Slot(Some(connection))),
            None => establish(&self.url, &self.settings, Missing::Refuse).map(|connection| Slot(Some(connection))),
        }
    }

    fn is_valid(&self, slot: &mut Slot) -> Result<(), Error> {
        slot.0.as_mut().map_or(Ok(()), |connection| connection.ping().map_err(Error::Database))
    }

    fn has_broken(&self, slot: &mut Slot) -> bool {
        slot.0.as_mut().is_none_or(|connection| connection.is_broken())
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

/// Takes a place with a connection, or says why there is none.
pub(crate) fn take(pool: &r2d2::Pool<ConnectionManager>) -> Result<PooledSlot, Error> {
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
