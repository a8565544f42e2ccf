//! The failure of a command: an exit code, a stable code for programs, a message and a hint.

pub mod exit_code;
pub(crate) mod not_found;
pub(crate) mod rejection;
pub(crate) mod shell;

pub(crate) use exit_code::ExitCode;

mod batch;

use std::error::Error;
use std::fmt::Display;
use std::io;

use bank_persistence::{BankError, DbError, SchemaState};

/// The failure of a command.
#[derive(Debug)]
pub(crate) struct Failure(Box<Report>);

/// What the user sees of a failure.
#[derive(Debug)]
struct Report {
    exit_code: ExitCode,
    code: &'static str,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// Returns a failure without a hint; `code` is stable, for programs.
    pub(crate) fn new(exit_code: ExitCode, code: &'static str, message: impl Display) -> Self {
        Self(Box::new(Report { exit_code, code, message: one_line(&message.to_string()), hint: None }))
    }

    /// Returns the failure for an error that the caller keeps.
    pub(crate) fn of(error: &BankError) -> Self {
        Self::from(error)
    }

    /// Sets the hint: what the user can do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Returns the exit code of the process.
    pub(crate) fn exit_code(&self) -> ExitCode {
        self.0.exit_code
    }

    /// Returns the stable code.
    pub(crate) fn code(&self) -> &'static str {
        self.0.code
    }

    /// Returns the message, one line.
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the hint, one line.
    pub(crate) fn hint_line(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

/// Only for writes to standard output.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            // The reader of standard output has closed it, as in `bank-cli list | head -1`. This is not an error.
            return Self::new(ExitCode::Ok, "output_closed", "standard output is closed");
        }
        let message = format!("cannot write to standard output: {error}");
        Self::new(ExitCode::Other, "output_failed", message)
            .hint("the command may have taken effect: check before you repeat it")
    }
}

impl From<&BankError> for Failure {
    fn from(error: &BankError) -> Self {
        let (exit_code, code, hint) = classify(error);
        let failure = Self::new(exit_code, code, with_causes(error));
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl From<BankError> for Failure {
    fn from(error: BankError) -> Self {
        Self::from(&error)
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
            "the database may contain tables of another program: name a separate database in the URL",
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

/// Chooses the hint by the database's message; nothing else depends on that message.
fn database_hint(reason: &str) -> &'static str {
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if says(&["disk is full", "disk I/O error", "No space left"]) {
        "free some space on the database's disk, then run the same command again; nothing was changed"
    } else if says(&["readonly database", "read-only transaction"]) {
        "the database is read-only: check the permissions of the file, or name the primary server in the URL"
    } else if says(&["permission denied"]) {
        "ask for the missing privileges, or connect as another user"
    } else {
        "see which database is used with -v"
    }
}

/// Chooses the hint by libpq's message, because libpq gives no code; nothing else depends on that message.
fn connection_hint(reason: &str) -> &'static str {
    let reason = reason.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if says(&["not a database"]) {
        "name another file in the URL; this one was not touched"
    } else if says(&["invalid uri query parameter"]) {
        "leave this option out: libpq does not know it (load_balance and topology_keys belong to other drivers)"
    } else if says(&["unable to open"]) {
        "check that the directory exists, that the path is a file, and that you may read and write it"
    } else if says(&["certificate", "ssl", "tls"]) {
        "check sslmode and sslrootcert in the URL, and that the certificate names this host"
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
        "check the permissions of the file and its directory"
    } else {
        "check that the file or server in the URL exists; -v says where the URL comes from"
    }
}

/// Joins the messages of an error and its causes, because no message repeats its cause.
fn with_causes(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // Only transparent variants do.
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        cause = error.source();
    }
    message
}

/// Joins the lines of a text and escapes control characters; what the user typed may contain both.
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
    fn a_closed_pipe_is_not_an_error() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(failure.exit_code(), ExitCode::Ok);
    }

    #[test]
    fn a_full_disk_is_an_error() {
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
