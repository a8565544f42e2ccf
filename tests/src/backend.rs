//! The backends that every conformance test runs on.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::database::{ExtraSchema, PostgresDatabase, SqliteFile, TestDatabase};
use crate::postgres::PoolMode;

/// The variable that names an additional server.
pub const EXTRA_SERVER_VARIABLE: &str = "BANK_TEST_URL";

/// The backend of a test. It makes the private databases that the test needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestBackend {
    /// Files of embedded SQLite.
    Sqlite,
    /// Databases of the PostgreSQL server that the tests start.
    Postgres,
    /// The same through PgBouncer.
    Pooled(PoolMode),
    /// Schemas on the server that `BANK_TEST_URL` names.
    Extra,
}

impl TestBackend {
    /// Returns a private database with bank's tables and without accounts.
    #[must_use]
    pub fn database(self) -> TestDatabase {
        match self {
            Self::Sqlite => TestDatabase::Sqlite(SqliteFile::migrated()),
            Self::Postgres => TestDatabase::Postgres(PostgresDatabase::migrated()),
            Self::Pooled(mode) => TestDatabase::Postgres(PostgresDatabase::migrated().pooled(mode)),
            Self::Extra => TestDatabase::Extra(ExtraSchema::migrated()),
        }
    }

    /// Returns a private database without tables.
    #[must_use]
    pub fn empty_database(self) -> TestDatabase {
        match self {
            Self::Sqlite => TestDatabase::Sqlite(SqliteFile::empty()),
            Self::Postgres => TestDatabase::Postgres(PostgresDatabase::empty()),
            Self::Pooled(mode) => TestDatabase::Postgres(PostgresDatabase::empty().pooled(mode)),
            Self::Extra => TestDatabase::Extra(ExtraSchema::empty()),
        }
    }

    /// Returns the directory of the backend's migrations below `migrations/`.
    #[must_use]
    pub const fn migrations(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres | Self::Pooled(_) | Self::Extra => "postgres",
        }
    }

    /// Announces this backend, once in each process, even though test output is captured.
    pub fn announce(self) {
        static SAID: [AtomicBool; 5] = [const { AtomicBool::new(false) }; 5];
        let place = match self {
            Self::Sqlite => 0,
            Self::Postgres => 1,
            Self::Extra => 2,
            Self::Pooled(PoolMode::Session) => 3,
            Self::Pooled(PoolMode::Transaction) => 4,
        };
        if !SAID[place].swap(true, Ordering::Relaxed) {
            let through = match self {
                Self::Pooled(PoolMode::Session) => " through PgBouncer in session mode",
                Self::Pooled(PoolMode::Transaction) => " through PgBouncer in transaction mode",
                _ => "",
            };
            say(&format!("conformance: runs on {}{through}", self.engine()));
        }
    }

    fn engine(self) -> String {
        let engine = self.empty_database().bank().database().engine();
        engine.expect("the database says what it is").to_string()
    }
}

/// Returns the URL of the additional server, if there is one.
#[must_use]
pub fn extra_server_url() -> Option<String> {
    std::env::var(EXTRA_SERVER_VARIABLE).ok().filter(|url| !url.is_empty())
}

/// Prints a line that is visible even if the test passes.
pub fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("stderr is open");
}
