//! What is behind the connection: the engine, the schemas, the tables, and trouble.

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use parking_lot::Mutex;

use super::Database;
use crate::connection::DbConnection;
use crate::deadline::CommitGate;
use crate::diagnosis::{Diagnosis, Kind, ServerFacts, probe_server, probe_sqlite};
use crate::engine::Engine;
use crate::error::{AttemptError, DbError, TransactionError};
use crate::migrate::Migrations;
use crate::pool;
use crate::schema_state::SchemaState;
use crate::sqlite_file::free_bytes;
use crate::url::Backend;

impl Database {
    /// Asks the database which software it is.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn engine(&self) -> Result<Engine, TransactionError<DbError>> {
        match self.backend() {
            Backend::Sqlite => Ok(Engine::Sqlite),
            Backend::Postgres => Ok(Engine::from_version_text(&self.ask("SELECT version() AS answer")?)),
        }
    }

    /// Returns the database's name: on a server its own, on SQLite the file's path or `:memory:`.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn name(&self) -> Result<String, TransactionError<DbError>> {
        match (self.backend(), self.url.sqlite_path()) {
            (Backend::Postgres, _) => self.ask("SELECT current_database()::text AS answer"),
            (Backend::Sqlite, Some(path)) => Ok(path.display().to_string()),
            (Backend::Sqlite, None) => Ok(":memory:".to_owned()),
        }
    }

    fn ask(&self, sql: &'static str) -> Result<String, TransactionError<DbError>> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            answer: String,
        }
        self.query("asking the server", move |connection| {
            Ok(diesel::sql_query(sql).get_result::<Row>(connection)?.answer)
        })
    }

    /// Creates a schema on a server if it is missing; connect to it with [`DatabaseUrl::with_search_path`](crate::DatabaseUrl::with_search_path).
    ///
    /// # Errors
    ///
    /// Returns an error if the statement fails, for example because the user may not create schemas.
    pub fn create_schema(&self, name: &str) -> Result<(), TransactionError<DbError>> {
        self.execute("creating a schema", format!("CREATE SCHEMA IF NOT EXISTS {}", quoted(name)))
    }

    /// Destroys a schema and everything in it.
    ///
    /// # Errors
    ///
    /// Returns an error if the statement fails.
    pub fn drop_schema(&self, name: &str) -> Result<(), TransactionError<DbError>> {
        self.execute("dropping a schema", format!("DROP SCHEMA IF EXISTS {} CASCADE", quoted(name)))
    }

    fn execute(&self, operation: &'static str, statement: String) -> Result<(), TransactionError<DbError>> {
        self.write(operation, move |connection| Ok(connection.batch_execute(&statement)?))
    }

    /// Runs the migrations that are pending and returns their names. Harmless when nothing is pending, and when several
    /// processes do it at the same moment. On SQLite it then switches the file to WAL.
    ///
    /// # Errors
    ///
    /// [`DbError::Migration`] if one fails for good. On SQLite nothing was changed then: all run in one transaction.
    /// [`DbError::NoRoom`] if an SQLite file that is to be upgraded has too little room beside it.
    pub fn migrate(&self, migrations: &'static Migrations) -> Result<Vec<String>, DbError> {
        self.with_gate(|gate, connection| {
            if matches!(migrations.state(connection)?, SchemaState::Older { .. }) {
                self.look_for_room()?;
            }
            migrations.run_pending(gate, connection, &self.settings)
        })?
    }

    /// Looks for room for two more copies of an SQLite file: one in its log, while tables are made again, and one in the file
    /// itself, which keeps the pages of the old tables.
    fn look_for_room(&self) -> Result<(), DbError> {
        let Some(path) = self.url.sqlite_path() else { return Ok(()) };
        let (Ok(file), Some(free)) = (path.metadata(), free_bytes(path)) else { return Ok(()) };
        let needed = file.len().saturating_mul(2);
        if free < needed { Err(DbError::NoRoom { path: path.into(), needed, free }) } else { Ok(()) }
    }

    /// Destroys all tables of these migrations and creates them again.
    ///
    /// # Errors
    ///
    /// [`DbError::Migration`] if a migration fails. On a server the tables may then be partly gone; on SQLite nothing was
    /// changed.
    pub fn reset(&self, migrations: &'static Migrations) -> Result<(), DbError> {
        self.with_gate(|gate, connection| migrations.reset(gate, connection, &self.settings))?
    }

    /// Returns the names of all tables in an SQLite file, in their order, without those of SQLite itself and the record of
    /// migrations; on a server nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn tables_in_file(&self) -> Result<Vec<String>, TransactionError<DbError>> {
        if self.backend() != Backend::Sqlite {
            return Ok(Vec::new());
        }
        self.query("reading the tables", tables_of_file)
    }

    /// Compares the database's tables with these migrations.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn schema_state(&self, migrations: &'static Migrations) -> Result<SchemaState, TransactionError<DbError>> {
        self.query("reading the schema's version", move |connection| migrations.state(connection))
    }

    /// Asks the database everything that helps to find the cause of trouble; changes nothing. What it does not know, or
    /// does not answer within the settings' answer timeout, is unknown.
    ///
    /// # Errors
    ///
    /// [`DbError::PoolTimeout`] if no connection becomes free; no other.
    pub fn diagnose(&self, migrations: &'static Migrations) -> Result<Diagnosis, DbError> {
        match self.backend() {
            Backend::Sqlite => {
                let (place, path) = (self.place(), self.url.sqlite_path());
                self.with_connection(|connection| probe_sqlite(connection, &self.settings, migrations, place, path))
            }
            Backend::Postgres => self.diagnose_server(migrations),
        }
    }

    fn diagnose_server(&self, migrations: &'static Migrations) -> Result<Diagnosis, DbError> {
        let found = Arc::new(Mutex::new(Diagnosis::unknown(Kind::Server(Box::<ServerFacts>::default()))));
        let (mut slot, mut established) = pool::take(&self.pool)?;
        let (url, settings, asked) = (Arc::clone(&self.url), Arc::clone(&self.settings), Arc::clone(&found));
        // A caller without a limit for transactions still wants to see the report.
        let limit = self.answer_limit().unwrap_or(self.settings.connection_timeout);
        let asking = self.threads.run_with_deadline(Some(limit), CommitGate::default(), move |_| {
            probe_server(&mut established.connection, &url, &settings, migrations, &asked);
            Ok::<_, AttemptError<DbError>>(established)
        });
        match asking {
            Ok(established) => slot.put(established),
            Err(failure) => tracing::info!(cause = %failure.error, "the diagnosis is not complete"),
        }
        let found = found.lock();
        Ok(found.clone())
    }
}

fn tables_of_file(connection: &mut DbConnection) -> Result<Vec<String>, DbError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let tables = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') \
                  AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> '__diesel_schema_migrations' ORDER BY name";
    let rows: Vec<Row> = diesel::sql_query(tables).load(connection)?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

/// Returns a name as an SQL identifier.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
