//! Migrations, and the state of the schema.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Barrier;

use bank_domain::{AccountStatus, Currency, Outcome, Reversal, TransferId, TransferKind};
use bank_persistence::{BankError, DbError, SchemaState, Settings, new_transfer_id};
use bank_tests::fixtures::{balance, name, new_account, open, open_many, post, posted, random_transfers, transfer};
use bank_tests::invariants::{Ledger, assert_sound};
use bank_tests::plain::Plain;
use bank_tests::{TestBackend, TestDatabase};
use uuid::Uuid;

use diesel_migrations::{FileBasedMigrations, MigrationHarness};

pub(crate) fn both_backends_have_the_same_migrations(_backend: TestBackend) {
    let postgres = migration_names(TestBackend::Postgres);
    assert!(!postgres.is_empty());
    assert_eq!(postgres, migration_names(TestBackend::Sqlite));
}

pub(crate) fn every_migration_has_a_way_back(backend: TestBackend) {
    for name in migration_names(backend) {
        for file in ["up.sql", "down.sql"] {
            let path = directory(backend).join(&name).join(file);
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(text.contains(';'), "{} contains no statement", path.display());
        }
    }
}

pub(crate) fn migrating_down_and_up_again_works(backend: TestBackend) {
    let database = backend.database();
    let fresh = description(&database);
    revert(&database, migration_names(backend).len());
    assert_eq!(database.bank().schema_state().unwrap(), SchemaState::NotSetUp);
    assert!(description(&database).is_empty(), "nothing is left");
    database.bank().migrate().unwrap();
    assert_eq!(description(&database), fresh);
    assert_eq!(database.bank().schema_state().unwrap(), SchemaState::Current);
}

pub(crate) fn migrating_twice_is_harmless(backend: TestBackend) {
    let database = backend.empty_database();
    let bank = database.bank();
    let ran = bank.migrate().unwrap();
    assert_eq!(ran.len(), migration_names(backend).len());
    let (a, b) = (open(&bank, "a", 100).id, open(&bank, "b", 0).id);
    posted(post(&bank, transfer(a, b, 1)));
    let before = Ledger::read(&database);
    assert!(bank.migrate().unwrap().is_empty());
    assert_eq!(Ledger::read(&database), before);
    assert_sound(&database);
}

pub(crate) fn two_concurrent_migrations_both_succeed(backend: TestBackend) {
    for round in 0..10 {
        let database = backend.empty_database();
        let banks = [0, 1].map(|_| database.bank_with(Settings::one_shot()));
        let barrier = Barrier::new(2);
        let results: Vec<_> = std::thread::scope(|scope| {
            let start = |bank| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    bank_persistence::Bank::migrate(bank)
                })
            };
            let running: Vec<_> = banks.iter().map(start).collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for result in &results {
            assert!(result.is_ok(), "round {round}: {results:?}");
        }
        assert_eq!(database.bank().schema_state().unwrap(), SchemaState::Current);
        let count = database.plain().number("SELECT count(*) AS value FROM __diesel_schema_migrations");
        assert_eq!(usize::try_from(count).unwrap(), migration_names(backend).len());
    }
}

pub(crate) fn a_reset_destroys_everything(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 3, 100);
    bank.post_batch(&random_transfers(1, &accounts, 10, 5)).unwrap();
    bank.reset().unwrap();
    assert_eq!(Ledger::read(&database), Ledger::default());
    assert_eq!(bank.schema_state().unwrap(), SchemaState::Current);
    // The same connections still work, with the statements that they have prepared.
    open(&bank, "a0", 7);
    assert_eq!(balance(&bank, "a0"), 7);
    assert_sound(&database);
}

