//! A fact that a database was asked for.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use thiserror::Error;

use crate::connection::DbConnection;
use crate::error::{AttemptError, DbError};

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

#[derive(QueryableByName)]
pub(super) struct TextRow {
    #[diesel(sql_type = Nullable<Text>)]
    pub(super) value: Option<String>,
}

#[derive(QueryableByName)]
struct NumberRow {
    #[diesel(sql_type = Nullable<BigInt>)]
    value: Option<i64>,
}

/// Returns the column `value`, a text that is there, of the only row.
pub(super) fn text(connection: &mut DbConnection, sql: &str) -> Fact<String> {
    let row: TextRow = diesel::sql_query(sql).get_result(connection)?;
    row.value.ok_or_else(|| Unknown::because("the database answers NULL"))
}

/// Returns the column `value`, a number or NULL, of the only row.
pub(super) fn number(connection: &mut DbConnection, sql: &str) -> Fact<Option<i64>> {
    let row: NumberRow = diesel::sql_query(sql).get_result(connection)?;
    Ok(row.value)
}
