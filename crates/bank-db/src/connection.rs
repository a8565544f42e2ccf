//! One connection to either backend, opened with the errors of the backend that was asked for.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, CacheSize, SimpleConnection, TransactionManager};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};

use crate::error::DbError;
use crate::retry::{Obstacle, Transient, classify};
use crate::settings::{Settings, finite, milliseconds};
use crate::sqlite_file::{FileGuard, FileIdentity, NothingWritable, Place, look_before_opening, nothing_writable};
use crate::url::{Access, Backend, DatabaseUrl};

pub use multi::{DbConnection, MultiBackend};

pub(crate) use crate::sqlite_file::IfMissing;
pub(crate) use multi::MultiRawValue;

mod multi {
    #![expect(
        missing_docs,
        clippy::disallowed_methods,
        reason = "the derive writes items without documentation and passes every transaction method on"
    )]

    use diesel::{MultiConnection, PgConnection, SqliteConnection};

    /// A connection to PostgreSQL's protocol or to embedded SQLite.
    #[derive(MultiConnection)]
    pub enum DbConnection {
        /// A server that speaks PostgreSQL's protocol.
        Postgres(PgConnection),
        /// An SQLite file, or a database in memory.
        Sqlite(SqliteConnection),
    }
}

/// The SQLite file of a database: that which its first connection has opened.
pub(crate) type FirstFile = OnceLock<Arc<FileIdentity>>;

/// A connection, and what guards its commits.
pub(crate) struct Established {
    pub(crate) connection: DbConnection,
    /// Only for an SQLite file that can be written.
    pub(crate) guard: Option<FileGuard>,
}

/// Opens one connection and sets its session up.
pub(crate) fn establish(
    url: &DatabaseUrl,
    settings: &Settings,
    if_missing: IfMissing,
    first_file: &FirstFile,
) -> Result<Established, DbError> {
    match (url.backend(), url.sqlite_path()) {
        (Backend::Postgres, _) => {
            establish_postgres(url, settings).map(|connection| Established { connection, guard: None })
        }
        (Backend::Sqlite, None) => {
            let connection = establish_sqlite(url, &url.for_sqlite(Access::Create), settings, if_missing)?;
            Ok(Established { connection, guard: None })
        }
        (Backend::Sqlite, Some(path)) => establish_file(url, path, settings, if_missing, first_file),
    }
}

fn establish_postgres(url: &DatabaseUrl, settings: &Settings) -> Result<DbConnection, DbError> {
    let mut connection = PgConnection::establish(&url.for_libpq(&libpq_defaults(settings)))
        .map_err(|error| unavailable(url, &error.to_string()))?;
    if !settings.session.is_kept() {
        connection.set_prepared_statement_cache_size(CacheSize::Disabled);
    } else if !settings.lock_timeout.is_zero() {
        // Transactions set it for themselves; this is for statements that are transactions by themselves.
        let session = format!("SET lock_timeout = {}", milliseconds(settings.lock_timeout));
        connection.batch_execute(&session).map_err(|error| unavailable(url, &error.to_string()))?;
    }
    if let Some(schemas) = url.search_path() {
        require_schema(&mut connection, url, &schemas)?;
    }
    Ok(DbConnection::Postgres(connection))
}

/// Makes sure that the session is where the URL's search path leads. A pooler can ignore it, and scratch tables would then be
/// the real ones. A schema that is missing leads nowhere, which does no harm.
fn require_schema(connection: &mut PgConnection, url: &DatabaseUrl, schemas: &[String]) -> Result<(), DbError> {
    let current = sql::<Nullable<Text>>("current_schema()::text");
    let found: Option<String> =
        diesel::select(current).get_result(connection).map_err(|error| unavailable(url, &error.to_string()))?;
    match found {
        Some(found) if !schemas.contains(&found) => Err(DbError::WrongSchema { expected: schemas.join(", "), found }),
        Some(_) | None => Ok(()),
    }
}

