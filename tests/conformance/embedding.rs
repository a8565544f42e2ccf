//! The example of bank-persistence's README beside the program's own tables, on real servers.

use std::fs;

use bank_domain::{Outcome, Transfer};
use bank_persistence::{Bank, BankError, DbError, SchemaState, Settings, posting};
use bank_tests::fixtures::{balance, open, transfer};
use bank_tests::invariants::assert_sound;
use bank_tests::threads::concurrently;
use bank_tests::{TestBackend, TestDatabase};
use diesel::prelude::*;
use diesel_migrations::{FileBasedMigrations, MigrationHarness};

use billing::invoices;

mod billing {
    //! A table of the program's own.

    diesel::table! {
        invoices (number) {
            number -> BigInt,
            paid_by -> Nullable<Text>,
        }
    }
}

fn pay_invoice(bank: &Bank, number: i64, transfer: Transfer) -> Result<Outcome, BankError> {
    bank.write("paying an invoice", move |connection| {
        let mut outcomes = posting::post(connection, &[(&transfer).into()])?;
        let outcome = outcomes.remove(0);
        if matches!(outcome, Outcome::Posted(_)) {
            let open = invoices::table.find(number).filter(invoices::paid_by.is_null());
            let paid_by = invoices::paid_by.eq(transfer.id.to_string());
            if diesel::update(open).set(paid_by).execute(connection)? != 1 {
                return Err(diesel::result::Error::NotFound.into());
            }
        }
        Ok(outcome)
    })
}

#[test]
fn an_invoice_is_paid_once_by_racing_payers() {
    const PAYERS: usize = 8;
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let database = backend.database();
        let bank = database.bank();
        let to = open(&bank, "John", 0).id;
        let payers: Vec<_> = (0..PAYERS).map(|payer| open(&bank, &format!("payer {payer}"), 1000).id).collect();
        database.plain().execute(
            "CREATE TABLE invoices (number BIGINT PRIMARY KEY, paid_by TEXT); INSERT INTO invoices VALUES (7, NULL)",
        );
        let results = concurrently(PAYERS, |payer| {
            let order = transfer(payers[payer], to, 600);
            (order.clone(), pay_invoice(&bank, 7, order))
        });
        let is_late = |error: &BankError| {
            matches!(error, BankError::Database(DbError::Statement(diesel::result::Error::NotFound)))
        };
        let (paid, late): (Vec<_>, Vec<_>) = results.into_iter().partition(|(_, result)| result.is_ok());
        assert_eq!(paid.len(), 1, "{backend:?}");
        assert!(late.iter().all(|(_, result)| result.as_ref().is_err_and(is_late)), "{late:?}");
        assert_eq!(balance(&bank, "John"), 600);
        assert_eq!(database.plain().texts("SELECT paid_by AS value FROM invoices"), [paid[0].0.id.to_string()]);
        assert!(matches!(pay_invoice(&bank, 7, paid[0].0.clone()), Ok(Outcome::Replayed(_))));
        assert_sound(&database);
    }
}

mod beside {
    //! The tables of a shop, and the columns that it reads of bank's.

    diesel::table! {
        shop.orders (id) {
            id -> BigInt,
            account_id -> BigInt,
        }
    }

    diesel::table! {
        bank.accounts (id) {
            id -> BigInt,
            name -> Text,
            balance -> BigInt,
        }
    }

    diesel::joinable!(orders -> accounts (account_id));
    diesel::allow_tables_to_appear_in_same_query!(orders, accounts);
}

/// Returns the migrations of a shop, in a directory of its own.
fn shop_migrations(directory: &std::path::Path) -> FileBasedMigrations {
    let migration = directory.join("2030-01-01-000001_create_orders");
    fs::create_dir(&migration).unwrap();
    let create = "CREATE TABLE orders (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL);";
    fs::write(migration.join("up.sql"), create).unwrap();
    fs::write(migration.join("down.sql"), "DROP TABLE orders;").unwrap();
    FileBasedMigrations::from_path(directory).unwrap()
}

fn connect(database: &TestDatabase) -> Bank {
    Bank::connect(&database.url(), Settings::one_shot()).unwrap().database().create_schema("bank").unwrap();
    let bank = Bank::connect(&database.url().with_search_path("bank"), Settings::default()).unwrap();
    bank.migrate().unwrap();
    bank
}

#[test]
fn another_schema_has_its_own_migrations_and_joins_with_the_accounts() {
    let database = TestBackend::Postgres.empty_database();
    database.plain().execute("CREATE SCHEMA shop");
    let bank = connect(&database);
    let directory = tempfile::tempdir().unwrap();
    let shop_url = format!("{}&options=-csearch_path%3Dshop", database.url_text());
    let mut shop = PgConnection::establish(&shop_url).unwrap();
    assert_eq!(shop.run_pending_migrations(shop_migrations(directory.path())).unwrap().len(), 1);
    // Neither mistakes the other's migrations for its own.
    assert_eq!(connect(&database).schema_state().unwrap(), SchemaState::Current);
    assert!(!shop.has_pending_migration(shop_migrations(tempfile::tempdir().unwrap().path())).unwrap());

    let jessica = open(&bank, "Jessica", 10_000).id;
    let john = open(&bank, "John", 9_000).id;
    let (order, account) = (beside::orders::id.eq(1), beside::orders::account_id.eq(jessica.get()));
    diesel::insert_into(beside::orders::table).values((order, account)).execute(&mut shop).unwrap();
    assert!(matches!(bank.post(transfer(jessica, john, 800)), Ok(Outcome::Posted(_))));
    let found: (String, i64) = bank
        .read("reading an order", |connection| {
            let joined = beside::orders::table.find(1).inner_join(beside::accounts::table);
            Ok(joined.select((beside::accounts::name, beside::accounts::balance)).first(connection)?)
        })
        .unwrap();
    assert_eq!(found, ("Jessica".to_owned(), 9_200));
    assert!(bank.audit().unwrap().is_sound());
}
