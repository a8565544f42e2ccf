//! Transactions that conflict with each other.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use bank_db::Retryable;
use bank_domain::AccountId;
use bank_persistence::{BankError, Isolation, Settings, Transient};
use bank_tests::fixtures::{open_many, transfer};
use bank_tests::invariants::{Ledger, assert_sound};
use bank_tests::load::{Load, LoadPlan, LoadResult, Verdict};
use bank_tests::plain::Plain;
use bank_tests::{TestBackend, TestDatabase};

use super::support::{ServerCounts, patient, report, scaled, without_retry};

const CLIENTS: usize = 8;
const HOT_ACCOUNTS: usize = 10;
const PATIENCE: Duration = Duration::from_secs(600);
/// The largest batch of the load.
const BATCH_SIZE_MAX: usize = 50;

#[test]
fn a_serialization_storm_at_repeatable_read_stops_no_transfer() {
    serialization_storm(Isolation::RepeatableRead);
}

#[test]
fn a_serialization_storm_at_serializable_stops_no_transfer() {
    serialization_storm(Isolation::Serializable);
}

fn serialization_storm(isolation: Isolation) {
    let database = TestBackend::Postgres.database();
    let mut plain = database.plain();
    let before = ServerCounts::read(&mut plain);
    let load = start_load(&database, isolation);
    load.wait_for_acknowledged(u64::try_from(scaled(2000)).unwrap(), PATIENCE);
    let result = load.stop();
    let growth = before.growth(&mut plain, result.acknowledged() / BATCH_SIZE_MAX);
    report(&format!("storm at {isolation:?}: {} attempts aborted", growth.rollbacks));
    assert!(growth.rollbacks > 0, "nothing was injected: {growth:?}");
    check(&result, "serialization storm", &mut plain);
}

fn start_load(database: &TestDatabase, isolation: Isolation) -> Load {
    let plan = LoadPlan { clients: CLIENTS, accounts: HOT_ACCOUNTS, opening_balance: 100_000, ..LoadPlan::default() };
    Load::start(database.url(), Settings { isolation, ..patient(CLIENTS) }, plan)
}

/// Checks that every transfer was posted once.
fn check(result: &LoadResult, what: &str, plain: &mut Plain) {
    assert_eq!(result.count(Verdict::Failed) + result.count(Verdict::Unknown), 0, "all get through: {result}");
    result.assert_exactly_once_and_sound(what, plain);
}

