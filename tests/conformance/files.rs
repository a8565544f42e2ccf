//! SQLite's files: what a bank does when they are not where they were, and what it leaves alone.

use std::fs;
use std::path::PathBuf;

use bank_persistence::{Bank, BankError, DatabaseUrl, DbError, SchemaState, Settings};
use bank_tests::fixtures::{balance, open, post, posted, transfer};
use bank_tests::invariants::assert_sound;
use bank_tests::plain::Plain;
use bank_tests::{TestBackend, TestDatabase};
use tempfile::TempDir;

fn files_of(database: &TestDatabase) -> [PathBuf; 3] {
    let path = database.url().sqlite_path().unwrap().to_owned();
    ["", "-wal", "-shm"].map(|suffix| PathBuf::from(format!("{}{suffix}", path.display())))
}

fn is_replaced<T: std::fmt::Debug>(result: &Result<T, BankError>) -> bool {
    matches!(result, Err(BankError::Database(DbError::FileReplaced { .. })))
}

/// An SQLite file with these tables of another program, in rollback mode.
fn file_with(tables: &str) -> (TempDir, DatabaseUrl) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("shop.db");
    Plain::sqlite(&path).execute(tables);
    let url = DatabaseUrl::sqlite_file(&path);
    (directory, url)
}

#[test]
fn nothing_is_posted_to_a_file_whose_name_or_log_has_moved() {
    for which in 0..3 {
        let database = TestBackend::Sqlite.database();
        let bank = database.bank();
        let [a, b] = ["a", "b"].map(|name| open(&bank, name, 100).id);
        let order = transfer(a, b, 7);
        let file = &files_of(&database)[which];
        let elsewhere = file.with_extension("moved");
        fs::rename(file, &elsewhere).unwrap();
        let refused = bank.post(&order);
        assert!(is_replaced(&refused), "without {}: {refused:?}", file.display());
        fs::rename(&elsewhere, file).unwrap();
        assert_eq!(balance(&bank, "a"), 100, "without {}", file.display());
        posted(post(&bank, &order));
        assert_sound(&database);
    }
}

#[test]
fn every_connection_of_a_pool_keeps_to_the_first_file() {
    let database = TestBackend::Sqlite.database();
    let bank = database.bank();
    let [a, b] = ["a", "b"].map(|name| open(&bank, name, 100).id);
    let [file, ..] = files_of(&database);
    let backup = file.with_file_name("backup.db");
    Plain::sqlite(&file).execute(&format!("VACUUM INTO '{}'", backup.display()));
    // A second connection of the pool, beside the first.
    bank.database().with_connection(|_| posted(post(&bank, transfer(a, b, 1)))).unwrap();
    fs::rename(&backup, &file).unwrap();
    bank.database().with_connection(|_| assert!(is_replaced(&bank.post(transfer(a, b, 1))))).unwrap();
    assert!(is_replaced(&bank.post(transfer(a, b, 1))));
    assert!(matches!(bank.database().require_file_in_place(), Err(DbError::FileReplaced { .. })));
    // SQLite leaves the log of the file that has gone, and would write it into the backup.
    drop(bank);
    let [_, log, shm] = files_of(&database);
    let refused = Bank::connect(&database.url(), Settings::default());
    assert!(matches!(refused, Err(BankError::Database(DbError::LogOfAnotherFile { .. }))), "{refused:?}");
    fs::remove_file(log).unwrap();
    fs::remove_file(shm).unwrap();
    let bank = database.bank();
    assert_eq!(balance(&bank, "a"), 100, "the backup is older");
    posted(post(&bank, transfer(a, b, 1)));
    bank.database().require_file_in_place().unwrap();
}

#[test]
fn an_idle_pool_that_has_closed_its_connections_goes_on_with_a_new_log() {
    let database = TestBackend::Sqlite.database();
    let bank = database.bank_with(Settings::one_shot());
    let [a, b] = ["a", "b"].map(|name| open(&bank, name, 100).id);
    // A connection that was given up is closed, and with the last one SQLite removes the log.
    let [_, log, _] = files_of(&database);
    let before = fs::metadata(&log).unwrap();
    bank.database().with_connection(give_up).unwrap();
    posted(post(&bank, transfer(a, b, 1)));
    use std::os::unix::fs::MetadataExt;
    let after = fs::metadata(&log).unwrap();
    assert_ne!((before.ino(), before.ctime_nsec()), (after.ino(), after.ctime_nsec()), "the log is a new one");
}

