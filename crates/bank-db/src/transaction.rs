//! Opening and closing transactions, the only place that does.
//!
//! A function that opens a transaction closes it: the functions here begin one, hand the connection to a body, and commit or roll
//! back as the body decides. Only they can tell a failure before COMMIT, which changed nothing, from a failure at COMMIT,
//! which may have changed everything.

use std::convert::Infallible;

use diesel::connection::{
    AnsiTransactionManager, Connection, SimpleConnection, TransactionManager, TransactionManagerStatus,
};
use diesel::pg::PgConnection;
use diesel::result::Error as DieselError;

use crate::connection::{DbConnection, give_up};
use crate::deadline::CommitGate;
use crate::error::{AttemptError, DbError};
use crate::retry::{Retryable, Transient, is_not_committed};
use crate::settings::{Settings, milliseconds};

/// How the body of a transaction ends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision<T, R> {
    /// Commit, and return this.
    Commit(T),
    /// Roll back, and return this: nothing was changed, and nothing went wrong.
    RollBack(R),
}

impl<T> Decision<T, Infallible> {
    /// Returns the value of a body that never rolls back by decision.
    #[must_use]
    pub fn committed(self) -> T {
        match self {
            Self::Commit(value) => value,
            Self::RollBack(never) => match never {},
        }
    }
}

/// Runs the body in a transaction that may write, and ends it as the body decides, but commits only if the gate is still
/// open then.
///
/// On servers: at the isolation level and with the timeouts of the settings, which end with the transaction. On SQLite:
/// with the write lock from the beginning, because a transaction that reads first and writes later fails right away when
/// another has written in between.
///
/// # Errors
///
/// Returns the body's error after a rollback, an error if BEGIN or COMMIT fails, and [`DbError::GivenUp`] if the gate is
/// closed. [`DbError::FileReplaced`] says that the SQLite file is no longer where it was. Only a COMMIT that may have taken
/// effect sets `commit_unknown`: one without an answer, or with an error that is not known to mean the opposite.
pub fn write<T, R, E: Retryable>(
    gate: &CommitGate,
    connection: &mut DbConnection,
    settings: &Settings,
    body: impl FnOnce(&mut DbConnection) -> Result<Decision<T, R>, E>,
) -> Result<Decision<T, R>, AttemptError<E>> {
    let begin = begin_write_sql(connection, settings);
    run(gate, connection, &begin, body)
}

/// Runs a body of one statement that writes, and so is a transaction by itself: it commits with the statement, and the
/// caller that waits for the attempt can no longer stop it then. `None` from the body says that it has written nothing.
///
/// # Errors
///
/// Returns the body's error, and [`DbError::GivenUp`] if the gate is closed. The body says whether the statement may have
/// been committed all the same, see [`may_be_committed`](crate::retry::may_be_committed).
pub fn autocommit<T, E: Retryable>(
    gate: &CommitGate,
    connection: &mut DbConnection,
    body: impl FnOnce(&mut DbConnection) -> Result<Option<T>, AttemptError<E>>,
) -> Result<Option<T>, AttemptError<E>> {
    if !gate.pass() {
        return Err(given_up());
    }
    let result = body(connection);
    give_up_if_lost(connection, result.as_ref().err().map(|failure| &failure.error));
    match result {
        // The caller would not learn what a transaction did that began now.
        Ok(None) if !gate.reopen() => Err(given_up()),
        result => result,
    }
}

/// Runs a body of one statement that only reads, and so needs no transaction.
///
/// # Errors
///
/// Returns the body's error.
pub fn query<T, E: Retryable>(
    connection: &mut DbConnection,
    body: impl FnOnce(&mut DbConnection) -> Result<T, E>,
) -> Result<T, E> {
    let result = body(connection);
    give_up_if_lost(connection, result.as_ref().err());
    result
}

/// Outside of transactions Diesel does not notice that a connection was lost.
fn give_up_if_lost<E: Retryable>(connection: &mut DbConnection, error: Option<&E>) {
    if error.and_then(Retryable::transient) == Some(Transient::ConnectionLost) {
        give_up(connection);
    }
}

/// Runs the body in a transaction that only reads, and sees one snapshot from its first statement to its last.
///
/// On servers row-level security is off: where a policy would hide rows, the server rejects the statement instead, as it does
/// for `pg_dump`. A sum or an export of a part must not look like that of the whole.
///
/// # Errors
///
/// Returns the body's error, or an error if BEGIN or COMMIT fails. No outcome is unknown here: nothing was written.
pub fn read<T, E: Retryable>(
    connection: &mut DbConnection,
    settings: &Settings,
    body: impl FnOnce(&mut DbConnection) -> Result<T, E>,
) -> Result<T, E> {
    let begin = match connection {
        DbConnection::Postgres(_) => {
            let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL row_security = off";
            let limit =
                settings.read_timeout.map(|limit| format!("; SET LOCAL statement_timeout = {}", milliseconds(limit)));
            format!("{begin}{}", limit.unwrap_or_default())
        }
        // SQLite's transactions are all free to write; the connection is not, as long as this holds.
        DbConnection::Sqlite(_) => "PRAGMA query_only = ON; BEGIN DEFERRED".to_owned(),
    };
    let result = run(&CommitGate::default(), connection, &begin, |connection| body(connection).map(Decision::Commit));
    if let DbConnection::Sqlite(sqlite) = connection
        && let Err(error) = sqlite.batch_execute("PRAGMA query_only = OFF")
    {
        tracing::debug!(%error, "the connection stays read-only and is given up");
        give_up(connection);
    }
    result.map(Decision::committed).map_err(|failure| failure.error)
}

