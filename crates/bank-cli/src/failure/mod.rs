//! The failure of a command: an exit code, a stable code for programs, a message and a hint.

pub(crate) mod account_change;
mod batch;
pub mod exit_code;
pub(crate) mod file;
pub(crate) mod not_found;
pub(crate) mod rejection;
pub(crate) mod shell;
mod workload;

pub(crate) use exit_code::ExitCode;

use std::fmt::Display;
use std::io;

use bank_db::{Obstacle, WithCauses};
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

    /// Sets the hint: what the user can do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Sets the exit code.
    pub(crate) fn with_exit_code(mut self, exit_code: ExitCode) -> Self {
        self.0.exit_code = exit_code;
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
        let (exit_code, code, hint) = file::classify(error).unwrap_or_else(|| {
            let (exit_code, code, hint) = classify(error);
            (exit_code, code, hint.to_owned())
        });
        Self::new(exit_code, code, WithCauses(error)).hint(hint)
    }
}

impl From<BankError> for Failure {
    fn from(error: BankError) -> Self {
        Self::from(&error)
    }
}

/// What to do if a pooler does not pass the search path on.
const DIRECTLY: &str = "a pooler does not pass the search path on: connect directly to the server; a workload can work in the \
                        database's own tables with --here";

/// What to do if the database holds another application's tables.
pub(crate) const OWN_PLACE: &str = "give bank a database or a schema of its own: name another database in the URL, or on a \
                                    server add ?options=-csearch_path%3Dbank after CREATE SCHEMA bank";

/// Returns the exit code, the code and the hint.
fn classify(error: &BankError) -> (ExitCode, &'static str, &'static str) {
    match error {
        BankError::Database(DbError::Url(_)) => (
            ExitCode::Usage,
            "invalid_database_url",
            "write sqlite:path/to/file.db or postgres://user:password@host:port/database",
        ),
        BankError::Database(error @ DbError::Unavailable { .. }) => {
            (ExitCode::CannotConnect, "unavailable", connection_hint(error.obstacle()))
        }
        BankError::Database(DbError::WrongSchema { .. }) => (ExitCode::CannotConnect, "wrong_schema", DIRECTLY),
        BankError::Database(DbError::FileMissing { .. }) => {
            (ExitCode::CannotConnect, "unavailable", "create the directory, or name another file in the URL")
        }
        BankError::Database(DbError::PoolTimeout { .. }) => {
            (ExitCode::CannotConnect, "pool_timeout", "the server accepts no further connection now: try again later")
        }
        BankError::Database(DbError::SchemaOutOfDate { state }) => match state {
            SchemaState::NotSetUp => (ExitCode::Other, "not_set_up", "run `bank-cli setup`"),
            SchemaState::Foreign { .. } => (ExitCode::Other, "schema_foreign", OWN_PLACE),
            SchemaState::Newer { .. } => {
                (ExitCode::Other, "schema_newer", "a newer bank-cli has set this database up: use that one")
            }
            _ => (ExitCode::Other, "schema_older", "run `bank-cli setup`, which keeps all data"),
        },
        BankError::AccountExists { .. } => {
            (ExitCode::Rejected, "account_exists", "names are unique: see those taken with `bank-cli list`")
        }
        BankError::CurrencyUnknown { .. } => (
            ExitCode::Usage,
            "currency_unknown",
            "write a code of ISO 4217, such as EUR, or add it first: bank-cli currency add CODE --scale N",
        ),
        BankError::JournalKeyMissing { .. } => (
            ExitCode::Other,
            "journal_key_missing",
            "nothing was posted: add the key again (`bank-cli doctor` names those that are missing), and look for ids that \
             stand twice with `bank-cli verify`",
        ),
        BankError::AccountIdTaken => (
            ExitCode::Other,
            "account_id_taken",
            "run in the database: SELECT setval(pg_get_serial_sequence('accounts', 'id'), (SELECT max(id) FROM accounts))",
        ),
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
        BankError::Database(error) if error.is_refusal() => {
            (ExitCode::Other, "database_error", database_hint(error.obstacle()))
        }
        _ => (ExitCode::Other, "database_error", database_hint(Obstacle::Other)),
    }
}

fn database_hint(obstacle: Obstacle) -> &'static str {
    match obstacle {
        Obstacle::Disk => {
            "free some space on the database's disk, then run the same command again; nothing was changed"
        }
        Obstacle::ReadOnly => {
            "nothing can be written: the server is a replica, an administrator has frozen the database \
             (default_transaction_read_only), or the file has no write permission; see which with `bank-cli doctor`"
        }
        Obstacle::Permission => "ask for the missing privileges, or connect as another user",
        Obstacle::SharedSession => {
            "a pooler hands each session to others between transactions: add --no-prepare to a workload, and use \
             Session::Pooled in a program"
        }
        Obstacle::RowSecurity => {
            "row-level security hides rows from this user: connect as the owner of the tables, or as a role with BYPASSRLS"
        }
        Obstacle::StatementTimeout => {
            "the server ends statements after a limit: allow more seconds with --statement-timeout"
        }
        _ => "the database's message says why; look for its cause with `bank-cli doctor`",
    }
}

fn connection_hint(obstacle: Obstacle) -> &'static str {
    match obstacle {
        Obstacle::NotADatabase => "name another file in the URL; this one was not touched",
        Obstacle::UnknownOption => {
            "leave this option out: libpq does not know it (load_balance and topology_keys belong to other drivers)"
        }
        Obstacle::CannotOpen => {
            "check that the directory exists, that the path is a file, and that you may read and write it"
        }
        Obstacle::Certificate => "check sslmode and sslrootcert in the URL, and that the certificate names this host",
        Obstacle::Credentials => "check user and password in the URL, or PGPASSWORD",
        Obstacle::StartupParameter => DIRECTLY,
        Obstacle::TooManyConnections => "close connections of other programs, or try again later",
        Obstacle::UnknownHost => "check the host in the URL",
        Obstacle::MissingDatabase => "create the database first, or name another in the URL",
        Obstacle::Unreachable => "check that the server runs and that host and port in the URL are right",
        Obstacle::Permission => "check the permissions of the file and its directory",
        _ => "check that the file or server in the URL exists; -v says where the URL comes from",
    }
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
    fn a_full_disk_is_an_error_and_a_closed_pipe_is_not() {
        let failure = |kind| Failure::from(io::Error::from(kind));
        assert_eq!(failure(io::ErrorKind::BrokenPipe).exit_code(), ExitCode::Ok);
        let full = failure(io::ErrorKind::StorageFull);
        assert_eq!((full.exit_code(), full.code()), (ExitCode::Other, "output_failed"));
    }

    #[test]
    fn messages_are_one_line() {
        for (text, line) in [("first\n  second\n", "first; second"), ("red: \u{1b}[31m", "red: \\u{1b}[31m")] {
            assert_eq!(Failure::new(ExitCode::Other, "x", text).message(), line);
        }
    }

    #[test]
    fn connection_hints_follow_the_reason() {
        let hint = |reason: &str| {
            let error = DbError::Unavailable { target: String::new(), reason: reason.to_owned() };
            Failure::from(BankError::from(error)).hint_line().unwrap_or_default().to_owned()
        };
        assert!(hint("SSL error: certificate verify failed").contains("sslrootcert"));
        assert!(hint("password authentication failed").contains("PGPASSWORD"));
        assert!(hint("Connection refused").contains("server runs"));
    }
}
