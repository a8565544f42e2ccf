//! One line of the report.

use std::fmt::Display;

use bank_db::diagnosis::{Fact, Unknown};
use serde::Serialize;
use serde_json::Value;

use crate::failure::one_line;

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Ok,
    /// It works, but could be better.
    Warn,
    /// It does not work, or breaks a guarantee.
    Fail,
    /// The database does not say.
    Unknown,
}

/// One check and its result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Check {
    pub(crate) check: &'static str,
    pub(crate) status: Status,
    pub(crate) finding: String,
    /// What the user can do.
    pub(crate) advice: Option<String>,
    /// The figures behind the finding, for programs.
    pub(crate) value: Value,
}

impl Check {
    /// Returns a check that found no problem.
    pub(crate) fn ok(check: &'static str, finding: impl Display) -> Self {
        Self::new(check, Status::Ok, finding, None)
    }

    /// Returns a check that found a possible improvement.
    pub(crate) fn warn(check: &'static str, finding: impl Display, advice: impl Into<String>) -> Self {
        Self::new(check, Status::Warn, finding, Some(advice.into()))
    }

    /// Returns a check that found a problem.
    pub(crate) fn fail(check: &'static str, finding: impl Display, advice: impl Into<String>) -> Self {
        Self::new(check, Status::Fail, finding, Some(advice.into()))
    }

    /// Returns a check of a fact that the database does not report.
    pub(crate) fn unknown(check: &'static str, unknown: &Unknown) -> Self {
        Self::new(check, Status::Unknown, unknown, None)
    }

    /// Judges a fact, or reports that it is unknown.
    pub(crate) fn from_fact<T>(check: &'static str, fact: &Fact<T>, judge: impl FnOnce(&T) -> Self) -> Self {
        match fact {
            Ok(fact) => judge(fact),
            Err(unknown) => Self::unknown(check, unknown),
        }
    }

    /// Adds advice to a check that found no problem.
    pub(crate) fn advice(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }

    /// Sets the figures.
    pub(crate) fn value(self, value: Value) -> Self {
        Self { value, ..self }
    }

    fn new(check: &'static str, status: Status, finding: impl Display, advice: Option<String>) -> Self {
        Self { check, status, finding: one_line(&finding.to_string()), advice, value: Value::Null }
    }
}