/// The ledger that the first edition has made, with two further transfers: a reversal, and a payment whose memo somebody has
/// typed to look like one.
fn first_edition(backend: TestBackend) -> TestDatabase {
    let database = backend.empty_database();
    let file = format!("first_edition/{}.sql", backend.migrations());
    let mut plain = database.plain();
    plain.execute(&std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap());
    for (id, from, to, versions, balances, note) in [
        (EXPENSES.of_reversal(), 1, 3, (5, 10), (10_514, 98_116), ": wrong account"),
        (new_transfer_id(), 3, 1, (11, 6), (98_109, 10_521), ""),
    ] {
        let id = id.as_uuid();
        let id = if database.is_sqlite() { format!("x'{}'", id.simple()) } else { format!("'{id}'") };
        plain.execute(&format!(
            "INSERT INTO transfers (id, from_account_id, to_account_id, amount, from_version, to_version,              from_balance_after, to_balance_after, memo)              VALUES ({id}, {from}, {to}, 7, {}, {}, {}, {}, 'reverses {EXPENSES}{note}')",
            versions.0, versions.1, balances.0, balances.1
        ));
    }
    plain.execute("UPDATE accounts SET version = version + 2 WHERE id IN (1, 3)");
    database
}

/// A transfer of the first edition's ledger.
const EXPENSES: TransferId = TransferId::from_uuid(Uuid::from_u128(0x019b_76da_a800_7000_8000_0000_0000_0001));

pub(crate) fn a_ledger_of_the_first_schema_keeps_its_data_and_its_reversals(backend: TestBackend) {
    let database = first_edition(backend);
    let before = Ledger::read_first_schema(&database);
    let bank = database.bank();
    assert!(matches!(bank.schema_state().unwrap(), SchemaState::Older { .. }));
    bank.migrate().unwrap();
    assert_eq!(bank.schema_state().unwrap(), SchemaState::Current);

    let reversal = bank.find_reversal(EXPENSES).unwrap().unwrap().posted.transfer;
    assert_eq!(reversal.kind(), TransferKind::Reversal { of: EXPENSES });
    assert_eq!(reversal.memo.as_ref().unwrap().as_str(), "wrong account");
    let again = Reversal { original: EXPENSES, memo: None, force: false };
    assert!(matches!(bank.reverse(&again).unwrap().unwrap().outcome, Outcome::Replayed(_)));
    // Everything else is as it was, the typed memo among it.
    let typed = format!("reverses {EXPENSES}");
    let mut after = Ledger::read(&database);
    assert_eq!(after.transfers.iter().filter(|row| row.memo.as_deref() == Some(&*typed)).count(), 1);
    for row in &mut after.transfers {
        if row.memo.as_deref() == Some("wrong account") {
            row.memo = Some(format!("{typed}: wrong account"));
        }
    }
    assert_eq!(after, before);
    let jose = bank.find_account(&name("José")).unwrap().unwrap();
    assert_eq!((jose.currency, jose.status, jose.balance.get()), (Currency::NONE, AccountStatus::Open, 25));
    posted(post(&bank, transfer(jose.id, reversal.to, 25)));
    assert!(bank.audit().unwrap().is_sound());
    assert_sound(&database);
}

pub(crate) fn nobody_posts_or_opens_accounts_while_an_upgrade_is_unfinished(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 100).id, open(&bank, "b", 0).id);
    // All migrations of an SQLite file run in one transaction.
    if database.is_sqlite() {
        return;
    }
    revert(&database, 1);
    let batch: Vec<_> = (0..150).map(|_| transfer(a, b, 1)).collect();
    for refused in [bank.post(transfer(a, b, 1)).map(|_| ()), bank.post_batch(&batch).map(|_| ())] {
        assert_unfinished(refused);
    }
    assert_unfinished(bank.open_account(&new_account("c", 1)).map(|_| ()));
    bank.migrate().unwrap();
    posted(post(&bank, transfer(a, b, 1)));
    assert_sound(&database);
}

#[track_caller]
fn assert_unfinished(result: Result<(), BankError>) {
    let error = result.unwrap_err();
    assert!(format!("{error:?}").contains("upgrade_unfinished"), "{error:?}");
}

