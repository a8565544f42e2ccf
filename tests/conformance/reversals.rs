//! A transfer is reversed at most once, and the two are linked.

use std::thread;

use bank_domain::{Memo, Outcome, Rejection, Reversal, TransferField, TransferId, TransferKind};
use bank_persistence::{Bank, new_transfer_id};
use bank_tests::TestBackend;
use bank_tests::fixtures::{balance, open, post, posted, rejected, replayed, transfer, transfer_with_id};
use bank_tests::invariants::{Ledger, assert_sound};

fn reverse(bank: &Bank, original: TransferId, memo: Option<&str>) -> Outcome {
    let memo = memo.map(|memo| Memo::new(memo).unwrap());
    bank.reverse(&Reversal { original, memo, force: false }).unwrap().expect("the original is there").outcome
}

pub(crate) fn a_reversal_moves_the_money_back_and_is_linked(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 100).id, open(&bank, "b", 5).id);
    let order = transfer(a, b, 10);
    posted(post(&bank, &order));
    assert!(bank.find_reversal(order.id).unwrap().is_none());
    let posting = posted(reverse(&bank, order.id, Some("wrong account")));
    assert_eq!((posting.transfer.from, posting.transfer.to, posting.transfer.amount), (b, a, order.amount));
    assert_eq!((balance(&bank, "a"), balance(&bank, "b")), (100, 5));
    let reversal = bank.find_reversal(order.id).unwrap().unwrap();
    assert_eq!(reversal.posted, posting);
    assert_eq!(reversal.posted.transfer.kind(), TransferKind::Reversal { of: order.id });
    assert_eq!(bank.find_transfer(order.id).unwrap().unwrap().posted.transfer, order, "the original stays as it is");
    assert_sound(&database);
}

pub(crate) fn a_second_reversal_is_a_replay_even_with_another_note(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 100).id, open(&bank, "b", 0).id);
    let order = transfer(a, b, 10);
    posted(post(&bank, &order));
    let first = posted(reverse(&bank, order.id, Some("first")));
    let before = Ledger::read(&database);
    for note in [None, Some("first"), Some("second")] {
        assert_eq!(replayed(reverse(&bank, order.id, note)), first);
    }
    assert_eq!(Ledger::read(&database), before);
    assert_sound(&database);
}

pub(crate) fn one_of_many_racing_reversals_is_posted(backend: TestBackend) {
    const THREADS: usize = 8;
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 100).id, open(&bank, "b", 90).id);
    let order = transfer(a, b, 10);
    posted(post(&bank, &order));
    let notes: Vec<String> = (0..THREADS).map(|number| format!("clerk {number}")).collect();
    let statuses: Vec<&str> = thread::scope(|scope| {
        let threads: Vec<_> =
            notes.iter().map(|note| scope.spawn(|| reverse(&bank, order.id, Some(note)).status())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == "posted").count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == "replayed").count(), THREADS - 1, "{statuses:?}");
    assert_eq!((balance(&bank, "a"), balance(&bank, "b")), (100, 90));
    assert_sound(&database);
}

pub(crate) fn an_unknown_transfer_cannot_be_reversed(backend: TestBackend) {
    let database = backend.database();
    let reversal = Reversal { original: new_transfer_id(), memo: None, force: true };
    assert!(database.bank().reverse(&reversal).unwrap().is_none());
}

pub(crate) fn a_reversal_respects_the_limit_of_the_receiver(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b, c) = (open(&bank, "a", 100).id, open(&bank, "b", 0).id, open(&bank, "c", 0).id);
    let order = transfer(a, b, 10);
    posted(post(&bank, &order));
    posted(post(&bank, transfer(b, c, 1)));
    assert_eq!(rejected(reverse(&bank, order.id, None)).code(), "insufficient_funds");
    let by_force = Reversal { original: order.id, memo: None, force: true };
    assert_eq!(rejected(bank.reverse(&by_force).unwrap().unwrap().outcome).code(), "insufficient_funds");
    assert!(bank.find_reversal(order.id).unwrap().is_none());
    posted(post(&bank, transfer(c, b, 1)));
    posted(reverse(&bank, order.id, None));
    assert_sound(&database);
}

pub(crate) fn a_reversal_is_reversed_only_by_force(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 100).id, open(&bank, "b", 0).id);
    let order = transfer(a, b, 10);
    posted(post(&bank, &order));
    let reversal = posted(reverse(&bank, order.id, None)).transfer.id;
    let refusal = Rejection::ReversalOfReversal { id: reversal, original: order.id };
    assert_eq!(rejected(reverse(&bank, reversal, None)), refusal);
    let by_force = Reversal { original: reversal, memo: None, force: true };
    posted(bank.reverse(&by_force).unwrap().unwrap().outcome);
    assert_eq!((balance(&bank, "a"), balance(&bank, "b")), (90, 10));
    assert_eq!(replayed(reverse(&bank, order.id, None)).transfer.id, reversal, "the original stays reversed");
    assert_sound(&database);
}

pub(crate) fn a_transfer_that_took_the_id_of_a_reversal_is_not_the_reversal(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 100).id, open(&bank, "b", 100).id);
    let order = transfer(a, b, 10);
    posted(post(&bank, &order));
    let id = order.id.of_reversal();
    posted(post(&bank, transfer_with_id(id, b, a, 10)));
    assert!(bank.find_reversal(order.id).unwrap().is_none());
    assert_eq!(rejected(reverse(&bank, order.id, None)), Rejection::IdConflict { id, field: TransferField::Kind });
    // A memo alone does not make a transfer a reversal.
    let memo = Memo::new(format!("reverses {}", order.id)).unwrap();
    let typed = transfer(b, a, 10).with_memo(Some(memo));
    posted(post(&bank, &typed));
    assert_eq!(bank.find_transfer(typed.id).unwrap().unwrap().posted.transfer.kind(), TransferKind::Payment);
    assert_sound(&database);
}
