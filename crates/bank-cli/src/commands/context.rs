//! What every command needs: a place to print, and a way to the database.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use bank_db::Place;
use bank_persistence::{Bank, BankError, DbError, RetryEvent, RetryObserver, SchemaState, Settings};

use super::UsedDatabase;
use crate::args::{GlobalArgs, Location, ValueSource, location};
use crate::failure::{ExitCode, Failure, shell};
use crate::output::{Messages, Terminal};

const UNVERIFIED: &str = "the server's certificate is not verified: add sslmode=verify-full&sslrootcert=system, or the CA's file, to the URL";

const MOUNTED: &str = "the database file is mounted by itself: what others have written to its log elsewhere is not seen here; mount its directory";

/// The surroundings of one run of a command.
pub(crate) struct Context<'a> {
    /// Takes the data; everything else goes through `messages`.
    pub(crate) out: &'a mut dyn Write,
    pub(crate) messages: Messages,
    /// The properties of standard output.
    pub(crate) terminal: Terminal,
    /// The options that every command takes, as typed.
    pub(crate) global: GlobalArgs,
    /// Returns the whole program, for the commands that print what clap knows about it.
    pub(crate) program: fn() -> clap::Command,
    /// The database that the command uses.
    pub(crate) used: UsedDatabase,
}

impl Context<'_> {
    /// Returns the connection settings as typed, with their defaults.
    pub(crate) fn settings(&self) -> Settings {
        let settings = self.global.connection.settings();
        let (messages, limit) = (self.messages, settings.retry.elapsed_max.as_secs_f32());
        let is_noted = AtomicBool::new(false);
        let note = move |event: &RetryEvent| {
            if event.operation == "connecting" && !is_noted.swap(true, Ordering::Relaxed) {
                messages.note(&format!("cannot connect yet; trying again for up to {limit} s (--retry-time)"));
            }
        };
        Settings { on_retry: Some(RetryObserver::new(note)), ..settings }
    }

    /// Returns the value of `--database-url` as typed.
    pub(crate) fn typed_database_url(&self) -> Option<&str> {
        self.global.database_url.as_deref()
    }

    /// Returns the option that chose the database, with a space before it, for a command that the user can run next. It is
    /// empty if the environment chose the database, and stands for the URL if that has a secret.
    pub(crate) fn database_option(&self) -> String {
        let Some(typed) = self.typed_database_url() else { return String::new() };
        let is_secretless = Location::find(Some(typed)).is_ok_and(|location| location.url.to_string() == typed);
        format!(" --database-url {}", shell::quote(if is_secretless { typed } else { "<the same URL>" }))
    }

    /// Prints a note about the data that was printed so far, after that data.
    pub(crate) fn note_after_data(&mut self, text: &str) -> Result<(), Failure> {
        self.out.flush()?;
        self.messages.note(text);
        Ok(())
    }

    /// Finds the database's URL and, with `-v`, says which it is.
    pub(crate) fn locate(&self) -> Result<Location, Failure> {
        let location = Location::find(self.typed_database_url())?;
        location.notes.iter().for_each(|note| self.messages.note(note));
        let source = location::what_named(&location.source);
        self.messages.detail(&format!("database: {} (from {source})", location.url));
        if location.url.trusts_unverified_host() {
            self.messages.note(UNVERIFIED);
        }
        Ok(location)
    }

    /// Connects to a database that is set up.
    pub(crate) fn connect(&self) -> Result<Bank, Failure> {
        self.connect_to(&self.locate()?, self.settings())
    }

    /// Connects to a database that is set up, with settings of its own.
    pub(crate) fn connect_to(&self, location: &Location, settings: Settings) -> Result<Bank, Failure> {
        let bank = self.open(location, settings)?;
        if bank.database().place() == Place::MountedByItself {
            self.messages.note(MOUNTED);
        }
        bank.require_current_schema()?;
        Ok(bank)
    }

    /// Connects to an existing database, whatever the state of its tables.
    pub(crate) fn open(&self, location: &Location, settings: Settings) -> Result<Bank, Failure> {
        self.used.opening(&location.url);
        let connect = || Bank::connect(&location.url, settings);
        let connected = self.messages.while_waiting("connecting", connect).inspect(|bank| self.used.opened(bank));
        connected.map_err(|error| {
            // If only the file is missing, the user has to run setup.
            if !matches!(error, BankError::Database(DbError::FileMissing { .. })) || !location.is_absent_file() {
                return Failure::from(error);
            }
            let message = format!("the database {} is not set up", location.url);
            Failure::new(ExitCode::Other, "not_set_up", message).hint("run `bank-cli setup`")
        })
    }

    /// Connects to a database that may not be set up yet, and creates its file if it is missing.
    ///
    /// A file of another program is left as it is. A program that wants bank's tables in the file of its own creates them
    /// itself, with [`Bank::migrate`].
    pub(crate) fn connect_or_create(&self, location: &Location) -> Result<Bank, Failure> {
        create_data_directory(location)?;
        self.used.opening(&location.url);
        let connect = || Bank::create_or_connect(&location.url, self.settings());
        let bank = self.messages.while_waiting("connecting", connect)?;
        self.used.opened(&bank);
        if matches!(bank.schema_state()?, SchemaState::NotSetUp) {
            let tables = bank.database().tables_in_file().map_err(BankError::from)?;
            // Another process may have set the file up between the two looks.
            if !tables.is_empty() && matches!(bank.schema_state()?, SchemaState::NotSetUp) {
                return Err(foreign_file(location, &tables));
            }
        }
        Ok(bank)
    }
}

/// Returns the failure for a file that has tables, but not bank's.
fn foreign_file(location: &Location, tables: &[String]) -> Failure {
    const NAMED_MAX: usize = 3;
    let (named, others) = tables.split_at(tables.len().min(NAMED_MAX));
    let others = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
    let (url, named) = (&location.url, named.join(", "));
    let message = format!("{url} is the file of another program, with the tables {named}{others}; it was not changed");
    Failure::new(ExitCode::Other, "foreign_file", message)
        .hint("name a file for bank alone, such as --database-url sqlite:ledger.db")
}

/// Creates the directory of the default database, the one that is used when none is named.
pub(crate) fn create_data_directory(location: &Location) -> Result<(), Failure> {
    let path = location.url.sqlite_path().filter(|_| location.source == ValueSource::Default);
    let Some(directory) = path.and_then(|path| path.parent()) else {
        return Ok(());
    };
    std::fs::create_dir_all(directory).map_err(|error| {
        let message = format!("cannot create the directory {}: {error}", directory.display());
        Failure::new(ExitCode::CannotConnect, "unavailable", message)
            .hint("give --database-url, such as sqlite:bank.db")
    })
}
