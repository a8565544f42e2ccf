//! A bank's tables.

use bank_db::{DbError, Diagnosis, Migrations, SchemaState};
use diesel_migrations::embed_migrations;

use super::Bank;
use crate::error::BankError;
use crate::mark_reversals;

static MIGRATIONS: Migrations = Migrations {
    postgres: embed_migrations!("migrations/postgres"),
    sqlite: embed_migrations!("migrations/sqlite"),
    coded: &[mark_reversals::MIGRATION],
};

impl Bank {
    /// Runs the migrations that are pending and returns their names. Harmless when nothing is pending, and when several
    /// processes do it at the same moment.
    ///
    /// # Errors
    ///
    /// [`DbError::Migration`] if one fails for good. On SQLite nothing was changed then: all run in one transaction.
    pub fn migrate(&self) -> Result<Vec<String>, BankError> {
        Ok(self.database.migrate(&MIGRATIONS)?)
    }

    /// Destroys all accounts and transfers and creates the tables again.
    ///
    /// # Errors
    ///
    /// [`DbError::Migration`] if a migration fails. On a server the tables may then be partly gone; on SQLite nothing was
    /// changed.
    pub fn reset(&self) -> Result<(), BankError> {
        Ok(self.database.reset(&MIGRATIONS)?)
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
