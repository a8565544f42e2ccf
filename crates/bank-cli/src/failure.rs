//! What a command can fail with: exit code, stable code for programs, message, hint.

mod workload;

use std::error::Error as _;
use std::fmt::Display;
use std::io;

use bank_persistence::{BankError, DbError, SchemaState};

use crate::exit_code::ExitCode;

/// The failure of a command.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody reads standard output any more, as in `bank-cli list | head -1`: no error at all.
    OutputClosed,
    /// To be told to the user.
    Told(Box<Told>),
}

/// The parts of a failure that the user sees.
#[derive(Debug)]
pub(crate) struct Told {
    exit_code: ExitCode,
    code: &'static str,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// Returns a failure without a hint; `code` is stable, for programs.
    pub(crate) fn new(exit_code: ExitCode, code: &'static str, message: impl Display) -> Self {
        Self::Told(Box::new(Told { exit_code, code, message: one_line(&message.to_string()), hint: None }))
    }

    /// Returns the failure for an error that somebody else may need, too.
    pub(crate) fn of(error: &BankError) -> Self {
        let (exit_code, code, hint) = classify(error);
        let failure = Self::new(exit_code, code, with_causes(error));
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }

    /// Sets the hint: what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Self::Told(told) = &mut self {
            told.hint = Some(hint.into());
        }
        self
    }

    /// Returns the exit code of the process.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::OutputClosed => ExitCode::Ok,
            Self::Told(told) => told.exit_code,
        }
    }

    /// Returns the stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::OutputClosed => "output_closed",
            Self::Told(told) => told.code,
        }
    }

    /// Returns the message, one line.
    pub(crate) fn message(&self) -> &str {
        match self {
            Self::OutputClosed => "standard output is closed",
            Self::Told(told) => &told.message,
        }
    }

    /// Returns the hint, one line.
    pub(crate) fn hint_line(&self) -> Option<&str> {
        match self {
            Self::OutputClosed => None,
            Self::Told(told) => told.hint.as_deref(),
        }
    }
}

/// Only writes to standard output end here.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::OutputClosed;
        }
        let message = format!("cannot write to standard output: {error}");
        Self::new(ExitCode::Other, "output_failed", message)
            .hint("the command itself may have been carried out: look before you repeat it")
    }
}

impl From<BankError> for Failure {
    fn from(error: BankError) -> Self {
        Self::of(&error)
    }
}

fn classify(error: &BankError) -> (ExitCode, &'static str, Option<String>) {
    let (exit_code, code, hint) = match error {
        BankError::Database(DbError::Url(_)) => (
            ExitCode::Usage,
            "invalid_database_url",
            "write sqlite:path/to/file.db or postgres://user:password@host:port/database",
        ),
        BankError::Database(DbError::Unavailable { reason, .. }) => {
            (ExitCode::CannotConnect, "unavailable", connection_hint(reason))
        }
        BankError::Database(DbError::FileMissing { .. }) => {
            (ExitCode::CannotConnect, "unavailable", "create the directory, or name another file in the URL")
        }
        BankError::Database(DbError::PoolTimeout { .. }) => {
            (ExitCode::CannotConnect, "pool_timeout", "the server accepts no further connection now: try again later")
        }
        BankError::Database(DbError::SchemaOutOfDate { state }) => schema_failure(state),
        BankError::AccountExists { .. } => {
            (ExitCode::Rejected, "account_exists", "names are unique: see those taken with `bank-cli list`")
        }
        BankError::RetriesExhausted { .. } => {
            (ExitCode::RetriesExhausted, "retries_exhausted", "nothing was changed: run the same command again later")
        }
        BankError::OutcomeUnknown { .. } => (
            ExitCode::OutcomeUnknown,
            "outcome_unknown",
            "run the same transfer again with the same --id: it is never posted twice",
        ),
        BankError::Database(DbError::Migration { .. }) => (
            ExitCode::Other,
            "migration_failed",
            "the database may hold tables of something else: name one of its own in the URL",
        ),
        BankError::Corrupt { .. } => (ExitCode::Other, "corrupt", "run `bank-cli verify`"),
        BankError::InvariantViolation { .. } => (ExitCode::Other, "invariant_violation", "run `bank-cli verify`"),
        BankError::Database(DbError::Statement(error)) => {
            (ExitCode::Other, "database_error", database_hint(&error.to_string()))
        }
        _ => (ExitCode::Other, "database_error", "see which database is used with -v"),
    };
    (exit_code, code, Some(hint.to_owned()))
}

