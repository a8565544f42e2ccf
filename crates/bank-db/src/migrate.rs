//! Bringing a database's tables to the state that a program expects.

use std::fmt;
use std::time::Duration;

use diesel::connection::BoxableConnection;
use diesel::migration::{Migration, MigrationMetadata, MigrationName, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness};

use crate::connection::{DbConnection, switch_to_wal};
use crate::deadline::CommitGate;
use crate::error::DbError;
use crate::retry::Retryable;
use crate::schema_state::SchemaState;
use crate::settings::{Settings, finite};
use crate::transaction::{self, Decision};

/// The migrations of a program, embedded with `diesel_migrations::embed_migrations!`, under the same names for both
/// backends.
pub struct Migrations {
    /// For servers.
    pub postgres: EmbeddedMigrations,
    /// For SQLite.
    pub sqlite: EmbeddedMigrations,
    /// Those whose `up.sql` is replaced by code.
    pub coded: &'static [CodedMigration],
}

/// The code of a migration that SQL cannot do. It runs in place of the `up.sql` of the embedded migration of this name.
#[derive(Debug)]
pub struct CodedMigration {
    /// The name of the migration's directory.
    pub name: &'static str,
    /// For servers.
    pub postgres: fn(&mut PgConnection) -> QueryResult<()>,
    /// For SQLite. It runs within the transaction of all migrations.
    pub sqlite: fn(&mut SqliteConnection) -> QueryResult<()>,
}

impl fmt::Debug for Migrations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Migrations")
    }
}

/// Diesel takes a source of migrations by value, and embedded ones cannot be copied.
struct Source<'a>(&'a Migrations);

impl MigrationSource<Pg> for Source<'_> {
    fn migrations(&self) -> diesel::migration::Result<Vec<Box<dyn Migration<Pg>>>> {
        with_code(&self.0.postgres, |name| self.0.coded_as(name).map(|coded| coded.postgres))
    }
}

impl MigrationSource<Sqlite> for Source<'_> {
    fn migrations(&self) -> diesel::migration::Result<Vec<Box<dyn Migration<Sqlite>>>> {
        with_code(&self.0.sqlite, |name| self.0.coded_as(name).map(|coded| coded.sqlite))
    }
}

fn with_code<C: Connection + 'static>(
    embedded: &EmbeddedMigrations,
    code_of: impl Fn(&str) -> Option<fn(&mut C) -> QueryResult<()>>,
) -> diesel::migration::Result<Vec<Box<dyn Migration<C::Backend>>>> {
    let migrations: Vec<Box<dyn Migration<C::Backend>>> = embedded.migrations()?;
    let with_code = |migration: Box<dyn Migration<C::Backend>>| match code_of(&migration.name().to_string()) {
        Some(run) => Box::new(InCode { migration, run }),
        None => migration,
    };
    Ok(migrations.into_iter().map(with_code).collect())
}

/// A migration that runs code in place of its `up.sql`.
struct InCode<C: Connection> {
    migration: Box<dyn Migration<C::Backend>>,
    run: fn(&mut C) -> QueryResult<()>,
}

impl<C: Connection + 'static> Migration<C::Backend> for InCode<C> {
    fn run(&self, connection: &mut dyn BoxableConnection<C::Backend>) -> diesel::migration::Result<()> {
        let connection = connection.downcast_mut::<C>().ok_or("the migration is for another kind of connection")?;
        Ok((self.run)(connection)?)
    }

    fn revert(&self, connection: &mut dyn BoxableConnection<C::Backend>) -> diesel::migration::Result<()> {
        self.migration.revert(connection)
    }

    fn metadata(&self) -> &dyn MigrationMetadata {
        self.migration.metadata()
    }

    fn name(&self) -> &dyn MigrationName {
        self.migration.name()
    }
}

