//! Plain SQL, for making and checking ledgers and for the floors.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::failure::Failure;

/// A connection to either kind of database.
pub(crate) enum Sql {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = Text)]
    value: String,
}

impl Sql {
    /// Connects to a server.
    pub(crate) fn postgres(url: &str) -> Result<Self, Failure> {
        Ok(Self::Postgres(PgConnection::establish(url)?))
    }

    /// Opens a file.
    pub(crate) fn sqlite(path: &Path) -> Result<Self, Failure> {
        let mut connection = SqliteConnection::establish(&path.display().to_string())?;
        connection.batch_execute("PRAGMA busy_timeout = 60000")?;
        Ok(Self::Sqlite(connection))
    }

    /// Runs statements.
    pub(crate) fn execute(&mut self, sql: &str) -> Result<(), Failure> {
        Ok(match self {
            Self::Postgres(connection) => connection.batch_execute(sql),
            Self::Sqlite(connection) => connection.batch_execute(sql),
        }?)
    }

    /// Returns the column `value`, a number, of the only row.
    pub(crate) fn number(&mut self, sql: &str) -> Result<i64, Failure> {
        let row: Number = match self {
            Self::Postgres(connection) => diesel::sql_query(sql).get_result(connection),
            Self::Sqlite(connection) => diesel::sql_query(sql).get_result(connection),
        }?;
        Ok(row.value)
    }

    /// Returns the column `value`, a text, of the only row.
    pub(crate) fn text(&mut self, sql: &str) -> Result<String, Failure> {
        let row: Words = match self {
            Self::Postgres(connection) => diesel::sql_query(sql).get_result(connection),
            Self::Sqlite(connection) => diesel::sql_query(sql).get_result(connection),
        }?;
        Ok(row.value)
    }
}
