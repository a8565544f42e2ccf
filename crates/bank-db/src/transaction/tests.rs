//! How transactions end.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::*;
#[cfg(unix)]
use crate::sqlite_file::{FileGuard, FileIdentity, Place};

fn connection() -> DbConnection {
    let mut sqlite = SqliteConnection::establish(":memory:").unwrap();
    sqlite.batch_execute("CREATE TABLE rows (id BIGINT)").unwrap();
    DbConnection::Sqlite(sqlite)
}

fn insert(connection: &mut DbConnection) -> Result<(), DbError> {
    Ok(connection.batch_execute("INSERT INTO rows VALUES (1)")?)
}

fn count(connection: &mut DbConnection) -> i64 {
    diesel::select(diesel::dsl::sql::<BigInt>("(SELECT count(*) FROM rows)")).get_result(connection).unwrap()
}

#[test]
fn an_attempt_given_up_before_its_commit_is_rolled_back() {
    let (mut connection, gate) = (connection(), CommitGate::default());
    let result = write(&gate, &mut connection, &Settings::default(), |connection| {
        insert(connection)?;
        assert!(gate.close(), "the caller stops waiting, and nothing was committed");
        Ok(Decision::<(), ()>::Commit(()))
    });
    assert!(matches!(result, Err(AttemptError { error: DbError::GivenUp, commit_unknown: false })));
    assert_eq!(count(&mut connection), 0);
}

#[test]
fn an_attempt_given_up_during_its_statement_makes_no_second_one() {
    let (mut connection, gate) = (connection(), CommitGate::default());
    let result = autocommit(&gate, &mut connection, |_| {
        assert!(!gate.close(), "the statement may have been committed");
        Ok::<Option<()>, AttemptError<DbError>>(None)
    });
    assert!(matches!(result, Err(AttemptError { error: DbError::GivenUp, .. })));
    let next = autocommit(&gate, &mut connection, |connection| Ok(Some(insert(connection)?)));
    assert!(matches!(next, Err(AttemptError { error: DbError::GivenUp, .. })));
    assert_eq!(count(&mut connection), 0);
}

#[test]
#[cfg(unix)]
fn nothing_is_committed_to_a_file_that_has_gone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rows.db");
    let mut sqlite = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    sqlite.batch_execute("PRAGMA journal_mode = WAL; CREATE TABLE rows (id BIGINT)").unwrap();
    let mut connection = DbConnection::Sqlite(sqlite);
    let file = std::sync::Arc::new(FileIdentity::remember(&path, Place::Ordinary));
    let guard = FileGuard::new(&file);
    let settings = Settings::default();
    let mut insert_and = |and: &dyn Fn()| {
        write(&CommitGate::new(Some(guard.clone())), &mut connection, &settings, |connection| {
            insert(connection)?;
            and();
            Ok::<_, DbError>(Decision::<_, Infallible>::Commit(count(connection)))
        })
    };
    assert!(insert_and(&|| ()).is_ok() && file.has_committed());
    let gone = insert_and(&|| std::fs::rename(&path, path.with_extension("moved")).unwrap());
    assert!(matches!(gone, Err(AttemptError { error: DbError::FileReplaced { .. }, commit_unknown: false })));
    let back = insert_and(&|| std::fs::rename(path.with_extension("moved"), &path).unwrap());
    assert_eq!(back.unwrap(), Decision::Commit(2), "the attempt in between was rolled back");
}

#[test]
fn a_body_that_rolls_back_by_decision_leaves_nothing_and_is_no_error() {
    let mut connection = connection();
    let result = write(&CommitGate::default(), &mut connection, &Settings::default(), |connection| {
        insert(connection)?;
        Ok::<_, DbError>(Decision::<(), _>::RollBack("sold out"))
    });
    assert!(matches!(result, Ok(Decision::RollBack("sold out"))));
    assert_eq!(count(&mut connection), 0);
}
