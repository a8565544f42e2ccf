//! What is tried again, how often, and what is known afterwards.

use std::cell::Cell;

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use super::*;
use crate::error::DbError;

fn database(kind: DatabaseErrorKind, message: &str) -> DbError {
    DbError::Statement(DieselError::DatabaseError(kind, Box::new(message.to_owned())))
}

fn policy(attempts_max: u32) -> RetryPolicy {
    RetryPolicy {
        attempts_max,
        delay_min: Duration::from_micros(1),
        delay_max: Duration::from_micros(10),
        ..RetryPolicy::default()
    }
}

fn serialization() -> AttemptError<DbError> {
    database(DatabaseErrorKind::SerializationFailure, "").into()
}

#[test]
fn a_transient_failure_is_tried_again_until_it_passes() {
    let runs = Cell::new(0);
    let result = retry(&policy(10), None, "test", || {
        runs.set(runs.get() + 1);
        if runs.get() < 4 { Err(serialization()) } else { Ok(runs.get()) }
    });
    assert_eq!(result.unwrap(), 4);
}

#[test]
fn an_observer_is_told_of_each_attempt_that_is_repeated_and_of_no_other() {
    let (sender, events) = std::sync::mpsc::channel();
    let observer = RetryObserver::new(move |event| sender.send(*event).unwrap());
    let runs = Cell::new(0);
    let result = retry(&policy(3), Some(&observer), "test", || {
        runs.set(runs.get() + 1);
        if runs.get() == 1 {
            return Err(serialization());
        }
        let error = DbError::Unavailable { target: String::new(), reason: "Connection refused".to_owned() };
        Err::<(), _>(AttemptError { error, commit_unknown: true })
    });
    assert!(matches!(result, Err(TransactionError::OutcomeUnknown { .. })));
    let event =
        |attempts, transient, commit_unknown| RetryEvent { operation: "test", attempts, transient, commit_unknown };
    let expected = [event(1, Transient::Serialization, false), event(2, Transient::ConnectionLost, true)];
    assert_eq!(events.try_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn attempts_are_bounded_and_the_last_cause_is_kept() {
    let runs = Cell::new(0);
    let error = retry(&policy(3), None, "test", || {
        runs.set(runs.get() + 1);
        Err::<(), _>(serialization())
    });
    assert_eq!(runs.get(), 3);
    assert!(matches!(error, Err(TransactionError::RetriesExhausted { attempts: 3, source, .. })
        if source.transient() == Some(Transient::Serialization)));
}

#[test]
fn time_is_bounded_too() {
    let policy = RetryPolicy { elapsed_max: Duration::ZERO, ..policy(10) };
    let error = retry(&policy, None, "test", || Err::<(), _>(serialization()));
    assert!(matches!(error, Err(TransactionError::RetriesExhausted { attempts: 1..=2, .. })));
}

#[test]
fn a_failure_for_good_is_not_repeated() {
    let runs = Cell::new(0);
    let error = retry(&policy(10), None, "test", || {
        runs.set(runs.get() + 1);
        Err::<(), _>(database(DatabaseErrorKind::CheckViolation, "no").into())
    });
    assert_eq!(runs.get(), 1);
    assert!(matches!(error, Err(TransactionError::Failed(DbError::Statement(_)))));
}

#[test]
fn a_lost_commit_stays_unknown_whatever_fails_after_it() {
    for later in [DatabaseErrorKind::SerializationFailure, DatabaseErrorKind::CheckViolation] {
        let runs = Cell::new(0);
        let error = retry(&policy(3), None, "test", || {
            runs.set(runs.get() + 1);
            let commit_unknown = runs.get() == 1;
            let kind = if commit_unknown { DatabaseErrorKind::ClosedConnection } else { later };
            Err::<(), _>(AttemptError { error: database(kind, ""), commit_unknown })
        });
        assert!(matches!(error, Err(TransactionError::OutcomeUnknown { .. })));
    }
}

#[test]
fn a_lost_commit_is_resolved_by_an_attempt_that_succeeds() {
    let runs = Cell::new(0);
    let result = retry(&policy(3), None, "test", || {
        runs.set(runs.get() + 1);
        if runs.get() == 2 {
            return Ok(());
        }
        let error = database(DatabaseErrorKind::ClosedConnection, "");
        Err(AttemptError { error, commit_unknown: true })
    });
    assert!(result.is_ok());
}

#[test]
fn an_unknown_commit_is_sent_again_whatever_it_was_answered_with() {
    let runs = Cell::new(0);
    let result = retry(&policy(5), None, "test", || {
        runs.set(runs.get() + 1);
        if runs.get() == 3 {
            return Ok(());
        }
        let information = Box::new("could not commit transaction for shard 7 on any active node".to_owned());
        let error = DbError::Commit(DieselError::DatabaseError(DatabaseErrorKind::Unknown, information));
        Err(AttemptError { error, commit_unknown: true })
    });
    assert!(result.is_ok());
    assert_eq!(runs.get(), 3);
}

#[test]
fn what_is_wrong_with_a_committed_answer_is_not_sent_again() {
    let runs = Cell::new(0);
    let error = retry(&policy(5), None, "test", || {
        runs.set(runs.get() + 1);
        let error = database(DatabaseErrorKind::Unknown, "the answer contradicts what was asked for");
        Err::<(), _>(AttemptError { error, commit_unknown: true })
    });
    assert!(matches!(error, Err(TransactionError::OutcomeUnknown { .. })));
    assert_eq!(runs.get(), 1);
}

#[test]
fn a_commit_has_failed_for_certain_only_with_an_error_of_a_closed_list() {
    let is_not =
        |kind, message: &str| is_not_committed(&DieselError::DatabaseError(kind, Box::new(message.to_owned())));
    for kind in [
        DatabaseErrorKind::SerializationFailure,
        DatabaseErrorKind::UniqueViolation,
        DatabaseErrorKind::ForeignKeyViolation,
        DatabaseErrorKind::NotNullViolation,
        DatabaseErrorKind::CheckViolation,
    ] {
        assert!(is_not(kind, ""));
    }
    for text in [
        "deadlock detected",
        "current transaction is aborted, commands ignored until end of transaction block",
        "database is locked",
        "database or disk is full",
    ] {
        assert!(is_not(DatabaseErrorKind::Unknown, text), "{text}");
    }
    for text in [
        "could not commit transaction for shard 102008 on at least one active node",
        "canceling statement due to lock timeout",
        "disk I/O error",
        "a text in any language",
        "",
    ] {
        assert!(!is_not(DatabaseErrorKind::Unknown, text), "{text}");
    }
    for kind in [DatabaseErrorKind::ClosedConnection, DatabaseErrorKind::ReadOnlyTransaction] {
        assert!(!is_not(kind, ""));
    }
    assert!(!is_not_committed(&DieselError::BrokenTransactionManager));
}

#[test]
fn only_a_statement_that_was_answered_has_failed_for_sure() {
    let may_be =
        |kind, message: &str| may_be_committed(&DieselError::DatabaseError(kind, Box::new(message.to_owned())));
    assert!(may_be(DatabaseErrorKind::ClosedConnection, ""));
    assert!(may_be(DatabaseErrorKind::Unknown, "terminating connection due to administrator command"));
    assert!(may_be(DatabaseErrorKind::Unknown, "disk I/O error"));
    assert!(may_be(DatabaseErrorKind::Unknown, "result is ambiguous: error=rpc error"));
    assert!(may_be_committed(&DieselError::BrokenTransactionManager));
    assert!(!may_be(DatabaseErrorKind::SerializationFailure, "could not serialize access"));
    assert!(!may_be(DatabaseErrorKind::Unknown, "database or disk is full"));
}

#[test]
fn a_connection_is_worth_another_try_unless_it_was_refused_for_good() {
    let transient =
        |reason: &str| DbError::Unavailable { target: String::new(), reason: reason.to_owned() }.transient().is_some();
    for reason in [
        "connection to server at \"127.0.0.1\", port 5432 failed: Connection refused",
        "connection to server at \"db1\" failed: timeout expired",
        "connection to server on socket \"/tmp/.s.PGSQL.5432\" failed: No such file or directory",
        "FATAL:  the database system is starting up",
        "connection to server at \"db1\", port 1 failed: Connection refused; at \"db2\", port 1 failed: session is read-only",
        "FATAL:  too many connections for role \"app\"",
        "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
    ] {
        assert!(transient(reason), "{reason}");
    }
    for reason in [
        "FATAL:  password authentication failed for user \"app\"",
        "FATAL:  Passwort-Authentifizierung für Benutzer »app« fehlgeschlagen",
        "FATAL:  database \"bank\" does not exist",
        "FATAL:  role \"app\" does not exist",
        "could not translate host name \"db\" to address: Name or service not known",
        "SSL error: certificate verify failed",
        "FATAL:  no pg_hba.conf entry for host \"127.0.0.1\"",
        "FATAL:  unsupported startup parameter: options",
        "invalid URI query parameter: \"x\"",
        "unable to open database file",
    ] {
        assert!(!transient(reason), "{reason}");
    }
}

#[test]
fn failures_without_a_kind_are_told_apart_by_their_text() {
    let unknown = |message| database(DatabaseErrorKind::Unknown, message).transient();
    assert_eq!(unknown("deadlock detected"), Some(Transient::Deadlock));
    assert_eq!(unknown("database is locked"), Some(Transient::LockTimeout));
    assert_eq!(unknown("canceling statement due to lock timeout"), Some(Transient::LockTimeout));
    assert_eq!(unknown("terminating connection due to administrator command"), Some(Transient::ConnectionLost));
    assert_eq!(unknown("Verklemmung (Deadlock) entdeckt"), Some(Transient::Deadlock));
    assert_eq!(unknown("выполнение оператора отменено из-за тайм-аута блокировки"), Some(Transient::LockTimeout));
    assert_eq!(unknown("由于锁超时，取消语句操作"), Some(Transient::LockTimeout));
    assert_eq!(unknown("syntax error at or near \"x\""), None);
    assert_eq!(unknown("canceling statement due to statement timeout"), None);
}
