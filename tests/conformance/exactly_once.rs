//! An id takes effect at most once.

use std::sync::Barrier;

use bank_domain::{Memo, Outcome, Rejection, Transfer, TransferField, TransferId};
use bank_persistence::{Settings, new_transfer_id};
use bank_tests::fixtures::{
    balance, open, open_many, post, posted, random_transfers, rejected, replayed, transfer, transfer_with_id,
};
use bank_tests::invariants::{Ledger, assert_exactly_once, assert_sound};
use bank_tests::{TestBackend, TestDatabase};

const THREADS: usize = 16;

pub(crate) fn the_same_transfer_again_is_replayed_with_its_original_outcome(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 100).id, open(&bank, "b", 0).id);
    let order = transfer(a, b, 10);
    let original = posted(post(&bank, &order));
    posted(post(&bank, transfer(a, b, 5)));
    for _ in 0..3 {
        assert_eq!(replayed(post(&bank, &order)), original);
    }
    assert_eq!((balance(&bank, "a"), balance(&bank, "b")), (85, 15));
    assert_sound(&database);
}

pub(crate) fn the_same_id_with_any_other_field_is_a_conflict(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b, c) = (open(&bank, "a", 100).id, open(&bank, "b", 100).id, open(&bank, "c", 100).id);
    let id = new_transfer_id();
    let original = transfer_with_id(id, a, b, 10).with_memo(Some(Memo::new("rent").unwrap()));
    let between = |from, to| transfer_with_id(id, from, to, 10).with_memo(original.memo.clone());
    posted(post(&bank, &original));
    let before = Ledger::read(&database);
    let others = [
        (TransferField::From, between(c, b)),
        (TransferField::To, between(a, c)),
        (TransferField::Amount, transfer_with_id(id, a, b, 11)),
        (TransferField::Memo, original.clone().with_memo(None)),
        (TransferField::Memo, original.clone().with_memo(Some(Memo::new("Rent").unwrap()))),
    ];
    for (field, other) in others {
        assert_eq!(rejected(post(&bank, &other)), Rejection::IdConflict { id, field });
    }
    assert_eq!(Ledger::read(&database), before);
    assert_sound(&database);
}

pub(crate) fn the_nil_uuid_is_rejected_and_read_where_a_journal_has_it(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 100).id, open(&bank, "b", 0).id);
    let nil = TransferId::from_uuid(uuid::Uuid::nil());
    let order = transfer_with_id(nil, a, b, 10);
    assert_eq!(rejected(post(&bank, &order)), Rejection::NilId);
    let batch = [order.clone(), transfer(a, b, 1)];
    let outcomes = bank.post_batch(&batch).unwrap();
    assert_eq!(rejected(outcomes[0].clone()), Rejection::NilId);
    assert_eq!((balance(&bank, "a"), balance(&bank, "b")), (99, 1));
    assert_sound(&database);

    // An earlier version has posted it.
    let sql = if database.is_sqlite() { "zeroblob(16)" } else { "'00000000-0000-0000-0000-000000000000'" };
    database.plain().execute(&format!("UPDATE transfers SET id = {sql}"));
    let read = bank.find_transfer(nil).unwrap().unwrap();
    assert_eq!(read.posted.transfer.amount.get(), 1);
    assert!(bank.audit().unwrap().is_sound());
    assert_eq!(rejected(post(&bank, &order)), Rejection::NilId);
}

pub(crate) fn a_replay_needs_no_money(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 10).id, open(&bank, "b", 0).id);
    let order = transfer(a, b, 10);
    let original = posted(post(&bank, &order));
    assert_eq!(balance(&bank, "a"), 0);
    assert_eq!(replayed(post(&bank, &order)), original);
}

