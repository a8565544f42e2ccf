//! Posting transfers together or not at all.

use bank_domain::{AccountVersion, Outcome, PostRequest, Rejection, Transfer};
use bank_persistence::AllOrNone;
use bank_tests::TestBackend;
use bank_tests::fixtures::{balance, open, post, posted, rejected, transfer};
use bank_tests::invariants::{Ledger, assert_sound};

pub(crate) fn all_or_none_posts_all_with_replays_among_them(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 10).id, open(&bank, "b", 0).id);
    let earlier = transfer(a, b, 4);
    posted(post(&bank, &earlier));
    // What a pays needs what b pays back before it.
    let batch = [earlier, transfer(b, a, 4), transfer(a, b, 10)];
    let again = [&batch[..], &batch[2..]].concat();
    let outcomes = expect_posted(bank.post_all_or_none(&again).unwrap());
    assert_eq!(statuses(&outcomes), ["replayed", "posted", "posted", "replayed"]);
    assert_eq!((balance(&bank, "a"), balance(&bank, "b")), (0, 10));
    assert_eq!(Ledger::read(&database).transfers.len(), 3);

    let replayed = expect_posted(bank.post_all_or_none(&batch).unwrap());
    assert_eq!(statuses(&replayed), ["replayed"; 3]);
    assert_eq!(replayed[2].posted(), outcomes[2].posted(), "a replay returns the original posting");
    assert_eq!(Ledger::read(&database).transfers.len(), 3);
    assert_sound(&database);
}

pub(crate) fn all_or_none_records_nothing_if_one_is_rejected(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 10).id, open(&bank, "b", 0).id);
    let earlier = transfer(a, b, 1);
    posted(post(&bank, &earlier));
    let before = Ledger::read(&database);
    let batch = [earlier, transfer(a, b, 5), transfer(a, b, 5), transfer(a, b, 4), transfer(a, a, 1)];
    let outcomes = expect_rolled_back(bank.post_all_or_none(&batch).unwrap());
    assert_eq!(statuses(&outcomes), ["replayed", "posted", "rejected", "posted", "rejected"]);
    assert!(matches!(rejected(outcomes[2].clone()), Rejection::InsufficientFunds { account, .. } if account == a));
    assert_eq!(rejected(outcomes[4].clone()), Rejection::SameAccount);
    assert_eq!(Ledger::read(&database), before);
    assert_eq!(bank.find_transfer(batch[1].id).unwrap(), None);

    // The ids are as free as before, and the connection can be used again.
    let outcomes = expect_posted(bank.post_all_or_none(&[&batch[..2], &batch[3..4]].concat()).unwrap());
    assert_eq!(statuses(&outcomes), ["replayed", "posted", "posted"]);
    assert_eq!((balance(&bank, "a"), balance(&bank, "b")), (0, 10));
    assert_sound(&database);
}

pub(crate) fn all_or_none_looks_at_expected_versions(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 10).id, open(&bank, "b", 0).id);
    let expecting = |version| PostRequest {
        expected_version: Some(AccountVersion::new(version)),
        ..PostRequest::from(transfer(a, b, 1))
    };
    let outcomes = expect_rolled_back(bank.post_all_or_none(&[expecting(0), expecting(0)]).unwrap());
    assert!(matches!(rejected(outcomes[1].clone()), Rejection::VersionMismatch { .. }), "{outcomes:?}");
    assert_eq!(Ledger::read(&database).transfers.len(), 0);
    expect_posted(bank.post_all_or_none(&[expecting(0), expecting(1)]).unwrap());
    assert_eq!(balance(&bank, "b"), 2);
    assert_sound(&database);
}

pub(crate) fn all_or_none_rolls_back_if_the_caller_cancels(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 10).id, open(&bank, "b", 0).id);
    let batch = [transfer(a, b, 1), transfer(a, b, 2)];
    let before = Ledger::read(&database);
    let outcomes = expect_rolled_back(bank.post_all_or_none_unless(&batch, |_| Ok(true)).unwrap());
    assert_eq!(statuses(&outcomes), ["posted", "posted"], "as they would have been");
    assert_eq!(Ledger::read(&database), before);
    expect_posted(bank.post_all_or_none_unless(&batch, |_| Ok(false)).unwrap());
    assert_eq!(balance(&bank, "b"), 3);
    assert_sound(&database);
}

pub(crate) fn all_or_none_of_nothing_is_posted(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    assert_eq!(bank.post_all_or_none::<Transfer>(&[]).unwrap(), AllOrNone::Posted(Vec::new()));
}

#[track_caller]
fn expect_posted(ended: AllOrNone) -> Vec<Outcome> {
    match ended {
        AllOrNone::Posted(outcomes) => outcomes,
        AllOrNone::RolledBack(outcomes) => panic!("posted expected, but rolled back: {outcomes:?}"),
    }
}

#[track_caller]
fn expect_rolled_back(ended: AllOrNone) -> Vec<Outcome> {
    match ended {
        AllOrNone::RolledBack(outcomes) => outcomes,
        AllOrNone::Posted(outcomes) => panic!("rolled back expected, but posted: {outcomes:?}"),
    }
}

fn statuses(outcomes: &[Outcome]) -> Vec<&'static str> {
    outcomes.iter().map(Outcome::status).collect()
}
