//! A pool of connections that were each opened with the settings of the session.

use std::sync::Arc;
use std::time::Instant;

use diesel::r2d2::R2D2Connection;
use parking_lot::Mutex;
use r2d2::ManageConnection;
use scheduled_thread_pool::ScheduledThreadPool;

use crate::connection::{DbConnection, Missing, establish};
use crate::database_url::DatabaseUrl;
use crate::error::BankError;
use crate::settings::{Settings, finite};

/// A place of the pool, which is free again when it is dropped.
pub(crate) type PooledSlot = r2d2::PooledConnection<ConnectionManager>;

/// A place in the pool: a connection, or nothing while the connection is in use or after it was given up.
///
/// A connection whose server does not answer is left behind with the attempt that waits for it; its place must not be,
/// or a few such attempts would use the pool up.
pub(crate) struct Slot {
    connection: Option<DbConnection>,
    /// When the connection was good for the last time.
    good: Instant,
}

impl Slot {
    fn of(connection: DbConnection) -> Self {
        Self { connection: Some(connection), good: Instant::now() }
    }

    /// Takes the connection out; whoever does not put it back has given it up.
    pub(crate) fn take(&mut self) -> Result<DbConnection, BankError> {
        let missing =
            || BankError::InvariantViolation { detail: "the pool gave a place without a connection".to_owned() };
        self.connection.take().ok_or_else(missing)
    }

    /// Puts the connection back.
    pub(crate) fn put(&mut self, connection: DbConnection) {
        *self = Self::of(connection);
    }
}

/// Opens connections for an r2d2 pool.
///
/// Diesel's own manager does not fit: it hides why a connection failed and creates SQLite files that nobody asked for.
///
/// Nobody asks a connection whether it still works before it is handed out: that would cost each transfer a round trip,
/// and on a server that is stopped nothing bounds the wait. But where one was lost, the others probably are, too, and each
/// would cost an attempt. So those that nobody has used since are closed, and made anew.
pub(crate) struct ConnectionManager {
    url: DatabaseUrl,
    settings: Settings,
    first: Mutex<Option<DbConnection>>,
    /// When a connection was lost for the last time.
    lost: Mutex<Option<Instant>>,
}

impl std::fmt::Debug for ConnectionManager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectionManager").field("url", &self.url).finish_non_exhaustive()
    }
}

impl ManageConnection for ConnectionManager {
    type Connection = Slot;
    type Error = BankError;

    fn connect(&self) -> Result<Slot, BankError> {
        let first = self.first.lock().take();
        match first {
            Some(connection) => Ok(Slot::of(connection)),
            None => establish(&self.url, &self.settings, Missing::Refuse).map(Slot::of),
        }
    }

    fn is_valid(&self, slot: &mut Slot) -> Result<(), BankError> {
        match *self.lost.lock() {
            Some(lost) if slot.good <= lost => {
                let reason = "another connection was lost since this one was used".to_owned();
                Err(BankError::Unavailable { target: self.url.to_string(), reason })
            }
            Some(_) | None => Ok(()),
        }
    }

    fn has_broken(&self, slot: &mut Slot) -> bool {
        let has_broken = slot.connection.as_mut().is_none_or(|connection| connection.is_broken());
        if has_broken {
            *self.lost.lock() = Some(Instant::now());
        }
        has_broken
    }
}

/// Opens a pool around one connection that is made at once, so that a wrong password is answered at once and not after
/// the pool's timeout. Further connections are made when they are needed.
pub(crate) fn open(
    url: &DatabaseUrl,
    settings: &Settings,
    missing: Missing,
) -> Result<r2d2::Pool<ConnectionManager>, BankError> {
    let first = establish(url, settings, missing)?;
    let manager = ConnectionManager {
        url: url.clone(),
        settings: settings.clone(),
        first: Mutex::new(Some(first)),
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
    Ok(builder.build_unchecked(manager))
}

/// Takes a place with a connection, or says why there is none.
pub(crate) fn take(pool: &r2d2::Pool<ConnectionManager>) -> Result<PooledSlot, BankError> {
    let started = Instant::now();
    pool.get().map_err(|error| BankError::PoolTimeout { waited: started.elapsed(), reason: error.to_string() })
}

#[derive(Debug)]
struct LogErrors;

impl r2d2::HandleError<BankError> for LogErrors {
    fn handle_error(&self, error: BankError) {
        tracing::warn!(%error, "a connection of the pool could not be opened, or is not used again");
    }
}
