//! Where a workload posts: in a schema or file of its own, or in a database's own tables beside real accounts.

use std::fmt;
use std::path::{Path, PathBuf};

use bank_persistence::{Backend, Bank, BankError, DatabaseUrl, DbError, SchemaState, Settings};

use crate::error::WorkloadError;

/// The schema of a workload on a server.
const SCHEMA: &str = "bank_workload";

/// A place for a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The database that was named.
    database: DatabaseUrl,
    url: DatabaseUrl,
    is_inside: bool,
}

impl Site {
    /// Returns a schema of a server's database, or a file beside an SQLite database; nothing is opened.
    ///
    /// # Errors
    ///
    /// Returns [`WorkloadError::InMemory`] for a database in memory.
    pub fn beside(database: &DatabaseUrl) -> Result<Self, WorkloadError> {
        let url = match (database.backend(), database.sqlite_path()) {
            (Backend::Postgres, _) => database.with_search_path(SCHEMA),
            (Backend::Sqlite, Some(path)) => DatabaseUrl::sqlite_file(&beside(path)),
            (Backend::Sqlite, None) => return Err(WorkloadError::InMemory),
        };
        Ok(Self { database: database.clone(), url, is_inside: false })
    }

    /// Returns the database's own tables, in which the accounts of others may be; nothing is opened.
    ///
    /// # Errors
    ///
    /// Returns [`WorkloadError::InMemory`] for a database in memory.
    pub fn inside(database: &DatabaseUrl) -> Result<Self, WorkloadError> {
        match (database.backend(), database.sqlite_path()) {
            (Backend::Sqlite, None) => Err(WorkloadError::InMemory),
            _ => Ok(Self { database: database.clone(), url: database.clone(), is_inside: true }),
        }
    }

    /// Returns whether the accounts of others may be in the same tables.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        self.is_inside
    }

    /// Returns the workload's database and the one beside which it works: neither may be overwritten by a report.
    #[must_use]
    pub fn databases(&self) -> [&DatabaseUrl; 2] {
        [&self.database, &self.url]
    }

    /// Connects, and creates the schema or the file, and the tables, if they are missing.
    ///
    /// # Errors
    ///
    /// Returns [`WorkloadError::Schema`] if the schema cannot be created, [`WorkloadError::ForeignFile`] if the file has
    /// tables of another program only, and an error if the database cannot be
    /// reached or the tables cannot be created.
    pub fn create(&self, settings: Settings) -> Result<Bank, WorkloadError> {
        if !self.is_inside && self.url.backend() == Backend::Postgres {
            let bank = Bank::connect(&self.database, settings.clone())?;
            let schema = |source: BankError| WorkloadError::Schema { schema: SCHEMA, source: Box::new(source) };
            bank.database().create_schema(SCHEMA).map_err(|source| schema(source.into()))?;
        }
        let bank = Bank::create_or_connect(&self.url, settings)?;
        let state = bank.schema_state()?;
        // The workload may upgrade its own tables, but not those of others.
        let may_upgrade = matches!(state, SchemaState::Older { .. }) && !self.is_inside;
        let is_new = matches!(state, SchemaState::NotSetUp);
        let foreign = if is_new { bank.database().tables_in_file().map_err(BankError::from)? } else { Vec::new() };
        if !foreign.is_empty() {
            return Err(WorkloadError::ForeignFile { site: self.to_string(), tables: foreign.join(", ") });
        }
        if may_upgrade || is_new {
            bank.migrate()?;
        }
        Ok(bank.require_current_schema().map(|()| bank)?)
    }

    /// Connects to what [`create`](Self::create) has made.
    ///
    /// # Errors
    ///
    /// Returns [`WorkloadError::NotInitialised`] if nothing was made, and an error if the database cannot be reached
    /// or has tables of another version.
    pub fn connect(&self, settings: Settings) -> Result<Bank, WorkloadError> {
        let bank = match Bank::connect(&self.url, settings) {
            Err(BankError::Database(DbError::FileMissing { .. })) => return Err(self.not_initialised()),
            other => other?,
        };
        match bank.schema_state()? {
            SchemaState::NotSetUp => Err(self.not_initialised()),
            _ => Ok(bank.require_current_schema().map(|()| bank)?),
        }
    }

    /// Returns the error of an operation that needs the workload's accounts.
    pub(crate) fn not_initialised(&self) -> WorkloadError {
        WorkloadError::NotInitialised { site: self.to_string(), is_inside: self.is_inside }
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.is_inside, self.url.backend()) {
            (true, _) => self.database.fmt(f),
            (false, Backend::Sqlite) => self.url.fmt(f),
            (false, Backend::Postgres) => write!(f, "schema {SCHEMA} of {}", self.database),
        }
    }
}

/// Returns `NAME-workload.db` for `NAME.db`.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_stem().unwrap_or(path.as_os_str()).to_owned();
    name.push("-workload");
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(url: &str, is_inside: bool) -> String {
        let url = url.parse().unwrap();
        if is_inside { Site::inside(&url) } else { Site::beside(&url) }.unwrap().url.to_string()
    }

    #[test]
    fn a_workload_has_a_place_of_its_own_unless_it_is_to_work_here() {
        assert_eq!(site("sqlite:/a.b/bank.db", false), "sqlite:/a.b/bank-workload.db");
        assert_eq!(site("sqlite:bank", false), "sqlite:bank-workload");
        assert_eq!(site("sqlite:bank.db", true), "sqlite:bank.db");
        assert!(site("postgres://h/d", false).contains("search_path"));
        assert_eq!(site("postgres://h/d", true), "postgres://h/d");
    }
}