fn schema_failure(state: &SchemaState) -> (ExitCode, &'static str, &'static str) {
    match state {
        SchemaState::NotSetUp => (ExitCode::Other, "not_set_up", "run `bank-cli setup`"),
        SchemaState::Newer { .. } => {
            (ExitCode::Other, "schema_newer", "a newer bank-cli has set this database up: use that one")
        }
        _ => (ExitCode::Other, "schema_older", "run `bank-cli setup`, which keeps all data"),
    }
}

/// Chooses the hint from the database's words; only the hint depends on them.
fn database_hint(reason: &str) -> &'static str {
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if says(&["disk is full", "disk I/O error", "No space left"]) {
        "make room on the disk that holds the database, then run the same command again; nothing was changed"
    } else if says(&["readonly database", "read-only transaction"]) {
        "the database can only be read: check who may write the file, or name the primary server in the URL"
    } else if says(&["permission denied"]) {
        "ask for the rights that are missing, or connect as another user"
    } else {
        "see which database is used with -v"
    }
}

/// Chooses the hint from libpq's words: it gives no code, and only the hint depends on them.
fn connection_hint(reason: &str) -> &'static str {
    let reason = reason.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if says(&["not a database"]) {
        "name another file in the URL; this one was not touched"
    } else if says(&["invalid uri query parameter"]) {
        "leave this option out: libpq does not know it, nor load_balance or topology_keys of other drivers"
    } else if says(&["unable to open"]) {
        "check that the directory exists, that it is a file, and who may read and write it"
    } else if says(&["certificate", "ssl", "tls"]) {
        "check sslmode and sslrootcert in the URL, and that the host is the one in the certificate"
    } else if says(&["password", "authentication", "role", "no pg_hba.conf entry"]) {
        "check user and password in the URL, or PGPASSWORD"
    } else if says(&["translate host name", "resolve"]) {
        "check the host in the URL"
    } else if says(&["database \""]) {
        "create the database first, or name another in the URL"
    } else if says(&[
        "refused",
        "timeout",
        "timed out",
        "no route",
        "unreachable",
        "could not connect",
        "connection to server",
    ]) {
        "check that the server runs and that host and port in the URL are right"
    } else if says(&["permission", "readonly", "read-only"]) {
        "check who may read and write the file and its directory"
    } else {
        "check that the file or server in the URL is there; -v says where the URL comes from"
    }
}

/// Joins an error and its causes: each text leaves its cause out.
fn with_causes(error: &BankError) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // Transparent variants repeat their cause.
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        cause = error.source();
    }
    message
}

/// Joins lines and shows control characters as escapes: what was typed may hold either.
pub(crate) fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let joined = lines.collect::<Vec<_>>().join("; ");
    if !joined.contains(char::is_control) {
        return joined;
    }
    let escape = |c: char| {
        if c.is_control() { c.escape_default().to_string() } else { c.to_string() }
    };
    joined.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_no_error() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(failure.exit_code(), ExitCode::Ok);
    }

    #[test]
    fn a_full_disk_is_one() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(failure.exit_code(), ExitCode::Other);
        assert_eq!(failure.code(), "output_failed");
    }

    #[test]
    fn messages_are_one_line() {
        let failure = Failure::new(ExitCode::Other, "x", "first\n  second\n");
        assert_eq!(failure.message(), "first; second");
        let failure = Failure::new(ExitCode::Other, "x", "red: \u{1b}[31m");
        assert_eq!(failure.message(), "red: \\u{1b}[31m");
    }

    #[test]
    fn connection_hints_follow_the_reason() {
        assert!(connection_hint("SSL error: certificate verify failed").contains("sslrootcert"));
        assert!(connection_hint("password authentication failed").contains("PGPASSWORD"));
        assert!(connection_hint("Connection refused").contains("server runs"));
    }
}
