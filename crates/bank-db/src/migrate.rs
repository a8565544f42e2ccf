//! Bringing a database's tables to the state that a program expects.

use std::fmt;

use diesel::backend::Backend;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};

use crate::connection::DbConnection;
use crate::error::DbError;
use crate::schema_state::SchemaState;

/// The migrations of a program, embedded with `diesel_migrations::embed_migrations!`, under the same names for both
/// backends.
pub struct Migrations {
    /// For servers.
    pub postgres: EmbeddedMigrations,
    /// For SQLite.
    pub sqlite: EmbeddedMigrations,
}

impl fmt::Debug for Migrations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Migrations")
    }
}

/// Diesel takes a source of migrations by value, and embedded ones cannot be copied.
struct Source<'a>(&'a EmbeddedMigrations);

impl<DB: Backend> MigrationSource<DB> for Source<'_> {
    fn migrations(&self) -> diesel::migration::Result<Vec<Box<dyn Migration<DB>>>> {
        self.0.migrations()
    }
}

diesel::table! {
    /// Diesel's own record of the migrations that have run.
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

impl Migrations {
    /// Compares the migrations that have run with these. One statement unless the tables are missing.
    pub(crate) fn state(&self, connection: &mut DbConnection) -> Result<SchemaState, DbError> {
        let query = __diesel_schema_migrations::table.select(__diesel_schema_migrations::version);
        let applied = match query.load::<String>(connection) {
            Ok(applied) => applied,
            // Another process may have created it in between; a lasting error comes again.
            Err(_) if has_record(connection)? => query.load::<String>(connection)?,
            Err(_) => return Ok(SchemaState::NotSetUp),
        };
        let expected: Vec<String> = self.embedded()?.into_iter().map(|migration| migration.version).collect();
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
    /// Diesel takes no lock, and of two processes that migrate at the same moment one fails, so a failure is tried again a
    /// few times; what the other process has run by then is no longer pending.
    pub(crate) fn run_pending(&self, connection: &mut DbConnection) -> Result<Vec<String>, DbError> {
        const ATTEMPTS_MAX: u32 = 8;
        for _ in 1..ATTEMPTS_MAX {
            match self.run_pending_once(connection) {
                Ok(names) => return Ok(names),
                Err(error) => tracing::info!(%error, "migrating failed; another process may be migrating too"),
            }
            std::thread::sleep(std::time::Duration::from_millis(fastrand::u64(20..200)));
        }
        self.run_pending_once(connection)
    }

    fn run_pending_once(&self, connection: &mut DbConnection) -> Result<Vec<String>, DbError> {
        match connection {
            DbConnection::Postgres(postgres) => self.names_of(postgres.run_pending_migrations(Source(&self.postgres))),
            DbConnection::Sqlite(sqlite) => self.names_of(sqlite.run_pending_migrations(Source(&self.sqlite))),
        }
    }

    /// Runs every migration's way back, the newest first, and so destroys all tables.
    pub(crate) fn revert_all(&self, connection: &mut DbConnection) -> Result<(), DbError> {
        match connection {
            DbConnection::Postgres(postgres) => self.names_of(postgres.revert_all_migrations(Source(&self.postgres))),
            DbConnection::Sqlite(sqlite) => self.names_of(sqlite.revert_all_migrations(Source(&self.sqlite))),
        }
        .map(|_| ())
    }

    /// Turns versions, `20261123000001`, into the names of their directories.
    fn names_of(&self, versions: HarnessResult<'_>) -> Result<Vec<String>, DbError> {
        let versions = versions.map_err(|error| DbError::Migration { reason: error.to_string() })?;
        let embedded = self.embedded()?;
        let name_of = |version: String| match embedded.iter().find(|known| known.version == version) {
            Some(known) => known.name.clone(),
            None => version,
        };
        Ok(versions.iter().map(|version| name_of(version.to_string())).collect())
    }

    /// Returns the names of the migrations, which are the same for both backends.
    fn embedded(&self) -> Result<Vec<Embedded>, DbError> {
        let migrations: Vec<Box<dyn Migration<Pg>>> =
            self.postgres.migrations().map_err(|error| DbError::Migration { reason: error.to_string() })?;
        let names = migrations.iter().map(|migration| migration.name());
        Ok(names.map(|name| Embedded { version: name.version().to_string(), name: name.to_string() }).collect())
    }
}

type HarnessResult<'a> = diesel::migration::Result<Vec<diesel::migration::MigrationVersion<'a>>>;

struct Embedded {
    version: String,
    name: String,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Bool)]
    found: bool,
}

/// Returns whether Diesel's record of migrations is there.
fn has_record(connection: &mut DbConnection) -> Result<bool, DbError> {
    let sql = match connection {
        DbConnection::Postgres(_) => "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS found",
        DbConnection::Sqlite(_) => {
            "SELECT count(*) > 0 AS found FROM sqlite_master WHERE name = '__diesel_schema_migrations'"
        }
    };
    Ok(diesel::sql_query(sql).get_result::<Found>(connection)?.found)
}
