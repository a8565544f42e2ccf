//! Ordered locks, compared with the transaction that most tutorials show.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bank_domain::{AccountId, Transfer};
use bank_persistence::{PostingPipeline, PostingQueue, QueueSettings};
use bank_tests::fixtures::{open_many, post, posted, random_transfers, transfer};
use bank_tests::invariants::{assert_exactly_once, assert_sound};
use bank_tests::plain::Plain;
use bank_tests::threads::concurrently;
use bank_tests::wait::wait_until;
use bank_tests::{TestBackend, TestDatabase};

use super::support::{ServerCounts, patient, report, scaled};

const CLIENTS: usize = 8;
const HOT_ACCOUNTS: usize = 10;

#[test]
fn no_attempt_is_aborted_on_hot_accounts_and_unordered_updates_deadlock() {
    let time = Duration::from_secs(u64::try_from(scaled(4)).unwrap());
    let (database, accounts) = hot_accounts();
    let (ordered, counts) = measure(&database, |counter| post_for(&database, &accounts, time, counter));
    assert_eq!((counts.rollbacks, counts.deadlocks), (0, 0), "bank's locks abort nothing: {counts:?}");
    assert_sound(&database);

    let (database, accounts) = hot_accounts();
    let (unordered, foreign) = measure(&database, |counter| update_for(&database, &accounts, time, counter));
    assert!(foreign.deadlocks > 0, "the same measure finds what unordered updates abort: {foreign:?}");

    let per_second = |count: usize| count / usize::try_from(time.as_secs()).unwrap();
    report(&format!(
        "{CLIENTS} clients on {HOT_ACCOUNTS} hot accounts, READ COMMITTED, {} s each: bank {}/s with {} attempts \
         aborted; two unordered updates {}/s with {} aborted",
        time.as_secs(),
        per_second(ordered),
        counts.rollbacks,
        per_second(unordered),
        foreign.rollbacks,
    ));
}

#[test]
fn a_locked_account_delays_only_transfers_that_share_it_in_a_queue() {
    let database = TestBackend::Postgres.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 5, 1000);
    let queue = PostingQueue::start(&bank, QueueSettings::default()).unwrap();
    let mut locker = database.plain();
    locker.execute(&format!("BEGIN; UPDATE accounts SET age = age WHERE id = {}", accounts[0]));
    let held_up = queue.submit(transfer(accounts[0], accounts[1], 1)).unwrap();
    database.wait_for_blocked_session();
    // This transfer needs the money of the one before it, so it must wait. The next one shares no account with them.
    let behind = queue.submit(transfer(accounts[1], accounts[2], 1001)).unwrap();
    posted(queue.submit(transfer(accounts[3], accounts[4], 1)).unwrap().wait().unwrap());
    assert_eq!(locker.number("SELECT count(*) AS value FROM transfers"), 1);
    locker.execute("COMMIT");
    posted(held_up.wait().unwrap());
    posted(behind.wait().unwrap());
    assert_sound(&database);
}

#[test]
fn a_locked_account_delays_only_transfers_that_share_it_in_a_pipeline() {
    let database = TestBackend::Postgres.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 7, 1000);
    let mut pipeline = PostingPipeline::new(&bank, 2);
    let mut locker = database.plain();
    locker.execute(&format!("BEGIN; UPDATE accounts SET age = age WHERE id = {}", accounts[0]));
    pipeline.push(vec![transfer(accounts[0], accounts[1], 1)]).unwrap();
    database.wait_for_blocked_session();
    // The first transfer needs the money of the batch before it, so it must wait. The others share no account with it.
    let second = vec![
        transfer(accounts[1], accounts[2], 1001),
        transfer(accounts[3], accounts[4], 1),
        transfer(accounts[5], accounts[6], 1),
    ];
    pipeline.push(second).unwrap();
    wait_until("the others are posted", || locker.number("SELECT count(*) AS value FROM transfers") == 2);
    locker.execute("COMMIT");
    pipeline.flush().unwrap();
    let outcomes = pipeline.take_outcomes();
    assert_eq!(outcomes.iter().map(Vec::len).collect::<Vec<_>>(), [1, 3]);
    outcomes.into_iter().flatten().for_each(|outcome| drop(posted(outcome)));
    assert_sound(&database);
}

