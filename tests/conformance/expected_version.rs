//! A transfer may expect a version of the account that pays.

use std::thread;

use bank_domain::{AccountId, AccountVersion, Outcome, PostRequest, Rejection};
use bank_tests::TestBackend;
use bank_tests::fixtures::{balance, current, open, open_many, post, posted, rejected, replayed, transfer};
use bank_tests::invariants::assert_sound;

fn expecting(from: AccountId, to: AccountId, version: i64) -> PostRequest {
    transfer(from, to, 10).expecting(AccountVersion::new(version))
}

pub(crate) fn a_transfer_is_posted_only_at_the_version_it_expects(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 100).id, open(&bank, "b", 100).id);
    let first = expecting(a, b, 0);
    posted(post(&bank, &first));
    let (expected, found) = (AccountVersion::new(0), AccountVersion::new(1));
    let late = expecting(a, b, 0);
    assert_eq!(rejected(post(&bank, &late)), Rejection::VersionMismatch { account: a, expected, found });
    assert_eq!((balance(&bank, "a"), balance(&bank, "b")), (90, 110));
    assert!(bank.find_transfer(late.transfer.id).unwrap().is_none());
    posted(post(&bank, expecting(a, b, 1)));
    assert_sound(&database);
}

pub(crate) fn a_replay_ignores_the_expected_version(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 100).id, open(&bank, "b", 100).id);
    let order = expecting(a, b, 0);
    let original = posted(post(&bank, &order));
    posted(post(&bank, transfer(a, b, 1)));
    assert_eq!(replayed(post(&bank, &order)), original);
    assert_eq!(replayed(post(&bank, &order.transfer)), original);
    assert_eq!(replayed(post(&bank, order.transfer.expecting(AccountVersion::new(99)))), original);
    assert_eq!(current(&bank, "a").version.get(), 2);
}

pub(crate) fn one_of_many_transfers_that_expect_the_same_version_is_posted(backend: TestBackend) {
    const THREADS: usize = 8;
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 2, 1_000);
    let orders: Vec<PostRequest> = (0..THREADS).map(|_| expecting(accounts[0], accounts[1], 0)).collect();
    let outcomes: Vec<Outcome> = thread::scope(|scope| {
        let threads: Vec<_> = orders
            .iter()
            .map(|order| {
                scope.spawn({
                    let bank = &bank;
                    move || post(bank, order)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let rejections: Vec<_> = outcomes.into_iter().filter(|outcome| outcome.posted().is_none()).map(rejected).collect();
    assert_eq!(rejections.len(), THREADS - 1);
    assert!(rejections.iter().all(|reason| reason.code() == "version_mismatch"), "{rejections:?}");
    assert_eq!(balance(&bank, "a0"), 990);
    assert_sound(&database);
}