#[test]
fn a_program_that_locks_in_the_other_order_stops_no_transfer() {
    let database = TestBackend::Postgres.database();
    let mut plain = database.plain();
    set_deadlock_timeout(&mut plain, "10ms");
    let before = ServerCounts::read(&mut plain);
    let load = start_load(&database, Isolation::ReadCommitted);
    let accounts: Vec<AccountId> = Ledger::read(&database).accounts.iter().map(|a| AccountId::new(a.id)).collect();
    let (done, rounds, lost) = (AtomicBool::new(false), AtomicU32::new(0), AtomicI64::new(0));
    std::thread::scope(|scope| {
        let (accounts, done, rounds, lost) = (&accounts, &done, &rounds, &lost);
        let mut foreigner = foreigner(&database, "100ms");
        scope.spawn(move || {
            while !done.load(Ordering::SeqCst) {
                rounds.fetch_add(1, Ordering::SeqCst);
                lost.fetch_add(i64::from(!lock_downwards(&mut foreigner, accounts)), Ordering::SeqCst);
                // Otherwise bank would never get the locks.
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        let _stop = StopOnDrop(done);
        load.wait_for_acknowledged(u64::try_from(scaled(1000)).unwrap(), PATIENCE);
    });
    let result = load.stop();
    let growth = before.growth(&mut plain, result.acknowledged() / BATCH_SIZE_MAX);
    let (rounds, lost) = (rounds.into_inner(), lost.into_inner());
    let hit = growth.deadlocks - lost;
    report(&format!("{rounds} rounds of locks in the other order: {hit} deadlocks hit bank, {lost} the other program"));
    assert!(hit > 0, "nothing was injected: {growth:?}");
    check(&result, "deadlock storm", &mut plain);
}

/// Stops the foreign program even if the load is stuck.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Returns whether it got its locks: the victim of a deadlock is the session that detects it first.
fn lock_downwards(plain: &mut Plain, accounts: &[AccountId]) -> bool {
    let first = fastrand::usize(2..accounts.len());
    plain.execute("BEGIN");
    let accounts = [accounts[first], accounts[first - 1], accounts[first - 2]];
    let locked = accounts.iter().all(|account| plain.try_execute(&lock_row(*account)).is_ok());
    plain.execute(if locked { "COMMIT" } else { "ROLLBACK" });
    locked
}

#[test]
fn a_forced_serialization_failure_is_tried_again() {
    let isolation = Isolation::RepeatableRead;
    let failure = post_into_a_serialization_failure(Settings { isolation, ..without_retry() });
    assert_exhausted(failure, Transient::Serialization);
    let tried_again = post_into_a_serialization_failure(Settings { isolation, ..Settings::default() });
    assert_eq!(tried_again.expect("the second attempt succeeds"), "posted");
    report("1 forced 40001: fails without the retry, posted with it");
}

/// Posts while a foreign program holds one of the accounts and changes it.
fn post_into_a_serialization_failure(settings: Settings) -> Result<&'static str, BankError> {
    let database = TestBackend::Postgres.database();
    let accounts = open_many(&database.bank(), 2, 100);
    let mut foreign = database.plain();
    foreign.execute("BEGIN");
    foreign.execute(&format!("UPDATE accounts SET country = country WHERE id = {}", accounts[0]));
    let outcome = std::thread::scope(|scope| {
        let posting = scope.spawn(|| {
            let order = transfer(accounts[0], accounts[1], 10);
            database.bank_with(unhurried(settings)).post(&order).map(|outcome| outcome.status())
        });
        database.wait_for_blocked_session();
        foreign.execute("COMMIT");
        posting.join().expect("the client does not panic")
    });
    assert_sound(&database);
    outcome
}

#[test]
fn a_forced_deadlock_is_tried_again() {
    assert_exhausted(post_into_a_deadlock(without_retry()), Transient::Deadlock);
    let tried_again = post_into_a_deadlock(Settings::default());
    assert_eq!(tried_again.expect("the second attempt succeeds"), "posted");
    report("1 forced 40P01: fails without the retry, posted with it");
}

/// Posts while a foreign program holds the second account and then asks for the first.
fn post_into_a_deadlock(settings: Settings) -> Result<&'static str, BankError> {
    let database = TestBackend::Postgres.database();
    let accounts = open_many(&database.bank(), 2, 100);
    // A session looks for a deadlock once, this long after it began to wait: bank when there is one, the foreign
    // program never.
    set_deadlock_timeout(&mut database.plain(), "3s");
    let mut foreign = foreigner(&database, "300s");
    foreign.execute("BEGIN");
    foreign.execute(&lock_row(accounts[1]));
    let outcome = std::thread::scope(|scope| {
        let posting = scope.spawn(|| {
            let order = transfer(accounts[0], accounts[1], 10);
            database.bank_with(unhurried(settings)).post(&order).map(|outcome| outcome.status())
        });
        database.wait_for_blocked_session();
        foreign.execute(&lock_row(accounts[0]));
        foreign.execute("COMMIT");
        posting.join().expect("the client does not panic")
    });
    assert_sound(&database);
    outcome
}

/// Returns settings with which no timeout comes before the failure, on a slow machine either.
fn unhurried(settings: Settings) -> Settings {
    let minute = Duration::from_secs(60);
    Settings { lock_timeout: minute, statement_timeout: minute, answer_timeout: minute, ..settings }
}

#[track_caller]
fn assert_exhausted(result: Result<&'static str, BankError>, cause: Transient) {
    let Err(BankError::RetriesExhausted { attempts: 1, source, .. }) = result else {
        panic!("the only attempt fails: {result:?}")
    };
    assert_eq!(source.transient(), Some(cause), "{source:?}");
}

/// Sets how long new sessions wait before they look for a deadlock, and become its victim.
fn set_deadlock_timeout(plain: &mut Plain, timeout: &str) {
    let name = plain.texts("SELECT current_database()::text AS value").remove(0);
    plain.execute(&format!("ALTER DATABASE {name} SET deadlock_timeout = '{timeout}'"));
}

/// Returns a session of a program that does not know bank's lock order.
fn foreigner(database: &TestDatabase, deadlock_timeout: &str) -> Plain {
    let mut plain = database.plain();
    plain.execute(&format!("SET deadlock_timeout = '{deadlock_timeout}'"));
    plain
}

fn lock_row(account: AccountId) -> String {
    format!("SELECT id FROM accounts WHERE id = {account} FOR UPDATE")
}