pub(crate) fn a_database_without_tables_is_not_set_up(backend: TestBackend) {
    let database = backend.empty_database();
    let bank = database.bank();
    assert_eq!(bank.schema_state().unwrap(), SchemaState::NotSetUp);
    match bank.require_current_schema() {
        Err(BankError::Database(DbError::SchemaOutOfDate { state: SchemaState::NotSetUp })) => {}
        other => panic!("SchemaOutOfDate expected, got {other:?}"),
    }
    bank.migrate().unwrap();
    bank.require_current_schema().unwrap();
}

pub(crate) fn a_database_with_a_part_of_the_migrations_is_older(backend: TestBackend) {
    let database = backend.database();
    revert(&database, 1);
    let bank = database.bank();
    assert_eq!(bank.schema_state().unwrap(), SchemaState::Older { pending: 1 });
    assert_eq!(bank.migrate().unwrap().len(), 1);
    assert_eq!(bank.schema_state().unwrap(), SchemaState::Current);
}

pub(crate) fn a_migration_from_the_future_is_newer(backend: TestBackend) {
    let database = backend.database();
    database.plain().execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231000001')");
    let bank = database.bank();
    let newer = SchemaState::Newer { version: "20991231000001".to_owned() };
    assert_eq!(bank.schema_state().unwrap(), newer);
    match bank.require_current_schema() {
        Err(BankError::Database(DbError::SchemaOutOfDate { state })) => assert_eq!(state, newer),
        other => panic!("SchemaOutOfDate expected, got {other:?}"),
    }
}

pub(crate) fn the_migrations_of_another_application_are_not_taken_for_those_of_a_newer_program(backend: TestBackend) {
    let database = backend.empty_database();
    database.plain().execute(
        "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY, run_on TIMESTAMP); \
         INSERT INTO __diesel_schema_migrations VALUES ('20210304000000', NULL)",
    );
    let state = database.bank().schema_state().unwrap();
    assert_eq!(state, SchemaState::Foreign { version: "20210304000000".to_owned() });
}

fn directory(backend: TestBackend) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../migrations").join(backend.migrations())
}

fn migration_names(backend: TestBackend) -> BTreeSet<String> {
    let entries = std::fs::read_dir(directory(backend)).unwrap().map(|entry| entry.unwrap());
    entries.filter(|entry| entry.path().is_dir()).map(|entry| entry.file_name().into_string().unwrap()).collect()
}

/// Reverts this many migrations, as the command line of diesel would.
fn revert(database: &TestDatabase, count: usize) {
    let backend = if database.is_sqlite() { TestBackend::Sqlite } else { TestBackend::Postgres };
    let migrations = FileBasedMigrations::from_path(directory(backend)).unwrap();
    for _ in 0..count {
        match &mut database.plain() {
            Plain::Postgres(connection) => connection.revert_last_migration(migrations.clone()).map(|_| ()),
            Plain::Sqlite(connection) => connection.revert_last_migration(migrations.clone()).map(|_| ()),
        }
        .unwrap();
    }
}

/// Returns bank's tables, indexes and constraints as the database describes them.
fn description(database: &TestDatabase) -> Vec<String> {
    let sql = if database.is_sqlite() {
        "SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS value FROM sqlite_master
          WHERE tbl_name IN ('account_changes', 'account_names', 'accounts', 'batches', 'currencies', 'holds', 'ledger', 'transfers') ORDER BY 1"
    } else {
        "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable AS value
           FROM information_schema.columns
          WHERE table_name IN ('account_changes', 'account_names', 'accounts', 'batches', 'currencies', 'holds', 'ledger', 'transfers') AND table_schema = current_schema()
         UNION ALL
         SELECT indexdef FROM pg_indexes
          WHERE tablename IN ('account_changes', 'account_names', 'accounts', 'batches', 'currencies', 'holds', 'ledger', 'transfers') AND schemaname = current_schema()
         ORDER BY 1"
    };
    database.plain().texts(sql)
}
