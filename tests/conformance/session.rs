//! The session of a transaction on a server.

use std::time::Duration;

use bank_domain::{Outcome, Transfer};
use bank_persistence::bank_db::Obstacle;
use bank_persistence::{Bank, BankError, DbError, Period, RetryPolicy, Settings};
use bank_tests::fixtures::{open, post, posted, transfer};
use bank_tests::invariants::{Ledger, assert_sound};
use bank_tests::{TestBackend, TestDatabase};
use diesel::prelude::*;
use diesel::sql_types::Text;

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    value: String,
}

#[test]
fn a_transaction_that_writes_has_the_limits_of_the_settings() {
    let database = TestBackend::Postgres.database();
    let seconds = Duration::from_secs;
    let bank = database.bank_with(Settings {
        statement_timeout: seconds(7),
        lock_timeout: seconds(3),
        idle_in_transaction_timeout: seconds(11),
        ..Settings::default()
    });
    let names = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"];
    let limits = bank.write("reading the limits", move |connection| {
        let read = |name: &str| -> Result<String, BankError> {
            let query = format!("SELECT current_setting('{name}') AS value");
            Ok(diesel::sql_query(query).get_result::<Setting>(connection)?.value)
        };
        names.into_iter().map(read).collect::<Result<Vec<_>, _>>()
    });
    assert_eq!(limits.unwrap(), ["7s", "3s", "11s"]);
}

/// Returns a bank on accounts `a` and `b`, whose journal has a constraint trigger that runs this at COMMIT.
fn with_trigger_at_commit(plpgsql: &str, settings: Settings) -> (TestDatabase, Bank, Transfer) {
    let database = TestBackend::Postgres.database();
    let bank = database.bank_with(settings);
    let (a, b) = (open(&bank, "a", 100).id, open(&bank, "b", 0).id);
    database.plain().execute(&format!(
        "CREATE SEQUENCE commits; \
         CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {plpgsql}; RETURN NULL; END $$; \
         CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON transfers DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION at_commit()"
    ));
    (database, bank, transfer(a, b, 10))
}

const FIRST: &str = "IF nextval('commits') < 3 THEN RAISE EXCEPTION 'odd' USING ERRCODE = 'XX000'; END IF";
const ALWAYS: &str = "RAISE EXCEPTION 'odd' USING ERRCODE = 'XX000'";
const DATA: &str = "RAISE EXCEPTION 'no' USING ERRCODE = 'check_violation'";

/// Sessions that are not kept post in a transaction with a COMMIT of its own.
fn in_transactions(attempts_max: u32) -> Settings {
    Settings { retry: RetryPolicy { attempts_max, ..RetryPolicy::default() }, ..Settings::one_shot() }
}

#[test]
fn an_odd_error_to_commit_is_sent_again_until_its_outcome_is_known() {
    let (database, bank, order) = with_trigger_at_commit(FIRST, in_transactions(10));
    assert!(matches!(bank.post(&order), Ok(Outcome::Posted(_))));
    assert_eq!(database.plain().number("SELECT nextval('commits') AS value"), 4);
    assert_sound(&database);
}

#[test]
fn an_odd_error_to_commit_that_stays_is_an_unknown_outcome() {
    let (database, bank, order) = with_trigger_at_commit(ALWAYS, in_transactions(3));
    assert!(matches!(bank.post(&order), Err(BankError::OutcomeUnknown { ids, .. }) if ids == [order.id]));
    database.plain().execute("DROP TRIGGER at_commit ON transfers");
    assert!(matches!(bank.post(&order), Ok(Outcome::Posted(_))), "it was not in effect");
}

#[test]
fn refused_data_at_commit_has_not_taken_effect_and_is_not_sent_again() {
    let (_database, bank, order) = with_trigger_at_commit(DATA, in_transactions(10));
    let error = bank.post(&order).unwrap_err();
    assert!(matches!(error, BankError::Database(DbError::Commit(_))), "{error:?}");
    assert_eq!(error.refused_data(), None, "no line of a file is looked for");
}

