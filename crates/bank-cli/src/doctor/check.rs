//! One line of the report.

use std::fmt::Display;

use bank_db::diagnosis::Unknown;
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
    #[serde(flatten)]
    pub(crate) judgement: Judgement,
}

/// The result of a check, and the reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Judgement {
    pub(crate) status: Status,
    pub(crate) finding: String,
    /// What the user can do.
    pub(crate) advice: Option<String>,
    /// The figures behind the finding, for programs.
    pub(crate) value: Value,
}

/// A judgement, or why the fact that it needs is unknown.
pub(super) type Judged<'a> = Result<Judgement, &'a Unknown>;

impl Check {
    /// Returns a check with its result.
    pub(super) fn new(check: &'static str, judged: Judged<'_>) -> Self {
        let judgement = judged.unwrap_or_else(|unknown| Judgement::new(Status::Unknown, unknown, None));
        Self { check, judgement }
    }
}

impl Judgement {
    /// Finds no problem.
    pub(crate) fn ok(finding: impl Display) -> Self {
        Self::new(Status::Ok, finding, None)
    }

    /// Finds a possible improvement.
    pub(crate) fn warn(finding: impl Display, advice: impl Into<String>) -> Self {
        Self::new(Status::Warn, finding, Some(advice.into()))
    }

    /// Finds a problem.
    pub(crate) fn fail(finding: impl Display, advice: impl Into<String>) -> Self {
        Self::new(Status::Fail, finding, Some(advice.into()))
    }

    /// Adds advice although there is no problem.
    pub(super) fn advice(self, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }

    /// Sets the figures.
    pub(super) fn value(self, value: Value) -> Self {
        Self { value, ..self }
    }

    fn new(status: Status, finding: impl Display, advice: Option<String>) -> Self {
        Self { status, finding: one_line(&finding.to_string()), advice, value: Value::Null }
    }
}
