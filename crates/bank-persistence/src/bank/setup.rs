//! The database behind a bank, and its tables.

use bank_db::{DbError, Diagnosis, Engine, Migrations, SchemaState};
use diesel_migrations::embed_migrations;

use super::Bank;
use crate::error::BankError;

static MIGRATIONS: Migrations =
    Migrations { postgres: embed_migrations!("migrations/postgres"), sqlite: embed_migrations!("migrations/sqlite") };

impl Bank {
    /// Asks the database which software it is.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn engine(&self) -> Result<Engine, BankError> {
        Ok(self.database.engine()?)
    }

    /// Returns the database's name: on a server its own, on SQLite the file's path or `:memory:`.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn database_name(&self) -> Result<String, BankError> {
        Ok(self.database.name()?)
    }

    /// Runs the migrations that are pending and returns their names. Harmless when nothing is pending, and when several
    /// processes do it at the same moment.
    ///
    /// # Errors
    ///
    /// [`DbError::Migration`] if one fails for good.
    pub fn migrate(&self) -> Result<Vec<String>, BankError> {
        Ok(self.database.migrate(&MIGRATIONS)?)
    }

    /// Destroys all accounts and transfers and creates the tables again.
    ///
    /// # Errors
    ///
    /// [`DbError::Migration`] if a migration fails; the tables may then be partly gone.
    pub fn reset(&self) -> Result<(), BankError> {
        Ok(self.database.reset(&MIGRATIONS)?)
    }

    /// Creates a schema on a server if it is missing, as a database within the database; connect to it with
    /// [`DatabaseUrl::with_search_path`](bank_db::DatabaseUrl::with_search_path).
    ///
    /// # Errors
    ///
    /// Returns an error if the statement fails, for example because the user may not create schemas.
    pub fn create_schema(&self, name: &str) -> Result<(), BankError> {
        Ok(self.database.create_schema(name)?)
    }

    /// Destroys a schema and everything in it.
    ///
    /// # Errors
    ///
    /// Returns an error if the statement fails.
    pub fn drop_schema(&self, name: &str) -> Result<(), BankError> {
        Ok(self.database.drop_schema(name)?)
    }

    /// Compares the database's tables with what this program expects.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn schema_state(&self) -> Result<SchemaState, BankError> {
        Ok(self.database.schema_state(&MIGRATIONS)?)
    }

    /// Makes sure that the database's tables are as this program expects.
    ///
    /// # Errors
    ///
    /// [`DbError::SchemaOutOfDate`] if they are not.
    pub fn require_current_schema(&self) -> Result<(), BankError> {
        match self.schema_state()? {
            SchemaState::Current => Ok(()),
            state => Err(DbError::SchemaOutOfDate { state }.into()),
        }
    }

    /// Asks the database everything that helps to find the cause of trouble; changes nothing. What it does not know, or
    /// does not answer within the settings' answer timeout, is unknown.
    ///
    /// # Errors
    ///
    /// [`DbError::PoolTimeout`] if no connection becomes free; no other.
    pub fn diagnose(&self) -> Result<Diagnosis, BankError> {
        Ok(self.database.diagnose(&MIGRATIONS)?)
    }
}