#[test]
fn a_transaction_that_reads_has_the_limit_of_the_settings_or_that_of_the_server() {
    let database = TestBackend::Postgres.database();
    for (read_timeout, in_force) in [(None, "0"), (Some(Duration::from_secs(600)), "10min")] {
        let bank = database.bank_with(Settings { read_timeout, ..Settings::default() });
        let limit = bank.read("reading the limit", |connection| {
            let query = "SELECT current_setting('statement_timeout') AS value";
            Ok(diesel::sql_query(query).get_result::<Setting>(connection)?.value)
        });
        assert_eq!(limit.unwrap(), in_force);
    }
}

#[test]
fn a_database_that_is_read_only_by_default_is_respected() {
    for settings in [Settings::default(), Settings::one_shot()] {
        let database = TestBackend::Postgres.database();
        let bank = database.bank();
        let (a, b) = (open(&bank, "a", 100).id, open(&bank, "b", 0).id);
        let name = bank.database().name().unwrap();
        database.plain().execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
        let frozen = database.bank_with(settings);
        let before = Ledger::read(&database);
        let batch: Vec<_> = (0..5).map(|_| transfer(a, b, 1)).collect();
        for error in [frozen.post(&batch[0]).unwrap_err(), frozen.post_batch(&batch).unwrap_err()] {
            let BankError::Database(error) = error else { panic!("{error:?}") };
            assert_eq!(error.obstacle(), Obstacle::ReadOnly, "{error:?}");
        }
        assert_eq!(Ledger::read(&database), before);
        assert!(frozen.audit().unwrap().is_sound());
    }
}

#[test]
fn rows_that_a_policy_hides_are_an_error_and_not_a_part_of_the_ledger() {
    let database = TestBackend::Postgres.database();
    let owner = database.bank();
    let (a, b) = (open(&owner, "a", 100).id, open(&owner, "b", 0).id);
    posted(post(&owner, transfer(a, b, 1)));
    database.plain().execute(
        "CREATE ROLE clerk LOGIN; GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO clerk; \
         ALTER TABLE transfers ENABLE ROW LEVEL SECURITY",
    );
    let url = database.url_text().replace("://bank@", "://clerk@");
    let bank = Bank::connect(&url.parse().unwrap(), Settings::default()).unwrap();
    let refused = |error: BankError| match error {
        BankError::Database(error) => assert_eq!(error.obstacle(), Obstacle::RowSecurity, "{error:?}"),
        other => panic!("{other:?}"),
    };
    refused(bank.audit().unwrap_err());
    refused(bank.history(a, None, 10).unwrap_err());
    refused(bank.snapshot(|snapshot| snapshot.transfers(Period::default(), |_| Ok::<_, BankError>(()))).unwrap_err());
    assert!(owner.audit().unwrap().is_sound(), "the owner of a table sees all of it");
}

#[test]
fn a_lock_timeout_is_recognised_in_another_language() {
    const TWICE: &str = "IF nextval('commits') < 3 THEN \
                         RAISE EXCEPTION 'storniere Anfrage wegen Zeitüberschreitung einer Sperre' \
                         USING ERRCODE = 'lock_not_available'; END IF";
    let (database, bank, order) = with_trigger_at_commit(TWICE, in_transactions(10));
    // With the statement, and not at COMMIT.
    database.plain().execute(
        "DROP TRIGGER at_commit ON transfers; \
         CREATE TRIGGER in_statement AFTER INSERT ON transfers FOR EACH ROW EXECUTE FUNCTION at_commit()",
    );
    assert!(matches!(bank.post(&order), Ok(Outcome::Posted(_))));
    assert_eq!(database.plain().number("SELECT nextval('commits') AS value"), 4);
}

#[test]
fn an_identity_that_is_behind_is_no_name_that_is_taken() {
    let database = TestBackend::Postgres.database();
    let bank = database.bank();
    open(&bank, "a", 0);
    database.plain().execute("ALTER TABLE accounts ALTER COLUMN id RESTART WITH 1");
    let open = |name: &str| bank.open_account(&bank_tests::fixtures::new_account(name, 0));
    assert!(matches!(open("b"), Err(BankError::AccountIdTaken)));
    assert!(matches!(open("a"), Err(BankError::AccountExists { .. })));
    // What the hint of the command line says.
    database.plain().execute("SELECT setval(pg_get_serial_sequence('accounts', 'id'), (SELECT max(id) FROM accounts))");
    assert!(open("b").is_ok());
}
