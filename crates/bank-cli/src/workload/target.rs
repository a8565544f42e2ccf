//! Where a workload works: in a schema or file of its own, or, if that is what is asked for, in the database itself.

use std::path::{Path, PathBuf};

use bank_persistence::{Backend, Bank, BankError, DatabaseUrl, DbError, SchemaState, Settings};

use crate::configuration::Location;
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::same_file::refuse_database;

/// The schema of a workload on a server.
const SCHEMA: &str = "bank_workload";

/// A place for a workload.
#[derive(Debug)]
pub(crate) struct Target {
    /// The database that was named.
    database: DatabaseUrl,
    url: DatabaseUrl,
    is_here: bool,
}

impl Target {
    /// Returns where the workload works; nothing is opened.
    pub(crate) fn find(location: &Location, is_here: bool) -> Result<Self, Failure> {
        let database = location.url.clone();
        let url = match (is_here, database.backend()) {
            (true, _) => database.clone(),
            (false, Backend::Postgres) => database.with_search_path(SCHEMA),
            (false, Backend::Sqlite) => match database.sqlite_path() {
                Some(path) => DatabaseUrl::sqlite_file(&beside(path)),
                None => return Err(in_memory()),
            },
        };
        match url.sqlite_path() {
            None if url.backend() == Backend::Sqlite => Err(in_memory()),
            _ => Ok(Self { database, url, is_here }),
        }
    }

    /// Returns whether the accounts of others may be in the same tables.
    pub(crate) fn is_here(&self) -> bool {
        self.is_here
    }

    /// Refuses to write over the workload's files, and over the database beside which it works.
    pub(crate) fn refuse_database(&self, path: &Path) -> Result<(), Failure> {
        [&self.database, &self.url].into_iter().try_for_each(|url| refuse_database(url, path))
    }

    /// Says where that is.
    pub(crate) fn describe(&self) -> String {
        match (self.is_here, self.url.backend()) {
            (true, _) => self.database.to_string(),
            (false, Backend::Sqlite) => self.url.to_string(),
            (false, Backend::Postgres) => format!("schema {SCHEMA} of {}", self.database),
        }
    }

    /// Connects, and makes what is missing: the schema or the file, and the tables.
    pub(crate) fn create(&self, context: &Context<'_>, location: &Location) -> Result<Bank, Failure> {
        if !self.is_here && self.url.backend() == Backend::Postgres {
            let bank = Bank::connect(&self.database, context.settings())?;
            bank.create_schema(SCHEMA).map_err(|error| {
                Failure::new(
                    ExitCode::Other,
                    "no_workload_schema",
                    format!("cannot create the schema {SCHEMA}: {error}"),
                )
                .hint("let somebody create it for you, or use a database made for this with --here")
            })?;
        }
        let place = Location { url: self.url.clone(), source: location.source.clone() };
        let bank = context.connect_or_create(&place)?;
        match bank.schema_state()? {
            SchemaState::NotSetUp => bank.migrate().map(|_| ())?,
            // The workload's own tables are nobody else's to keep as they are; those of others are.
            SchemaState::Older { .. } if !self.is_here => bank.migrate().map(|_| ())?,
            _ => bank.require_current_schema()?,
        }
        Ok(bank)
    }

    /// Connects to what `create` has made.
    pub(crate) fn connect(&self, settings: Settings) -> Result<Bank, Failure> {
        let bank = match Bank::connect(&self.url, settings) {
            Err(BankError::Database(DbError::FileMissing { .. })) => return Err(self.missing()),
            other => other?,
        };
        match bank.schema_state()? {
            SchemaState::NotSetUp => Err(self.missing()),
            _ => Ok(bank.require_current_schema().map(|()| bank)?),
        }
    }

    /// Returns the failure of a command that needs the workload's accounts.
    pub(crate) fn missing(&self) -> Failure {
        let here = if self.is_here { " --here" } else { "" };
        Failure::new(ExitCode::Other, "no_workload", format!("there is no workload in {}", self.describe()))
            .hint(format!("run `bank-cli workload init{here}`"))
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

fn in_memory() -> Failure {
    Failure::new(ExitCode::Usage, "in_memory", "a database in memory is gone when `workload init` ends")
        .hint("name a file, such as sqlite:bank.db")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::UrlSource;

    fn target(url: &str, is_here: bool) -> String {
        let location = Location { url: url.parse().unwrap(), source: UrlSource::Option };
        Target::find(&location, is_here).unwrap().url.to_string()
    }

    #[test]
    fn a_workload_has_a_place_of_its_own_unless_it_is_to_work_here() {
        assert_eq!(target("sqlite:/a.b/bank.db", false), "sqlite:/a.b/bank-workload.db");
        assert_eq!(target("sqlite:bank", false), "sqlite:bank-workload");
        assert_eq!(target("sqlite:bank.db", true), "sqlite:bank.db");
        assert!(target("postgres://h/d", false).contains("search_path"));
        assert_eq!(target("postgres://h/d", true), "postgres://h/d");
    }
}
