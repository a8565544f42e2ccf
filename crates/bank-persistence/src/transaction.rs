//! Opening and closing transactions, the only place that does. Knows nothing of accounts.
//!
//! Whoever opens a transaction closes it: the functions here begin one, hand the connection to a body and commit or
//! roll back. They are the only way to tell a failure before COMMIT, which changed nothing, from one at COMMIT, which
//! may have changed everything.

use std::time::Duration;

use diesel::connection::{
    AnsiTransactionManager, Connection, SimpleConnection, TransactionManager, TransactionManagerStatus,
};
use diesel::pg::PgConnection;
use diesel::result::Error as DieselError;

use crate::attempt::CommitGate;
use crate::connection::{DbConnection, give_up};
use crate::error::BankError;
use crate::retry::{AttemptError, Transient, classify, may_be_committed};
use crate::settings::{Settings, milliseconds};

/// Runs the body in a transaction that may write, and commits it if the body succeeds.
///
/// On servers: at the isolation level and with the timeouts of the settings, which end with the transaction. On SQLite:
/// with the write lock from the beginning, because a transaction that reads first and writes later fails at once when
/// another has written in between.
///
/// # Errors
///
/// The body's error, after a rollback; or the database's at BEGIN or COMMIT. Only a COMMIT without an answer sets
/// `commit_unknown`.
pub fn write<T>(
    connection: &mut DbConnection,
    settings: &Settings,
    body: impl FnOnce(&mut DbConnection) -> Result<T, BankError>,
) -> Result<T, AttemptError> {
    write_through(&CommitGate::default(), connection, settings, body)
}

/// Does what [`write()`] does, and commits only if the gate is still open then.
pub(crate) fn write_through<T>(
    gate: &CommitGate,
    connection: &mut DbConnection,
    settings: &Settings,
    body: impl FnOnce(&mut DbConnection) -> Result<T, BankError>,
) -> Result<T, AttemptError> {
    let begin = begin_write_sql(connection, settings, settings.lock_timeout);
    run(gate, connection, &begin, body)
}

/// Does what [`write()`] does, but waits for no lock longer than `lock_timeout`, and rolls back if the body returns
/// `None`.
pub(crate) fn try_write_through<T>(
    gate: &CommitGate,
    connection: &mut DbConnection,
    settings: &Settings,
    lock_timeout: Duration,
    body: impl FnOnce(&mut DbConnection) -> Result<Option<T>, BankError>,
) -> Result<Option<T>, AttemptError> {
    begin(connection, &begin_write_sql(connection, settings, lock_timeout))?;
    match body(connection).transpose() {
        None => {
            discard(connection);
            Ok(None)
        }
        Some(result) => finish(gate, connection, result).map(Some),
    }
}

/// Runs a body of one statement, which is a transaction by itself: it commits with the statement that writes, and
/// whoever waits for the attempt can no longer stop it then. `None` from the body says that it has written nothing.
///
/// # Errors
///
/// The body's; `commit_unknown` unless the database has refused the statement.
pub(crate) fn write_at_once<T>(
    gate: &CommitGate,
    connection: &mut DbConnection,
    body: impl FnOnce(&mut DbConnection) -> Result<Option<T>, BankError>,
) -> Result<Option<T>, AttemptError> {
    if !gate.pass() {
        return Err(BankError::GivenUp.into());
    }
    let result = body(connection);
    give_up_if_lost(connection, &result);
    match result {
        // Nobody would learn what a transaction did that began now.
        Ok(None) if !gate.reopen() => Err(BankError::GivenUp.into()),
        Ok(outcome) => Ok(outcome),
        Err(error) => {
            let commit_unknown = match &error {
                BankError::Database(error) => may_be_committed(error),
                BankError::ConcurrentPosting => false,
                // What is wrong was found in the answer, when the statement was committed already.
                _ => true,
            };
            Err(AttemptError { error, commit_unknown })
        }
    }
}

/// Runs a body of one statement that only reads, and so needs no transaction.
///
/// # Errors
///
/// The body's.
pub(crate) fn read_at_once<T>(
    connection: &mut DbConnection,
    body: impl FnOnce(&mut DbConnection) -> Result<T, BankError>,
) -> Result<T, AttemptError> {
    let result = body(connection);
    give_up_if_lost(connection, &result);
    result.map_err(AttemptError::from)
}