pub(crate) fn one_transfer_from_16_threads_is_posted_once(backend: TestBackend) {
    let database = backend.database();
    let accounts = open_many(&database.bank(), 2, 1000);
    for _ in 0..10 {
        let order = transfer(accounts[0], accounts[1], 10);
        let outcomes = post_concurrently(&database, |_| order.clone());
        let postings: Vec<_> = outcomes.iter().filter_map(Outcome::posted).collect();
        assert_eq!(postings.len(), THREADS, "each thread learns that the transfer is in effect: {outcomes:?}");
        assert!(postings.iter().all(|posting| *posting == postings[0]), "and all learn the same: {postings:?}");
        assert_eq!(outcomes.iter().filter(|outcome| outcome.status() == "posted").count(), 1);
    }
    assert_eq!(balance(&database.bank(), "a0"), 900);
    assert_sound(&database);
}

pub(crate) fn one_content_wins_when_16_threads_send_one_id(backend: TestBackend) {
    let database = backend.database();
    let accounts = open_many(&database.bank(), 2 * THREADS, 1000);
    let mut moved = 0;
    for round in 0..10 {
        let id = new_transfer_id();
        // In odd rounds all threads use the same accounts. In even rounds no two threads share an account, so that no
        // account lock separates them.
        let outcomes = post_concurrently(&database, |thread| {
            let (from, to) = if round % 2 == 1 { (0, 1) } else { (2 * thread, 2 * thread + 1) };
            transfer_with_id(id, accounts[from], accounts[to], 1 + i64::try_from(thread).unwrap())
        });
        let winners: Vec<_> = outcomes.iter().filter_map(Outcome::posted).collect();
        assert_eq!(winners.len(), 1, "exactly one content wins: {outcomes:?}");
        moved += winners[0].transfer.amount.get();
        for outcome in &outcomes {
            let conflict = matches!(outcome, Outcome::Rejected(Rejection::IdConflict { .. }));
            assert!(conflict || outcome.posted().is_some(), "{outcome:?}");
        }
    }
    let ledger = Ledger::read(&database);
    assert_eq!(ledger.transfers.len(), 10);
    assert_eq!(ledger.transfers.iter().map(|transfer| transfer.amount).sum::<i64>(), moved);
    assert_sound(&database);
}

pub(crate) fn sending_the_whole_input_again_changes_nothing(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 5, 100);
    let input = random_transfers(11, &accounts, 200, 60);
    let first: Vec<Outcome> = input.iter().map(|transfer| post(&bank, transfer)).collect();
    let before = Ledger::read(&database);
    let in_effect = |outcomes: &[Outcome]| -> Vec<TransferId> {
        outcomes.iter().filter_map(|outcome| outcome.posted().map(|posting| posting.transfer.id)).collect()
    };
    // Only the posted ones: a rejected transfer may have enough money by now.
    let posted_before = in_effect(&first);
    let again: Vec<Transfer> = input.iter().filter(|t| posted_before.contains(&t.id)).cloned().collect();
    let second: Vec<Outcome> = again.iter().map(|transfer| post(&bank, transfer)).collect();
    assert!(second.iter().all(|outcome| outcome.status() == "replayed"));
    assert_eq!(Ledger::read(&database), before);
    assert_exactly_once(&database, &input, &posted_before);
    assert_sound(&database);
}

pub(crate) fn ids_of_every_form_are_kept(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 100).id, open(&bank, "b", 0).id);
    let ids = [
        uuid::Uuid::from_u128(1),
        uuid::Uuid::max(),
        uuid::Uuid::from_u128(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10),
        uuid::Uuid::now_v7(),
    ];
    for id in ids.map(TransferId::from_uuid) {
        posted(post(&bank, transfer_with_id(id, a, b, 1)));
        assert_eq!(bank.find_transfer(id).unwrap().unwrap().posted.transfer.id, id);
        replayed(post(&bank, transfer_with_id(id, a, b, 1)));
    }
    assert_sound(&database);
}

/// Posts one transfer from each of 16 threads, all at the same time.
fn post_concurrently(database: &TestDatabase, order: impl Fn(usize) -> Transfer + Sync) -> Vec<Outcome> {
    let settings = Settings { pool_size: u32::try_from(THREADS).unwrap(), ..Settings::default() };
    let bank = database.bank_with(settings);
    let barrier = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        let (bank, barrier, order) = (&bank, &barrier, &order);
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn(move || {
                    let order = order(thread);
                    barrier.wait();
                    post(bank, &order)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