/// Breaks a connection, so that the pool closes it.
fn give_up(connection: &mut bank_persistence::DbConnection) {
    use diesel::connection::{AnsiTransactionManager, TransactionManager};
    if let bank_persistence::DbConnection::Sqlite(sqlite) = connection {
        AnsiTransactionManager::transaction_manager_status_mut(sqlite).set_in_error();
    }
}

#[test]
fn a_symbolic_link_leads_to_one_log_beside_the_file() {
    let database = TestBackend::Sqlite.database();
    let [file, log, _] = files_of(&database);
    let directory = tempfile::tempdir().unwrap();
    let link = directory.path().join("link.db");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let (direct, linked) =
        (database.bank(), Bank::connect(&DatabaseUrl::sqlite_file(&link), Settings::default()).unwrap());
    let [a, b] = ["a", "b"].map(|name| open(&direct, name, 100).id);
    posted(post(&linked, transfer(a, b, 1)));
    posted(post(&direct, transfer(a, b, 1)));
    assert!(log.exists());
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is beside the link");
    assert_eq!(balance(&linked, "a"), 98);
    assert_sound(&database);
}

#[test]
fn a_second_hard_link_is_refused() {
    let database = TestBackend::Sqlite.database();
    let [file, ..] = files_of(&database);
    fs::hard_link(&file, file.with_file_name("other.db")).unwrap();
    for connect in [Bank::connect, Bank::create_or_connect] {
        let refused = connect(&database.url(), Settings::default());
        assert!(matches!(refused, Err(BankError::Database(DbError::FileHasOtherNames { names: 2, .. }))));
    }
}

#[test]
fn tables_of_another_program_are_left_alone_if_a_name_is_taken() {
    let (directory, url) = file_with("CREATE TABLE books (title TEXT); CREATE TABLE transfers (page INTEGER)");
    let path = url.sqlite_path().unwrap();
    let before = fs::read(path).unwrap();
    let bank = Bank::create_or_connect(&url, Settings::default()).unwrap();
    assert_eq!(bank.database().tables_in_file().unwrap(), ["books", "transfers"]);
    assert!(matches!(bank.migrate(), Err(BankError::Database(DbError::Migration { .. }))));
    assert_eq!(bank.schema_state().unwrap(), SchemaState::NotSetUp);
    drop(bank);
    assert_eq!(fs::read(path).unwrap(), before);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "no other file stays");
}

#[test]
fn a_program_can_have_the_banks_tables_beside_its_own() {
    let (_directory, url) = file_with("CREATE TABLE orders (id INTEGER); INSERT INTO orders VALUES (7)");
    let bank = Bank::create_or_connect(&url, Settings::default()).unwrap();
    bank.migrate().unwrap();
    let [a, b] = ["a", "b"].map(|name| open(&bank, name, 100).id);
    posted(post(&bank, transfer(a, b, 1)));
    bank.reset().unwrap();
    let mut plain = Plain::sqlite(url.sqlite_path().unwrap());
    assert_eq!(plain.number("SELECT id AS value FROM orders"), 7);
    assert_eq!(plain.texts("SELECT journal_mode AS value FROM pragma_journal_mode"), ["wal"]);
}

#[test]
fn a_log_without_its_database_is_not_destroyed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bank.db");
    let log = directory.path().join("bank.db-wal");
    fs::write(&log, "committed pages").unwrap();
    let refused = Bank::create_or_connect(&DatabaseUrl::sqlite_file(&path), Settings::default());
    assert!(matches!(refused, Err(BankError::Database(DbError::LogWithoutDatabase { .. }))), "{refused:?}");
    assert!(!path.exists() && fs::read_to_string(log).unwrap() == "committed pages");
}
