//! The order in which the accounts of a transfer are locked on a server.

use std::time::Duration;

use bank_domain::Outcome;
use bank_persistence::Settings;
use bank_tests::TestBackend;
use bank_tests::fixtures::{open_many, transfer};
use bank_tests::invariants::assert_sound;
use bank_tests::wait::wait_until;

/// Without a limit of its own, the statement that adds a batch's net change would wait as long as the other transaction lasts,
/// and in a circle with others that have locked in another order.
#[test]
fn a_batch_waits_for_a_lock_only_on_the_locked_path() {
    let database = TestBackend::Postgres.database();
    // No limit of any kind ends the wait.
    let (lock_timeout, statement_timeout, answer_timeout) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let bank = database.bank_with(Settings { lock_timeout, statement_timeout, answer_timeout, ..Settings::default() });
    let accounts = open_many(&bank, 2, 100);
    let batch = [transfer(accounts[0], accounts[1], 1), transfer(accounts[0], accounts[1], 2)];
    let mut locked = database.plain();
    locked.execute("BEGIN; SELECT 1 FROM accounts WHERE name = 'a1' FOR UPDATE");
    let posting = std::thread::spawn(move || bank.post_batch(&batch));
    let waits = "SELECT count(*) AS value FROM pg_stat_activity WHERE datname = current_database() \
                 AND wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE%'";
    let mut plain = database.plain();
    wait_until("the locked path waits for the lock", || plain.number(waits) > 0);
    locked.execute("ROLLBACK");
    let outcomes = posting.join().unwrap().unwrap();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Posted(_))), "{outcomes:?}");
}

/// Every path locks the account with the lower id first, whichever of them pays: while it waits for the higher one, it holds the lower.
#[test]
fn accounts_are_locked_in_ascending_order_on_every_path() {
    // One transfer as an autocommit statement, one in a transaction, and a batch on the locked path.
    for (settings, rejected) in [(Settings::default(), 0), (Settings::one_shot(), 0), (Settings::default(), 1)] {
        for payer in [0, 1] {
            let database = TestBackend::Postgres.database();
            let bank = database.bank_with(settings.clone());
            let accounts = open_many(&bank, 2, 100);
            let lower = accounts[0];
            let mut orders = vec![transfer(accounts[payer], accounts[1 - payer], 1)];
            // A transfer that is rejected sends the batch the locked path.
            orders.extend((0..rejected).map(|_| transfer(lower, lower, 1)));
            let mut higher_locked = database.plain();
            higher_locked.execute("BEGIN; SELECT 1 FROM accounts WHERE name = 'a1' FOR UPDATE");
            let posting = std::thread::spawn(move || match &orders[..] {
                [order] => bank.post(order).map(|outcome| vec![outcome]),
                orders => bank.post_batch(orders),
            });
            database.wait_for_blocked_session();
            let lower_lock = database.plain().try_execute("SELECT 1 FROM accounts WHERE name = 'a0' FOR UPDATE NOWAIT");
            higher_locked.execute("ROLLBACK");
            let outcomes = posting.join().unwrap().unwrap();
            assert!(matches!(outcomes[0], Outcome::Posted(_)), "{outcomes:?}");
            let refused = lower_lock.expect_err("the account with the lower id is locked");
            assert!(refused.contains("could not obtain lock"), "{refused}");
        }
    }
}

/// The server checks constraints on the row as the statement's snapshot has it, before it notices that the row has changed.
#[test]
fn a_limit_that_is_raised_while_a_transfer_waits_for_it_counts() {
    for settings in [Settings::default(), Settings::one_shot()] {
        let database = TestBackend::Postgres.database();
        let bank = database.bank_with(settings);
        let accounts = open_many(&bank, 2, 100);
        let order = transfer(accounts[0], accounts[1], 500);
        let mut raising = database.plain();
        raising.execute("BEGIN; UPDATE accounts SET overdraft_limit = 1000 WHERE name = 'a0'");
        let posting = std::thread::spawn({
            let bank = bank.clone();
            move || bank.post(order)
        });
        database.wait_for_blocked_session();
        raising.execute("COMMIT");
        let outcome = posting.join().unwrap().unwrap();
        assert!(matches!(outcome, Outcome::Posted(_)), "{outcome:?}");
        assert_sound(&database);
    }
}
