//! Facts about a database and the way to it, for finding the cause of trouble. Judges nothing.
//!
//! Each fact is asked for by itself: what one server does not know is [`Unknown`], and the others are asked all the same.

mod server;
mod sqlite;

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use thiserror::Error;

use crate::connection::DbConnection;
use crate::error::{AttemptError, DbError};
use crate::migrate::Migrations;
use crate::schema_state::SchemaState;

pub(crate) use server::probe as probe_server;
pub(crate) use sqlite::probe as probe_sqlite;

pub use server::{Clock, Encryption, ServerFacts, Standby, WriteSession};
pub use sqlite::SqliteFacts;

/// How many times the way to the database and back is measured.
pub const ROUND_TRIPS: usize = 20;

/// A fact, or why it is not known.
pub type Fact<T> = Result<T, Unknown>;

/// Why a fact is not known: what the database said, or that it was not asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{reason}")]
pub struct Unknown {
    reason: String,
}

impl Unknown {
    /// The database gave no answer before it came to this question.
    pub(crate) fn not_asked() -> Self {
        Self { reason: "not asked".to_owned() }
    }

    /// Returns why, in words.
    pub fn because(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

impl From<diesel::result::Error> for Unknown {
    fn from(error: diesel::result::Error) -> Self {
        Self::because(error.to_string())
    }
}

impl From<DbError> for Unknown {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Statement(error) => error.into(),
            other => Self::because(other.to_string()),
        }
    }
}

impl From<AttemptError<DbError>> for Unknown {
    fn from(failure: AttemptError<DbError>) -> Self {
        failure.error.into()
    }
}

/// What is known about a database.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// What each statement that does nothing took, there and back, the shortest first.
    pub round_trips: Fact<Vec<Duration>>,
    /// The state of the tables.
    pub schema: Fact<SchemaState>,
    /// What only one kind of database has.
    pub kind: Kind,
}

/// What only one kind of database has.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A server that speaks PostgreSQL's protocol.
    Server(Box<ServerFacts>),
    /// An SQLite file.
    Sqlite(SqliteFacts),
}

impl Diagnosis {
    /// Returns a diagnosis in which nothing is known yet.
    pub(crate) fn unknown(kind: Kind) -> Self {
        Self { round_trips: Err(Unknown::not_asked()), schema: Err(Unknown::not_asked()), kind }
    }
}

/// Asks what every kind of database knows.
pub(crate) fn probe_any(
    connection: &mut DbConnection,
    migrations: &Migrations,
) -> (Fact<Vec<Duration>>, Fact<SchemaState>) {
    (round_trips(connection), migrations.state(connection).map_err(Unknown::from))
}

fn round_trips(connection: &mut DbConnection) -> Fact<Vec<Duration>> {
    let mut taken = Vec::with_capacity(ROUND_TRIPS);
    for _ in 0..ROUND_TRIPS {
        let started = Instant::now();
        // Sent as it is, without being prepared first, and so in one round trip.
        connection.batch_execute("SELECT 1")?;
        taken.push(started.elapsed());
    }
    taken.sort_unstable();
    Ok(taken)
}

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Nullable<Text>)]
    value: Option<String>,
}

#[derive(QueryableByName)]
struct NumberRow {
    #[diesel(sql_type = Nullable<BigInt>)]
    value: Option<i64>,
}

/// Returns the column `value`, a text that is there, of the only row.
fn text(connection: &mut DbConnection, sql: &str) -> Fact<String> {
    let row: TextRow = diesel::sql_query(sql).get_result(connection)?;
    row.value.ok_or_else(|| Unknown::because("the database answers NULL"))
}

/// Returns the column `value`, a number or NULL, of the only row.
fn number(connection: &mut DbConnection, sql: &str) -> Fact<Option<i64>> {
    let row: NumberRow = diesel::sql_query(sql).get_result(connection)?;
    Ok(row.value)
}
