//! A private database for each test, dropped when the test ends.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use bank_persistence::{Bank, DatabaseUrl, Session, Settings};
use tempfile::TempDir;

use crate::backend::{EXTRA_SERVER_VARIABLE, extra_server_url};
use crate::plain::Plain;
use crate::postgres::{self, PgBouncer, PoolMode};
use crate::wait::wait_until;

/// A private database.
#[derive(Debug)]
pub enum TestDatabase {
    /// On embedded SQLite.
    Sqlite(SqliteFile),
    /// On the tests' own PostgreSQL server.
    Postgres(PostgresDatabase),
    /// On the server that `BANK_TEST_URL` names.
    Extra(ExtraSchema),
}

impl TestDatabase {
    /// Returns the database's URL in parsed form.
    #[must_use]
    pub fn url(&self) -> DatabaseUrl {
        match self {
            Self::Sqlite(file) => DatabaseUrl::sqlite_file(&file.path()),
            Self::Postgres(database) => parse(&database.url_text()),
            Self::Extra(extra) => parse(&extra.server).with_search_path(&extra.schema),
        }
    }

    /// Returns the database's URL as it is typed on a command line.
    ///
    /// # Panics
    ///
    /// For a further server: the end-to-end tests do not run there.
    #[must_use]
    pub fn url_text(&self) -> String {
        match self {
            Self::Sqlite(file) => format!("sqlite:{}", file.path().display()),
            Self::Postgres(database) => postgres::shared().socket_url(&database.name),
            Self::Extra(_) => panic!("the end-to-end tests do not run on a further server"),
        }
    }

    /// Returns the URL of this PostgreSQL database through the port of a proxy. It turns encryption off, because the
    /// proxy reads the messages.
    ///
    /// # Panics
    ///
    /// If the database is not on PostgreSQL.
    #[must_use]
    pub fn url_through(&self, port: u16) -> String {
        let Self::Postgres(PostgresDatabase { name, .. }) = self else { panic!("{self:?} is not on PostgreSQL") };
        let (user, password) = (postgres::USER, postgres::PASSWORD);
        format!("postgres://{user}:{password}@127.0.0.1:{port}/{name}?sslmode=disable")
    }

    /// Connects with the default settings.
    ///
    /// # Panics
    ///
    /// If that fails.
    #[must_use]
    pub fn bank(&self) -> Bank {
        self.bank_with(Settings::default())
    }

    /// Connects with other settings.
    ///
    /// # Panics
    ///
    /// If that fails.
    #[must_use]
    pub fn bank_with(&self, settings: Settings) -> Bank {
        let is_shared = matches!(self, Self::Postgres(PostgresDatabase { mode: Some(PoolMode::Transaction), .. }));
        let session =
            if is_shared && settings.session == Session::Dedicated { Session::Pooled } else { settings.session };
        let settings = Settings { session, ..settings };
        Bank::create_or_connect(&self.url(), settings).expect("the test database can be reached")
    }

    /// Returns a plain connection, without bank.
    #[must_use]
    pub fn plain(&self) -> Plain {
        match self {
            Self::Sqlite(file) => Plain::sqlite(&file.path()),
            Self::Postgres(database) => Plain::postgres(&postgres::shared().socket_url(&database.name)),
            Self::Extra(extra) => {
                let mut plain = Plain::postgres(&extra.server);
                plain.execute(&format!("SET search_path TO {}", extra.schema));
                plain
            }
        }
    }

    /// Returns a connection that keeps all others from posting until it is dropped.
    #[must_use]
    pub fn keep_writers_out(&self) -> Plain {
        let mut plain = self.plain();
        plain.execute(if self.is_sqlite() { "BEGIN IMMEDIATE" } else { "BEGIN; SELECT 1 FROM accounts FOR UPDATE" });
        plain
    }

    /// Waits until a session of this PostgreSQL database waits for a lock.
    ///
    /// # Panics
    ///
    /// If none does.
    #[track_caller]
    pub fn wait_for_blocked_session(&self) {
        let blocked = "SELECT count(*) AS value FROM pg_stat_activity \
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let mut plain = self.plain();
        wait_until("a session waits for a lock", || plain.number(blocked) > 0);
    }

