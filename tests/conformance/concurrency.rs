//! Many concurrent threads.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread::sleep;
use std::time::Duration;

use bank_domain::{AccountId, Outcome, Transfer, TransferId};
use bank_persistence::{Bank, BankError, DbConnection, Settings, posting};
use bank_tests::fixtures::{balance, new_account, only_totals, open, open_many, post, random_transfers, transfer};
use bank_tests::invariants::{assert_exactly_once, assert_sound};
use bank_tests::threads::concurrently;
use bank_tests::{TestBackend, TestDatabase};

const THREADS: usize = 8;

pub(crate) fn two_racing_transfers_never_overdraw(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    for round in 0..20 {
        let from = open(&bank, &format!("from {round}"), 100).id;
        let to = [0, 1].map(|side| open(&bank, &format!("to {round} {side}"), 0).id);
        let outcomes = concurrently(2, |thread| post(&bank, transfer(from, to[thread], 60)));
        let mut statuses: Vec<_> = outcomes.iter().map(Outcome::status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, ["posted", "rejected"]);
        assert_eq!(balance(&bank, &format!("from {round}")), 40);
    }
    assert_sound(&database);
}

pub(crate) fn opposite_transfers_do_not_deadlock(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 2, 10_000);
    let statuses = concurrently(4, |thread| {
        let (from, to) = if thread % 2 == 0 { (0, 1) } else { (1, 0) };
        (0..100).all(|_| post(&bank, transfer(accounts[from], accounts[to], 1)).status() == "posted")
    });
    assert_eq!(statuses, [true; 4]);
    assert_eq!((balance(&bank, "a0"), balance(&bank, "a1")), (10_000, 10_000));
    assert_sound(&database);
}

pub(crate) fn threads_that_write_without_a_pause_take_turns(backend: TestBackend) {
    const TURNS: usize = 10;
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 2, 10_000);
    let turns = Arc::new(Mutex::new(Vec::new()));
    let all_connected = Barrier::new(4);
    concurrently(4, |thread| {
        // A thread that connects late was not kept waiting by the others.
        let connect = |_: &mut DbConnection| -> Result<(), BankError> {
            all_connected.wait();
            Ok(())
        };
        bank.read("connecting", connect).unwrap();
        for _ in 0..TURNS {
            let (turns, order) = (Arc::clone(&turns), transfer(accounts[0], accounts[1], 1));
            let posted = bank.write("posting slowly", move |connection| {
                let outcomes = posting::post(connection, &[(&order).into()])?;
                turns.lock().unwrap().push(thread);
                sleep(Duration::from_millis(10));
                Ok(outcomes)
            });
            assert!(matches!(posted.as_deref(), Ok([Outcome::Posted(_)])), "{posted:?}");
        }
    });
    let turns = turns.lock().unwrap();
    // A thread that has to wait until the others are done has none of these.
    let of = |thread| turns[..3 * TURNS].iter().filter(|turn| **turn == thread).count();
    assert!((0..4).all(|thread| of(thread) >= 2), "the first turns: {:?}", &turns[..3 * TURNS]);
    assert_sound(&database);
}

pub(crate) fn eight_threads_on_ten_accounts_keep_every_invariant(backend: TestBackend) {
    let database = backend.database();
    let bank = patient(&database);
    let accounts = open_many(&bank, 10, 300);
    let orders: Vec<Vec<Transfer>> = (0..THREADS).map(|thread| orders(thread, &accounts, 400)).collect();
    let acknowledged = concurrently(THREADS, |thread| {
        let outcomes = orders[thread].iter().map(|order| post(&bank, order));
        outcomes.filter_map(|outcome| outcome.posted().map(|posting| posting.transfer.id)).collect::<Vec<_>>()
    });
    check(&database, &orders.concat(), &acknowledged.concat());
}

pub(crate) fn concurrent_batches_keep_every_invariant(backend: TestBackend) {
    let database = backend.database();
    let bank = patient(&database);
    let accounts = open_many(&bank, 10, 2000);
    let orders: Vec<Vec<Transfer>> = (0..THREADS).map(|thread| orders(thread, &accounts, 2000)).collect();
    let acknowledged = concurrently(THREADS, |thread| {
        let batches = orders[thread].chunks(100);
        let outcomes = batches.flat_map(|batch| bank.post_batch(batch).expect("the batch is posted"));
        outcomes.filter_map(|outcome| outcome.posted().map(|posting| posting.transfer.id)).collect::<Vec<_>>()
    });
    check(&database, &orders.concat(), &acknowledged.concat());
}

pub(crate) fn readers_never_see_a_wrong_total(backend: TestBackend) {
    const READERS: usize = 2;
    let database = backend.database();
    let bank = patient(&database);
    let accounts = open_many(&bank, 20, 1000);
    let writers_left = AtomicU32::new(2);
    let reads = AtomicU32::new(0);
    let sound = AtomicBool::new(true);
    concurrently(2 + READERS, |thread| {
        if thread < 2 {
            for batch in orders(thread, &accounts, 600).chunks(3) {
                bank.post_batch(batch).expect("the batch is posted");
            }
            writers_left.fetch_sub(1, Ordering::SeqCst);
            return;
        }
        while writers_left.load(Ordering::SeqCst) > 0 {
            let totals = bank.totals().expect("the total can be read");
            let listed = sum_of_list(&bank);
            let audited = bank.audit().expect("the audit runs");
            if (only_totals(&totals.currencies), listed) != ((20_000, 20_000), 20_000) || !audited.is_sound() {
                sound.store(false, Ordering::SeqCst);
                panic!("a reader saw {totals:?}, a list of {listed}, {:?}", audited.findings);
            }
            reads.fetch_add(1, Ordering::SeqCst);
        }
    });
    assert!(sound.into_inner());
    assert!(reads.into_inner() > 3, "the readers have read while money moved");
    assert_sound(&database);
}

pub(crate) fn racing_openings_of_one_name_make_one_account(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    for round in 0..10 {
        let new = new_account(&format!("Jessica {round}"), 1);
        let opened = concurrently(4, |_| match bank.open_account(&new) {
            Ok(_) => true,
            Err(BankError::AccountExists { .. }) => false,
            Err(error) => panic!("{error:?}"),
        });
        assert_eq!(opened.iter().filter(|opened| **opened).count(), 1);
    }
    assert_eq!(bank.count_accounts().unwrap(), 10);
}

/// Connects with a connection for each thread, and enough attempts for a small machine.
fn patient(database: &TestDatabase) -> Bank {
    let mut settings = Settings { pool_size: 2 * u32::try_from(THREADS).unwrap(), ..Settings::default() };
    settings.busy_timeout = Duration::from_secs(30);
    database.bank_with(settings)
}

fn orders(thread: usize, accounts: &[AccountId], count: usize) -> Vec<Transfer> {
    random_transfers(u64::try_from(thread).unwrap(), accounts, count, 100)
}

fn sum_of_list(bank: &Bank) -> i64 {
    let mut sum = 0;
    let listed: Result<(), BankError> = bank.list_accounts(None, |account| {
        sum += account.balance.get();
        Ok(())
    });
    listed.expect("the accounts can be listed");
    sum
}

fn check(database: &TestDatabase, submitted: &[Transfer], acknowledged: &[TransferId]) {
    assert!(acknowledged.len() > submitted.len() / 2, "most transfers are possible: {}", acknowledged.len());
    assert_exactly_once(database, submitted, acknowledged);
    assert_sound(database);
}
