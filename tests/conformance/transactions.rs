//! Transactions that the caller writes.

use std::sync::mpsc;
use std::time::Duration;

use bank_domain::Outcome;
use bank_persistence::{
    BankError, DbConnection, Isolation, RetryObserver, RetryPolicy, Settings, Transient, accounts, posting,
};
use bank_tests::TestBackend;
use bank_tests::fixtures::{balance, name, new_account, open, open_many, post, random_transfers, transfer};
use bank_tests::invariants::{Ledger, assert_sound};
use diesel::connection::SimpleConnection;

pub(crate) fn a_write_is_committed_as_a_whole(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let opened = bank.write("opening two accounts", |connection| {
        let first = accounts::open(connection, &new_account("a", 1))?;
        let second = accounts::open(connection, &new_account("b", 2))?;
        Ok((first.id, second.id))
    });
    let (first, second) = opened.unwrap();
    assert_ne!(first, second);
    assert_eq!(Ledger::read(&database).total(), 3);
}

pub(crate) fn a_failed_write_changes_nothing(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    open(&bank, "b", 2);
    let failed = bank.write("opening two accounts", |connection| {
        accounts::open(connection, &new_account("a", 1))?;
        accounts::open(connection, &new_account("b", 2))
    });
    assert!(matches!(failed, Err(BankError::AccountExists { .. })), "{failed:?}");
    assert_eq!(bank.find_account(&name("a")).unwrap(), None);
    assert_eq!(bank.count_accounts().unwrap(), 1, "the connection is still of use");
}

pub(crate) fn a_swallowed_error_does_not_commit_half(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let result = bank.write("swallowing an error", |connection| {
        accounts::open(connection, &new_account("a", 1))?;
        let swallowed = connection.batch_execute("SELECT no_such_column FROM accounts");
        assert!(swallowed.is_err());
        Ok(())
    });
    // SQLite can continue after a failed statement. PostgreSQL cannot, and answers COMMIT with ROLLBACK.
    let is_there = bank.find_account(&name("a")).unwrap().is_some();
    assert_eq!(result.is_ok(), is_there, "what is reported is what happened: {result:?}");
}

pub(crate) fn a_read_cannot_write(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    open(&bank, "a", 1);
    let refused = bank.read("writing", |connection| accounts::open(connection, &new_account("b", 2)));
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(bank.count_accounts().unwrap(), 1);
    // The connection can write again afterwards.
    open(&bank, "c", 3);
}

pub(crate) fn posting_takes_part_in_the_callers_transaction(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 100).id, open(&bank, "b", 0).id);
    let order = transfer(a, b, 10);
    let pay_and_open = move |account: &'static str| {
        let order = order.clone();
        move |connection: &mut DbConnection| {
            let outcomes = posting::post(connection, &[(&order).into()])?;
            accounts::open(connection, &new_account(account, 0))?;
            Ok(outcomes)
        }
    };
    let failed = bank.write("paying and opening", pay_and_open("a"));
    assert!(matches!(failed, Err(BankError::AccountExists { .. })), "{failed:?}");
    assert_eq!(balance(&bank, "a"), 100, "the transfer went with the transaction");
    let outcomes = bank.write("paying and opening", pay_and_open("c")).unwrap();
    assert!(matches!(outcomes[..], [Outcome::Posted(_)]), "{outcomes:?}");
    assert_eq!(balance(&bank, "a"), 90);
    assert_sound(&database);
}

pub(crate) fn posting_is_correct_at_every_isolation_level(backend: TestBackend) {
    for isolation in [Isolation::ReadCommitted, Isolation::RepeatableRead, Isolation::Serializable] {
        let database = backend.database();
        let mut settings = Settings { isolation, pool_size: 4, ..Settings::default() };
        settings.retry.attempts_max = 1000;
        settings.retry.delay_max = std::time::Duration::from_millis(50);
        let bank = database.bank_with(settings);
        let accounts = open_many(&bank, 4, 200);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (bank, accounts) = (&bank, &accounts);
                scope.spawn(move || {
                    for order in random_transfers(thread, accounts, 50, 100) {
                        post(bank, &order);
                    }
                });
            }
        });
        assert_sound(&database);
    }
}

pub(crate) fn an_observer_hears_of_each_repeated_attempt_to_post(backend: TestBackend) {
    let database = backend.database();
    let (sender, events) = mpsc::channel();
    let short = Duration::from_millis(50);
    let bank = database.bank_with(Settings {
        lock_timeout: short,
        busy_timeout: short,
        retry: RetryPolicy { attempts_max: 3, ..RetryPolicy::default() },
        on_retry: Some(RetryObserver::new(move |event| sender.send(*event).unwrap())),
        ..Settings::default()
    });
    let accounts = open_many(&bank, 2, 100);
    assert_eq!(events.try_iter().count(), 0);
    let _writer = database.keep_writers_out();
    let (first, second) = (transfer(accounts[0], accounts[1], 1), transfer(accounts[1], accounts[0], 1));
    for transfers in [vec![first.clone()], vec![first, second]] {
        let refused = bank.post_batch(&transfers);
        assert!(matches!(refused, Err(BankError::RetriesExhausted { attempts: 3, .. })), "{refused:?}");
        let told: Vec<_> = events.try_iter().map(|event| (event.operation, event.attempts, event.transient)).collect();
        assert_eq!(told, [("posting", 1, Transient::LockTimeout), ("posting", 2, Transient::LockTimeout)]);
    }
}

pub(crate) fn limits_of_zero_mean_no_limit(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank_with(Settings {
        connection_timeout: Duration::ZERO,
        answer_timeout: Duration::ZERO,
        statement_timeout: Duration::ZERO,
        lock_timeout: Duration::ZERO,
        idle_in_transaction_timeout: Duration::ZERO,
        busy_timeout: Duration::ZERO,
        retry: RetryPolicy { attempts_max: 1, ..RetryPolicy::default() },
        ..Settings::default()
    });
    let accounts = open_many(&bank, 2, 100);
    let writer = database.keep_writers_out();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| post(&bank, transfer(accounts[0], accounts[1], 1)));
        std::thread::sleep(Duration::from_millis(300));
        assert!(!waiting.is_finished());
        drop(writer);
        assert_eq!(waiting.join().unwrap().status(), "posted");
    });
}