/// The server counts the failed attempts as rollbacks.
#[test]
fn after_a_partly_rejected_batch_the_next_ones_skip_the_fast_path() {
    let (database, accounts) = hot_accounts();
    let rollbacks_of = |batches: &[&[i64]]| {
        let (_, counts) = measure(&database, |counter| {
            let bank = database.bank();
            for amounts in batches {
                let transfers: Vec<_> =
                    amounts.iter().map(|units| transfer(accounts[0], accounts[1], *units)).collect();
                bank.post_batch(&transfers).unwrap();
            }
            counter.fetch_add(batches.len(), Ordering::SeqCst);
        });
        counts.rollbacks
    };
    const REFUSED: i64 = 2_000_000_000;
    assert_eq!(rollbacks_of(&[&[1, 2], &[3, 4, 5], &[6, 7]]), 0);
    assert_eq!(rollbacks_of(&[&[1, 2], &[3, REFUSED], &[4, 5], &[REFUSED, 6]]), 1);
    assert_sound(&database);
}

/// On the fast path, a batch updates accounts before it has locked all of them, in the order of the server's plan. Each
/// client has its own `Bank`, as in separate processes, so that none knows of the others.
#[test]
fn batches_on_hot_accounts_never_deadlock() {
    let (database, accounts) = hot_accounts();
    let batches = scaled(20);
    let mut sent = Vec::new();
    let (_, counts) = measure(&database, |counter| {
        sent = concurrently(CLIENTS, |client| {
            let bank = database.bank_with(patient(1));
            let sent = random_transfers(u64::try_from(client).unwrap(), &accounts, batches * 50, 10);
            for batch in sent.chunks(50) {
                bank.post_batch(batch).unwrap().into_iter().for_each(|outcome| drop(posted(outcome)));
            }
            counter.fetch_add(batches, Ordering::SeqCst);
            sent
        })
        .concat();
    });
    assert_eq!(counts.deadlocks, 0, "{counts:?}");
    assert_exactly_once(&database, &sent, &super::support::ids(&sent));
    assert_sound(&database);
    report(&format!("{CLIENTS} banks with {batches} batches each on {HOT_ACCOUNTS} hot accounts: {counts:?}"));
}

fn hot_accounts() -> (TestDatabase, Vec<AccountId>) {
    let database = TestBackend::Postgres.database();
    let accounts = open_many(&database.bank(), HOT_ACCOUNTS, 1_000_000_000);
    (database, accounts)
}

/// Runs the clients and returns how many transactions they committed, and the counts of the server.
fn measure(database: &TestDatabase, clients: impl FnOnce(&AtomicUsize)) -> (usize, ServerCounts) {
    let mut plain = database.plain();
    let before = ServerCounts::read(&mut plain);
    let counter = AtomicUsize::new(0);
    clients(&counter);
    let done = counter.into_inner();
    assert!(done > 0, "nothing was done");
    (done, before.growth(&mut plain, done))
}

fn post_for(database: &TestDatabase, accounts: &[AccountId], time: Duration, counter: &AtomicUsize) {
    let bank = database.bank_with(patient(CLIENTS));
    let started = Instant::now();
    let orders = concurrently(CLIENTS, |client| {
        let mut random = fastrand::Rng::with_seed(u64::try_from(client).unwrap());
        let mut done: Vec<Transfer> = Vec::new();
        while started.elapsed() < time {
            let order = random_transfers(random.u64(..), accounts, 1, 10).remove(0);
            posted(post(&bank, &order));
            done.push(order);
        }
        counter.fetch_add(done.len(), Ordering::SeqCst);
        done
    });
    let orders = orders.concat();
    assert_exactly_once(database, &orders, &super::support::ids(&orders));
}

/// Debits one account and then credits the other, in any order of their ids, and starts again after a deadlock.
fn update_for(database: &TestDatabase, accounts: &[AccountId], time: Duration, counter: &AtomicUsize) {
    let started = Instant::now();
    concurrently(CLIENTS, |client| {
        let mut plain = database.plain();
        let mut random = fastrand::Rng::with_seed(u64::try_from(client).unwrap());
        while started.elapsed() < time {
            let from = random.usize(..accounts.len());
            let to = (from + random.usize(1..accounts.len())) % accounts.len();
            if update_both(&mut plain, accounts[from], accounts[to]) {
                counter.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
}

fn update_both(plain: &mut Plain, from: AccountId, to: AccountId) -> bool {
    plain.execute("BEGIN");
    let updated = [(from, "balance - 1"), (to, "balance + 1")].iter().all(|(account, balance)| {
        plain.try_execute(&format!("UPDATE accounts SET balance = {balance} WHERE id = {account}")).is_ok()
    });
    plain.execute(if updated { "COMMIT" } else { "ROLLBACK" });
    updated
}