    /// Waits until all other sessions in this database have ended: until then the server may still carry out what a
    /// killed process had sent. SQLite has no sessions.
    ///
    /// # Panics
    ///
    /// If a session stays.
    #[track_caller]
    pub fn wait_until_all_sessions_end(&self) {
        if !self.is_sqlite() {
            self.plain().wait_until_alone();
        }
    }

    /// Returns whether this is embedded SQLite.
    #[must_use]
    pub const fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }
}

/// An SQLite file in a directory of its own.
#[derive(Debug)]
pub struct SqliteFile {
    directory: TempDir,
}

impl SqliteFile {
    pub(crate) fn empty() -> Self {
        Self { directory: tempfile::tempdir().expect("a temporary directory can be made") }
    }

    pub(crate) fn migrated() -> Self {
        let file = Self::empty();
        migrate(&DatabaseUrl::sqlite_file(&file.path()));
        file
    }

    fn path(&self) -> PathBuf {
        Path::join(self.directory.path(), "bank.db")
    }
}

/// A database of the tests' own PostgreSQL server.
#[derive(Debug)]
pub struct PostgresDatabase {
    name: String,
    /// The pooler through which bank reaches it; everything else reaches it directly.
    mode: Option<PoolMode>,
}

/// A migrated database; the database of each test is a copy.
static TEMPLATE: LazyLock<PostgresDatabase> = LazyLock::new(|| {
    let template = PostgresDatabase::empty();
    migrate(&parse(&postgres::shared().socket_url(&template.name)));
    template
});

impl PostgresDatabase {
    pub(crate) fn empty() -> Self {
        Self::copy_of("template0")
    }

    pub(crate) fn migrated() -> Self {
        Self::copy_of(&TEMPLATE.name)
    }

    /// Lets bank reach the database through the pooler.
    pub(crate) fn pooled(self, mode: PoolMode) -> Self {
        let mut database = self;
        database.mode = Some(mode);
        database
    }

    fn url_text(&self) -> String {
        let pooler = self.mode.map(|mode| PgBouncer::shared(mode).expect("the test has asked for it"));
        pooler.map_or_else(|| postgres::shared().socket_url(&self.name), |pooler| pooler.url(&self.name))
    }

    fn copy_of(template: &str) -> Self {
        let name = format!("test_{}", next_number());
        let sql = format!("CREATE DATABASE {name} TEMPLATE {template}");
        // Autovacuum may be using the template at this moment.
        wait_until("nobody else uses the template", || match administrate(&sql) {
            Ok(()) => true,
            Err(error) => {
                assert!(error.contains("is being accessed by other users"), "{sql}: {error}");
                false
            }
        });
        Self { name, mode: None }
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let name = &self.name;
        let end_sessions = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        let dropped = administrate(&end_sessions).and_then(|()| administrate(&format!("DROP DATABASE {name}")));
        if let Err(error) = dropped {
            // The server ends with the process, and the database with it.
            eprintln!("cannot drop {name}: {error}");
        }
    }
}

fn administrate(sql: &str) -> Result<(), String> {
    Plain::postgres(&postgres::shared().socket_url("postgres")).try_execute(sql)
}

/// A schema on the server that `BANK_TEST_URL` names.
#[derive(Debug)]
pub struct ExtraSchema {
    server: String,
    schema: String,
}

impl ExtraSchema {
    pub(crate) fn empty() -> Self {
        let server = extra_server_url().unwrap_or_else(|| panic!("{EXTRA_SERVER_VARIABLE} is not set"));
        let schema = format!("bank_test_{}_{}", std::process::id(), next_number());
        Plain::postgres(&server).execute(&format!("CREATE SCHEMA {schema}"));
        Self { server, schema }
    }

    pub(crate) fn migrated() -> Self {
        let extra = Self::empty();
        migrate(&parse(&extra.server).with_search_path(&extra.schema));
        extra
    }
}

impl Drop for ExtraSchema {
    fn drop(&mut self) {
        let sql = format!("DROP SCHEMA {} CASCADE", self.schema);
        if let Err(error) = Plain::postgres(&self.server).try_execute(&sql) {
            eprintln!("cannot drop the schema {}: {error}", self.schema);
        }
    }
}

fn next_number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn parse(url: &str) -> DatabaseUrl {
    url.parse().expect("the harness writes valid URLs")
}

fn migrate(url: &DatabaseUrl) {
    let bank = Bank::create_or_connect(url, Settings::one_shot()).expect("the test database can be reached");
    bank.migrate().expect("the migrations run");
}