/// Returns the options of libpq that are set unless the URL sets them.
pub(crate) fn libpq_defaults(settings: &Settings) -> [(&'static str, String); 6] {
    [
        // libpq rounds 1 up to 2 seconds and takes 0 for no limit.
        ("connect_timeout", milliseconds(settings.connection_timeout).div_ceil(1000).to_string()),
        ("fallback_application_name", settings.application_name.clone()),
        // A peer that is gone is noticed within about 15 seconds instead of the kernel's two hours.
        ("keepalives_idle", "5".to_owned()),
        ("keepalives_interval", "3".to_owned()),
        ("keepalives_count", "3".to_owned()),
        ("tcp_user_timeout", "15000".to_owned()),
    ]
}

/// SQLite's page cache in KiB. Its own default of 2 MiB makes batches with random ids much slower (`docs/experiments.md`).
const CACHE_KIB: u32 = 16 * 1024;

/// Opens an SQLite file, unless it is not what it seems.
fn establish_file(
    url: &DatabaseUrl,
    path: &Path,
    settings: &Settings,
    if_missing: IfMissing,
    first_file: &FirstFile,
) -> Result<Established, DbError> {
    let place = look_before_opening(path, if_missing)?;
    let access = match if_missing {
        IfMissing::Create => Access::Create,
        IfMissing::Refuse => Access::Write,
    };
    match establish_sqlite(url, &url.for_sqlite(access), settings, if_missing) {
        Ok(connection) => {
            let file = first_file.get_or_init(|| Arc::new(FileIdentity::remember(path, place)));
            // Another connection of this pool may have opened a file that is no longer there.
            file.require_in_place()?;
            Ok(Established { connection, guard: Some(FileGuard::new(file)) })
        }
        Err(error) if is_refused_by_place(&error) => match nothing_writable(path) {
            None => Err(error),
            Some(NothingWritable::ForUs) => Err(DbError::FileInReadOnlyPlace { path: path.into() }),
            Some(NothingWritable::ForEverybody) => {
                let uri = url.for_sqlite(Access::ReadUnchanging);
                let connection = establish_sqlite(url, &uri, settings, IfMissing::Refuse)?;
                first_file.get_or_init(|| Arc::new(FileIdentity::remember(path, Place::Unchanging)));
                Ok(Established { connection, guard: None })
            }
        },
        Err(error) => Err(error),
    }
}

/// Returns whether SQLite may have failed because it could not write.
fn is_refused_by_place(error: &DbError) -> bool {
    matches!(error.obstacle(), Obstacle::CannotOpen | Obstacle::Permission | Obstacle::Disk)
}

fn establish_sqlite(
    url: &DatabaseUrl,
    uri: &str,
    settings: &Settings,
    if_missing: IfMissing,
) -> Result<DbConnection, DbError> {
    let mut connection = SqliteConnection::establish(uri).map_err(|error| unavailable(url, &error.to_string()))?;
    let busy_timeout = finite(settings.busy_timeout);
    // The timeout comes first: the statements after it may already have to wait for another process.
    let session = format!(
        "PRAGMA busy_timeout = {}; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; \
         PRAGMA cache_size = -{CACHE_KIB};",
        milliseconds(busy_timeout)
    );
    connection
        .batch_execute(&session)
        .and_then(|()| match if_missing {
            // A file that has tables may be another program's, and keeps its mode until bank's tables are in it.
            IfMissing::Create if is_empty(&mut connection)? => switch_to_wal(&mut connection, busy_timeout),
            // Reading the header tells a database from any other file, and opens the log.
            IfMissing::Create | IfMissing::Refuse => connection.batch_execute("PRAGMA schema_version;"),
        })
        .map_err(|error| unavailable(url, &error.to_string()))?;
    Ok(DbConnection::Sqlite(connection))
}

/// Returns whether a file has no table yet.
fn is_empty(connection: &mut SqliteConnection) -> QueryResult<bool> {
    diesel::select(sql::<Bool>("NOT EXISTS (SELECT 1 FROM sqlite_schema)")).get_result(connection)
}

/// Switches the file to WAL. That needs the file alone for a moment, and SQLite does not wait for it by itself: of two
/// processes that create a database at the same moment, one would be told that it is locked.
///
/// The mode is a property of the file: set once, it holds for every later connection.
pub(crate) fn switch_to_wal(connection: &mut SqliteConnection, limit: Duration) -> QueryResult<()> {
    let started = Instant::now();
    loop {
        match connection.batch_execute("PRAGMA journal_mode = WAL;") {
            Err(error) if classify(&error) == Some(Transient::LockTimeout) && started.elapsed() < limit => {
                std::thread::sleep(Duration::from_millis(fastrand::u64(1..20)));
            }
            other => return other,
        }
    }
}

/// Returns the error of a connection that was not made; libpq's messages can quote the URL, so they are masked.
pub(crate) fn unavailable(url: &DatabaseUrl, reason: &str) -> DbError {
    DbError::Unavailable { target: url.to_string(), reason: url.mask(reason.trim()) }
}

/// Marks a connection as broken, so that the pool drops it instead of handing it out again.
pub(crate) fn give_up(connection: &mut DbConnection) {
    match connection {
        DbConnection::Postgres(postgres) => AnsiTransactionManager::transaction_manager_status_mut(postgres),
        DbConnection::Sqlite(sqlite) => AnsiTransactionManager::transaction_manager_status_mut(sqlite),
    }
    .set_in_error();
}