/// Outside of transactions Diesel does not notice that a connection was lost.
fn give_up_if_lost<T>(connection: &mut DbConnection, result: &Result<T, BankError>) {
    if result.as_ref().err().and_then(classify) == Some(Transient::ConnectionLost) {
        give_up(connection);
    }
}

/// Runs the body in a transaction that only reads, and sees one snapshot from its first statement to its last.
///
/// # Errors
///
/// As for [`write()`]; a lost answer to COMMIT is no unknown outcome here.
pub fn read<T>(
    connection: &mut DbConnection,
    body: impl FnOnce(&mut DbConnection) -> Result<T, BankError>,
) -> Result<T, BankError> {
    let begin = match connection {
        DbConnection::Postgres(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        // SQLite's transactions are all free to write; the connection is not, as long as this holds.
        DbConnection::Sqlite(_) => "PRAGMA query_only = ON; BEGIN DEFERRED",
    };
    let result = run(&CommitGate::default(), connection, begin, body).map_err(|failure| failure.error);
    if let DbConnection::Sqlite(sqlite) = connection
        && let Err(error) = sqlite.batch_execute("PRAGMA query_only = OFF")
    {
        tracing::debug!(%error, "the connection stays read-only and is given up");
        give_up(connection);
    }
    result
}

/// Returns what opens a transaction that may write. On servers BEGIN and the timeouts are one text, so that they cost
/// one round trip and leave nothing behind in the session, which a pooler may hand to somebody else.
fn begin_write_sql(connection: &DbConnection, settings: &Settings, lock_timeout: Duration) -> String {
    if let DbConnection::Sqlite(_) = connection {
        return "BEGIN IMMEDIATE".to_owned();
    }
    let isolation = settings.isolation.sql();
    let timeouts = [
        ("statement_timeout", settings.statement_timeout),
        ("lock_timeout", lock_timeout),
        ("idle_in_transaction_session_timeout", settings.idle_in_transaction_timeout),
    ];
    timeouts.iter().fold(format!("BEGIN ISOLATION LEVEL {isolation} READ WRITE"), |sql, (name, limit)| {
        format!("{sql}; SET LOCAL {name} = {}", milliseconds(*limit))
    })
}

fn run<T>(
    gate: &CommitGate,
    connection: &mut DbConnection,
    begin_sql: &str,
    body: impl FnOnce(&mut DbConnection) -> Result<T, BankError>,
) -> Result<T, AttemptError> {
    begin(connection, begin_sql)?;
    let result = body(connection);
    finish(gate, connection, result)
}

fn begin(connection: &mut DbConnection, sql: &str) -> Result<(), BankError> {
    let begun = match connection {
        DbConnection::Postgres(postgres) => AnsiTransactionManager::begin_transaction_sql(postgres, sql),
        DbConnection::Sqlite(sqlite) => AnsiTransactionManager::begin_transaction_sql(sqlite, sql),
    };
    begun.map_err(|error| {
        // The text can fail in its second half, with the transaction open.
        discard(connection);
        BankError::Database(error)
    })
}

/// Commits if the body succeeded and the gate is still open, and rolls back otherwise.
fn finish<T>(
    gate: &CommitGate,
    connection: &mut DbConnection,
    result: Result<T, BankError>,
) -> Result<T, AttemptError> {
    match result {
        Ok(_) if !gate.pass() => {
            discard(connection);
            Err(BankError::GivenUp.into())
        }
        Ok(value) => match commit(connection) {
            Ok(()) => Ok(value),
            Err(error) => Err(commit_failure(error)),
        },
        Err(error) => {
            discard(connection);
            Err(error.into())
        }
    }
}

/// Says whether a failed COMMIT may have taken effect all the same: not if the database itself answered that it failed.
fn commit_failure(error: DieselError) -> AttemptError {
    let commit_unknown = may_be_committed(&error);
    AttemptError { error: BankError::Database(error), commit_unknown }
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