/// Returns what opens a transaction that may write. On servers BEGIN and the timeouts are one text, so that they cost one
/// round trip and leave nothing behind in the session, which a pooler may hand to another client.
fn begin_write_sql(connection: &DbConnection, settings: &Settings) -> String {
    if let DbConnection::Sqlite(_) = connection {
        return "BEGIN IMMEDIATE".to_owned();
    }
    let isolation = settings.isolation.sql();
    let timeouts = [
        ("statement_timeout", settings.statement_timeout),
        ("lock_timeout", settings.lock_timeout),
        ("idle_in_transaction_session_timeout", settings.idle_in_transaction_timeout),
    ];
    // Whether it may write is left to the database: an administrator who has frozen it with default_transaction_read_only
    // would lose what is posted after the copy.
    timeouts.iter().fold(format!("BEGIN ISOLATION LEVEL {isolation}"), |sql, (name, limit)| {
        format!("{sql}; SET LOCAL {name} = {}", milliseconds(*limit))
    })
}

/// Runs the body between BEGIN and what it decides. Commits only if the gate is still open then.
fn run<T, R, E: Retryable>(
    gate: &CommitGate,
    connection: &mut DbConnection,
    begin_sql: &str,
    body: impl FnOnce(&mut DbConnection) -> Result<Decision<T, R>, E>,
) -> Result<Decision<T, R>, AttemptError<E>> {
    begin(connection, begin_sql).map_err(E::from)?;
    let failure = match body(connection) {
        Ok(Decision::Commit(_)) if !gate.pass() => given_up(),
        Ok(Decision::Commit(value)) => match gate.before_commit() {
            Ok(()) => return commit_through(gate, connection).map(|()| Decision::Commit(value)),
            Err(replaced) => E::from(replaced).into(),
        },
        Ok(rolled_back @ Decision::RollBack(_)) => {
            discard(connection);
            return Ok(rolled_back);
        }
        Err(error) => error.into(),
    };
    discard(connection);
    Err(failure)
}

fn commit_through<E: Retryable>(gate: &CommitGate, connection: &mut DbConnection) -> Result<(), AttemptError<E>> {
    commit(connection).map_err(|error| {
        let commit_unknown = !is_not_committed(&error);
        AttemptError { error: DbError::Commit(error).into(), commit_unknown }
    })?;
    gate.after_commit();
    Ok(())
}

fn given_up<E: Retryable>() -> AttemptError<E> {
    E::from(DbError::GivenUp).into()
}

fn begin(connection: &mut DbConnection, sql: &str) -> Result<(), DbError> {
    let begun = match connection {
        DbConnection::Postgres(postgres) => AnsiTransactionManager::begin_transaction_sql(postgres, sql),
        DbConnection::Sqlite(sqlite) => AnsiTransactionManager::begin_transaction_sql(sqlite, sql),
    };
    begun.map_err(|error| {
        // The text can fail in its second half, with the transaction open.
        discard(connection);
        DbError::Statement(error)
    })
}

fn commit(connection: &mut DbConnection) -> Result<(), DieselError> {
    match connection {
        DbConnection::Postgres(postgres) => commit_postgres(postgres),
        DbConnection::Sqlite(sqlite) => AnsiTransactionManager::commit_transaction(sqlite),
    }
}

/// Commits, and notices when there is nothing left to commit.
///
/// After a failed statement whose error the body has swallowed, PostgreSQL answers COMMIT with ROLLBACK, and Diesel
/// takes that for success. The SELECT before it, in the same round trip, fails then, and COMMIT is not reached.
fn commit_postgres(connection: &mut PgConnection) -> Result<(), DieselError> {
    match connection.batch_execute("SELECT 1; COMMIT") {
        Ok(()) => {
            *AnsiTransactionManager::transaction_manager_status_mut(connection) = TransactionManagerStatus::default();
            Ok(())
        }
        Err(error) => {
            discard_after(rollback(connection));
            Err(error)
        }
    }
}

/// Rolls back. If that fails too, Diesel holds the connection for broken and the pool drops it, so that no open
/// transaction is left behind; the error that led here is the one to report.
fn discard(connection: &mut DbConnection) {
    let rolled_back = match connection {
        DbConnection::Postgres(postgres) => rollback(postgres),
        DbConnection::Sqlite(sqlite) => rollback(sqlite),
    };
    discard_after(rolled_back);
}

fn discard_after(rolled_back: Result<(), DieselError>) {
    if let Err(error) = rolled_back {
        tracing::debug!(%error, "rollback failed; the connection is given up");
    }
}

fn rollback<C>(connection: &mut C) -> Result<(), DieselError>
where
    C: Connection<TransactionManager = AnsiTransactionManager>,
{
    match AnsiTransactionManager::rollback_transaction(connection) {
        Err(DieselError::NotInTransaction) => connection.batch_execute("ROLLBACK"),
        other => other,
    }
}

#[cfg(test)]
mod tests;
