//! Bringing a database's tables to the state that this program expects.

use std::fmt;

use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::connection::DbConnection;
use crate::error::BankError;

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

diesel::table! {
    /// Diesel's own record of the migrations that have run.
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

/// What a database's tables are like, compared with what this program expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// No migration has run: the tables are missing.
    NotSetUp,
    /// Some migrations are still to be run.
    Older {
        /// How many.
        pending: usize,
    },
    /// The tables are as expected.
    Current,
    /// A newer program has migrated the database.
    Newer {
        /// The first version that this program does not know.
        version: String,
    },
}

impl fmt::Display for SchemaState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSetUp => f.write_str("the database is not set up"),
            Self::Older { pending } => {
                write!(f, "the database is older than this program ({pending} migrations pending)")
            }
            Self::Current => f.write_str("the database is up to date"),
            Self::Newer { version } => write!(f, "the database is newer than this program (migration {version})"),
        }
    }
}

/// Compares the migrations that have run with those that are built in. One statement unless the tables are missing.
pub(crate) fn state(connection: &mut DbConnection) -> Result<SchemaState, BankError> {
    let query = __diesel_schema_migrations::table.select(__diesel_schema_migrations::version);
    let applied = match query.load::<String>(connection) {
        Ok(applied) => applied,
        // Another process may have made it in between; a lasting error comes again.
        Err(_) if has_record(connection)? => query.load::<String>(connection)?,
        Err(_) => return Ok(SchemaState::NotSetUp),
    };
    let expected: Vec<String> = built_in()?.into_iter().map(|migration| migration.version).collect();
    if applied.is_empty() {
        return Ok(SchemaState::NotSetUp);
    }
    if let Some(version) = applied.iter().filter(|v| !expected.contains(v)).min() {
        return Ok(SchemaState::Newer { version: version.clone() });
    }
    match expected.iter().filter(|v| !applied.contains(v)).count() {
        0 => Ok(SchemaState::Current),
        pending => Ok(SchemaState::Older { pending }),
    }
}

/// Runs the migrations that have not run yet and returns their names.
///
/// Diesel takes no lock, and of two processes that migrate at once one fails, so a failure is tried again a few times;
/// what the other process has run by then is no longer pending.
pub(crate) fn run_pending(connection: &mut DbConnection) -> Result<Vec<String>, BankError> {
    const ATTEMPTS_MAX: u32 = 8;
    for _ in 1..ATTEMPTS_MAX {
        match run_pending_once(connection) {
            Ok(names) => return Ok(names),
            Err(error) => tracing::info!(%error, "migrating failed; another process may be migrating too"),
        }
        std::thread::sleep(std::time::Duration::from_millis(fastrand::u64(20..200)));
    }
    run_pending_once(connection)
}

fn run_pending_once(connection: &mut DbConnection) -> Result<Vec<String>, BankError> {
    match connection {
        DbConnection::Postgres(postgres) => names_of(postgres.run_pending_migrations(POSTGRES)),
        DbConnection::Sqlite(sqlite) => names_of(sqlite.run_pending_migrations(SQLITE)),
    }
}

/// Runs every migration's way back, the newest first, and so destroys all accounts and transfers.
pub(crate) fn revert_all(connection: &mut DbConnection) -> Result<(), BankError> {
    match connection {
        DbConnection::Postgres(postgres) => names_of(postgres.revert_all_migrations(POSTGRES)),
        DbConnection::Sqlite(sqlite) => names_of(sqlite.revert_all_migrations(SQLITE)),
    }
    .map(|_| ())
}

type HarnessResult<'a> = diesel::migration::Result<Vec<diesel::migration::MigrationVersion<'a>>>;

/// Turns versions, `20261123000001`, into the names of their directories.
fn names_of(versions: HarnessResult<'_>) -> Result<Vec<String>, BankError> {
    let versions = versions.map_err(|error| BankError::Migration { reason: error.to_string() })?;
    let built_in = built_in()?;
    let name_of = |version: String| match built_in.iter().find(|known| known.version == version) {
        Some(known) => known.name.clone(),
        None => version,
    };
    Ok(versions.iter().map(|version| name_of(version.to_string())).collect())
}

struct BuiltIn {
    version: String,
    name: String,
}

/// Returns the migrations of this program; they have the same names on both backends.
fn built_in() -> Result<Vec<BuiltIn>, BankError> {
    let migrations: Vec<Box<dyn Migration<Pg>>> =
        POSTGRES.migrations().map_err(|error| BankError::Migration { reason: error.to_string() })?;
    let names = migrations.iter().map(|migration| migration.name());
    Ok(names.map(|name| BuiltIn { version: name.version().to_string(), name: name.to_string() }).collect())
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Bool)]
    found: bool,
}

/// Returns whether Diesel's record of migrations is there.
fn has_record(connection: &mut DbConnection) -> Result<bool, BankError> {
    let sql = match connection {
        DbConnection::Postgres(_) => "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS found",
        DbConnection::Sqlite(_) => {
            "SELECT count(*) > 0 AS found FROM sqlite_master WHERE name = '__diesel_schema_migrations'"
        }
    };
    Ok(diesel::sql_query(sql).get_result::<Found>(connection)?.found)
}
