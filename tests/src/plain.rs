//! Plain SQL on a connection without bank: for checks from outside, and for doing damage.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::wait::wait_until;

/// A connection to either kind of database.
#[expect(missing_debug_implementations, reason = "connections have none")]
pub enum Plain {
    /// To a server that speaks PostgreSQL's protocol.
    Postgres(PgConnection),
    /// To an SQLite file.
    Sqlite(SqliteConnection),
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = Nullable<Text>)]
    value: Option<String>,
}

/// Loads rows of a `QueryableByName` type through either connection.
macro_rules! load {
    ($plain:expr, $sql:expr) => {
        match $plain {
            Plain::Postgres(connection) => diesel::sql_query($sql).load(connection),
            Plain::Sqlite(connection) => diesel::sql_query($sql).load(connection),
        }
        .unwrap_or_else(|error| panic!("{}: {error}", $sql))
    };
}

pub(crate) use load;

impl Plain {
    /// Connects to a server.
    ///
    /// # Panics
    ///
    /// If that fails, as does every method here.
    #[must_use]
    pub fn postgres(url: &str) -> Self {
        Self::Postgres(PgConnection::establish(url).expect("the test server accepts connections"))
    }

    /// Opens a file, and waits for other writers.
    #[must_use]
    pub fn sqlite(path: &Path) -> Self {
        let path = path.to_str().expect("temporary directories have plain names");
        let mut connection = SqliteConnection::establish(path).expect("the file can be opened");
        connection.batch_execute("PRAGMA busy_timeout = 10000").expect("the timeout can be set");
        Self::Sqlite(connection)
    }

    /// Runs statements.
    pub fn execute(&mut self, sql: &str) {
        if let Err(error) = self.try_execute(sql) {
            panic!("{sql}: {error}");
        }
    }

    /// Runs statements, or returns the error message of the database.
    ///
    /// # Errors
    ///
    /// Returns the message of the database if a statement fails.
    pub fn try_execute(&mut self, sql: &str) -> Result<(), String> {
        match self {
            Self::Postgres(connection) => connection.batch_execute(sql),
            Self::Sqlite(connection) => connection.batch_execute(sql),
        }
        .map_err(|error| error.to_string())
    }

    /// Returns the column `value`, a number, of each row.
    pub fn numbers(&mut self, sql: &str) -> Vec<i64> {
        let rows: Vec<Number> = load!(self, sql);
        rows.into_iter().map(|row| row.value).collect()
    }

    /// Returns the column `value`, a number, of the only row.
    pub fn number(&mut self, sql: &str) -> i64 {
        match self.numbers(sql)[..] {
            [number] => number,
            ref other => panic!("{sql}: {} rows", other.len()),
        }
    }

    /// Returns the column `value`, a text, of each row; NULL as the empty text.
    pub fn texts(&mut self, sql: &str) -> Vec<String> {
        let rows: Vec<Words> = load!(self, sql);
        rows.into_iter().map(|row| row.value.unwrap_or_default()).collect()
    }

    /// Waits until all other sessions in this PostgreSQL database have ended, and the server has counted what they did.
    #[track_caller]
    pub fn wait_until_alone(&mut self) {
        let others = "SELECT count(*) AS value FROM pg_stat_activity \
                      WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
        wait_until("all other sessions have ended", || self.number(others) == 0);
    }

    /// Returns whether this is embedded SQLite.
    #[must_use]
    pub const fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }
}
