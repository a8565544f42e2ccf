//! Files of transfers that the ledger remembers.

use std::sync::Barrier;

use bank_domain::TransferId;
use bank_persistence::{BankError, Batch, Decision, Derivation, batches};
use bank_tests::TestBackend;
use bank_tests::fixtures::{open, post, posted, transfer_with_id};
use uuid::Uuid;

fn batch(key: &str, content: u8) -> Batch {
    let reference = key.to_uppercase();
    Batch { reference_key: key.to_owned(), reference, digest: [content; 32], lines: 3, derivation: Derivation::Ordinal }
}

fn id(number: u128) -> TransferId {
    TransferId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn a_recorded_batch_is_found_with_every_field(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    assert_eq!(bank.find_batch("r").unwrap(), None);
    let content = Batch { derivation: Derivation::Content, lines: u64::MAX >> 1, ..batch("straße 7", 255) };
    for batch in [batch("r", 0), content] {
        let recorded = bank.record_batch(&batch).unwrap();
        assert_eq!(recorded.batch, batch);
        assert_eq!(bank.find_batch(&batch.reference_key).unwrap(), Some(recorded));
    }
    assert_eq!(bank.find_batch("R").unwrap(), None);
}

pub(crate) fn the_first_content_of_a_reference_stays(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let first = bank.record_batch(&batch("r", 1)).unwrap();
    let other = Batch { lines: 9, derivation: Derivation::Content, ..batch("r", 2) };
    assert_eq!(bank.record_batch(&other).unwrap(), first);
    assert_eq!(bank.record_batch(&first.batch).unwrap(), first);
}

pub(crate) fn one_of_many_contents_recorded_at_the_same_moment_stays(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    for round in 0..5 {
        let barrier = Barrier::new(8);
        let recorded: Vec<_> = std::thread::scope(|scope| {
            let recording = |content| {
                let (bank, barrier) = (&bank, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    bank.record_batch(&batch(&format!("r {round}"), content)).unwrap()
                })
            };
            let threads: Vec<_> = (0..8).map(recording).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(recorded.iter().all(|each| *each == recorded[0]), "{recorded:?}");
    }
}

pub(crate) fn a_batch_recorded_in_a_transaction_that_is_rolled_back_is_not_there(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let ended = bank.write_or_roll_back("recording", |connection| {
        batches::record(connection, &batch("r", 1))?;
        Ok(Decision::<(), ()>::RollBack(()))
    });
    assert_eq!(ended.unwrap(), Decision::RollBack(()));
    assert_eq!(bank.find_batch("r").unwrap(), None);
    assert_eq!(bank.record_batch(&batch("r", 2)).unwrap().batch, batch("r", 2));
}

pub(crate) fn a_batch_is_forgotten_unless_one_of_its_ids_was_posted(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 100).id, open(&bank, "b", 0).id);
    bank.record_batch(&batch("r", 1)).unwrap();
    bank.record_batch(&batch("s", 1)).unwrap();
    for outside in [9, 21] {
        posted(post(&bank, transfer_with_id(id(outside), a, b, 1)));
    }
    // Another content is recorded by now.
    assert_eq!(bank.forget_batch(&batch("r", 2), (id(10), id(20))).unwrap(), None);
    assert!(bank.find_batch("r").unwrap().is_some());
    assert_eq!(bank.forget_batch(&batch("r", 1), (id(10), id(20))).unwrap(), None);
    assert_eq!(bank.find_batch("r").unwrap(), None);
    for last in [10, 20] {
        posted(post(&bank, transfer_with_id(id(last), a, b, 1)));
        bank.record_batch(&batch("r", 1)).unwrap();
        let forgotten = bank.forget_batch(&batch("r", 1), (id(10), id(20))).unwrap();
        assert_eq!(forgotten, Some(id(10)));
        assert!(bank.find_batch("r").unwrap().is_some());
    }
    assert!(bank.find_batch("s").unwrap().is_some());
}

pub(crate) fn a_batch_that_a_newer_program_has_recorded_is_not_guessed(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    bank.record_batch(&batch("r", 1)).unwrap();
    database.plain().execute("UPDATE batches SET derivation = 3");
    for found in [bank.find_batch("r").map(|_| ()), bank.record_batch(&batch("r", 1)).map(|_| ())] {
        let error = found.unwrap_err();
        assert!(matches!(&error, BankError::Corrupt { table: "batches", id, .. } if id == "r"), "{error:?}");
    }
}

pub(crate) fn posted_transfers_are_found_by_many_ids(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 1000).id, open(&bank, "b", 0).id);
    let orders: Vec<_> = (1..=200).map(|number| transfer_with_id(id(number), a, b, 1)).collect();
    bank.post_batch(&orders).unwrap();
    // Those between them are left out.
    let wanted: Vec<TransferId> = [1, 77, 200, 500, 0].map(id).into();
    let mut found: Vec<TransferId> =
        bank.find_transfers(&wanted).unwrap().iter().map(|posted| posted.transfer.id).collect();
    found.sort_unstable();
    assert_eq!(found, [1, 77, 200].map(id));
    assert!(bank.find_transfers(&[]).unwrap().is_empty());
}