diesel::table! {
    /// Diesel's own record of the migrations that have run.
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

impl Migrations {
    fn coded_as(&self, name: &str) -> Option<&'static CodedMigration> {
        self.coded.iter().find(|coded| coded.name == name)
    }

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
            let is_ours = applied.iter().any(|version| expected.contains(version));
            let version = version.clone();
            return Ok(if is_ours { SchemaState::Newer { version } } else { SchemaState::Foreign { version } });
        }
        match expected.iter().filter(|v| !applied.contains(v)).count() {
            0 => Ok(SchemaState::Current),
            pending => Ok(SchemaState::Older { pending }),
        }
    }

    /// Runs the migrations that have not run yet and returns their names.
    ///
    /// On SQLite they run in one transaction, so that a file in which they fail is left as it was, and the file is switched
    /// to WAL only after them. On a server Diesel takes no lock, and of two processes that migrate at the same moment one
    /// fails. So a failure is tried again a few times; what another process has run by then is no longer pending.
    pub(crate) fn run_pending(
        &self,
        gate: &CommitGate,
        connection: &mut DbConnection,
        settings: &Settings,
    ) -> Result<Vec<String>, DbError> {
        attempt_often(connection, |connection| match connection {
            DbConnection::Postgres(_) => self.run_pending_once(connection),
            DbConnection::Sqlite(_) => {
                in_one_transaction(gate, connection, settings, |connection| self.run_pending_once(connection))
            }
        })
    }

    /// Destroys all tables and creates them again; on SQLite in one transaction.
    pub(crate) fn reset(
        &self,
        gate: &CommitGate,
        connection: &mut DbConnection,
        settings: &Settings,
    ) -> Result<(), DbError> {
        if let DbConnection::Postgres(_) = connection {
            self.revert_all(connection)?;
            return attempt_often(connection, |connection| self.run_pending_once(connection).map(|_| ()));
        }
        attempt_often(connection, |connection| {
            in_one_transaction(gate, connection, settings, |connection| {
                self.revert_all(connection)?;
                self.run_pending_once(connection).map(|_| ())
            })
        })
    }

    fn run_pending_once(&self, connection: &mut DbConnection) -> Result<Vec<String>, DbError> {
        match connection {
            DbConnection::Postgres(postgres) => self.names_of(postgres.run_pending_migrations(Source(self))),
            DbConnection::Sqlite(sqlite) => self.names_of(sqlite.run_pending_migrations(Source(self))),
        }
    }

    /// Runs every migration's way back, the newest first, and so destroys all tables.
    fn revert_all(&self, connection: &mut DbConnection) -> Result<(), DbError> {
        match connection {
            DbConnection::Postgres(postgres) => self.names_of(postgres.revert_all_migrations(Source(self))),
            DbConnection::Sqlite(sqlite) => self.names_of(sqlite.revert_all_migrations(Source(self))),
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

/// Runs an attempt again a few times if it fails, on SQLite only if the failure may pass.
fn attempt_often<T>(
    connection: &mut DbConnection,
    attempt: impl Fn(&mut DbConnection) -> Result<T, DbError>,
) -> Result<T, DbError> {
    const ATTEMPTS_MAX: u32 = 8;
    for _ in 1..ATTEMPTS_MAX {
        match attempt(connection) {
            Ok(value) => return Ok(value),
            Err(error) if matches!(connection, DbConnection::Sqlite(_)) && error.transient().is_none() => {
                return Err(error);
            }
            Err(error) => tracing::info!(%error, "migrating failed; another process may be migrating too"),
        }
        std::thread::sleep(Duration::from_millis(fastrand::u64(20..200)));
    }
    attempt(connection)
}

/// Runs migrations in one transaction of an SQLite file, and then switches the file to WAL.
fn in_one_transaction<T>(
    gate: &CommitGate,
    connection: &mut DbConnection,
    settings: &Settings,
    migrate: impl FnOnce(&mut DbConnection) -> Result<T, DbError>,
) -> Result<T, DbError> {
    let run = |connection: &mut DbConnection| migrate(connection).map(Decision::Commit);
    let migrated = transaction::write(gate, connection, settings, run).map_err(|failure| failure.error)?;
    if let DbConnection::Sqlite(sqlite) = connection {
        switch_to_wal(sqlite, finite(settings.busy_timeout))?;
    }
    Ok(migrated.committed())
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
