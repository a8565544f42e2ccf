//! What is behind the connection, and bringing its tables into being.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::Bank;
use crate::database_url::Backend;
use crate::engine::Engine;
use crate::error::BankError;
use crate::migrate::{self, SchemaState};

impl Bank {
    /// Asks the database which software it is.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn engine(&self) -> Result<Engine, BankError> {
        match self.backend() {
            Backend::Sqlite => Ok(Engine::Sqlite),
            Backend::Postgres => {
                let version = self.ask("SELECT version() AS answer")?;
                Ok(Engine::from_version_text(&version))
            }
        }
    }

    /// Returns the database's name: on a server its own, on SQLite the file's path or `:memory:`.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn database_name(&self) -> Result<String, BankError> {
        match (self.backend(), self.url.sqlite_path()) {
            (Backend::Postgres, _) => self.ask("SELECT current_database()::text AS answer"),
            (Backend::Sqlite, Some(path)) => Ok(path.display().to_string()),
            (Backend::Sqlite, None) => Ok(":memory:".to_owned()),
        }
    }

    fn ask(&self, sql: &'static str) -> Result<String, BankError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            answer: String,
        }
        self.run("asking the server", move |connection| {
            Ok(diesel::sql_query(sql).get_result::<Row>(connection)?.answer)
        })
    }

    /// Runs the migrations that are pending and returns their names. Harmless when there are none, and when several
    /// processes do it at once.
    ///
    /// # Errors
    ///
    /// [`BankError::Migration`] if one fails for good.
    pub fn migrate(&self) -> Result<Vec<String>, BankError> {
        self.with_connection(migrate::run_pending)?
    }

    /// Destroys all accounts and transfers and makes the tables anew.
    ///
    /// # Errors
    ///
    /// [`BankError::Migration`] if a migration fails; the tables may then be partly gone.
    pub fn reset(&self) -> Result<(), BankError> {
        self.with_connection(|connection| {
            migrate::revert_all(connection)?;
            migrate::run_pending(connection).map(|_| ())
        })?
    }

    /// Creates a schema on a server if it is missing, as a database within the database; connect to it with
    /// [`DatabaseUrl::with_search_path`](crate::DatabaseUrl::with_search_path).
    ///
    /// # Errors
    ///
    /// The database's, for example that the user may not.
    pub fn create_schema(&self, name: &str) -> Result<(), BankError> {
        self.execute("creating a schema", format!("CREATE SCHEMA IF NOT EXISTS {}", quoted(name)))
    }

    /// Destroys a schema and everything in it.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn drop_schema(&self, name: &str) -> Result<(), BankError> {
        self.execute("dropping a schema", format!("DROP SCHEMA IF EXISTS {} CASCADE", quoted(name)))
    }

    fn execute(&self, operation: &'static str, statement: String) -> Result<(), BankError> {
        self.write(operation, move |connection| Ok(connection.batch_execute(&statement)?))
    }

    /// Compares the database's tables with what this program expects.
    ///
    /// # Errors
    ///
    /// The database's.
    pub fn schema_state(&self) -> Result<SchemaState, BankError> {
        self.run("reading the schema's version", migrate::state)
    }

    /// Makes sure that the database's tables are as this program expects.
    ///
    /// # Errors
    ///
    /// [`BankError::SchemaOutOfDate`] if they are not.
    pub fn require_current_schema(&self) -> Result<(), BankError> {
        match self.schema_state()? {
            SchemaState::Current => Ok(()),
            state => Err(BankError::SchemaOutOfDate { state }),
        }
    }
}

/// Returns a name as an SQL identifier.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
