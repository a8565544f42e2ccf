//! Posting queues whose database fails while a batch is tried transfer by transfer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bank_persistence::{
    BankError, DbError, PostingQueue, QueueError, QueueSettings, RetryObserver, RetryPolicy, Settings,
};
use bank_tests::TestBackend;
use bank_tests::fixtures::{open, transfer};
use bank_tests::invariants::assert_sound;
use bank_tests::wait::wait_until;

/// Rejects batches for good, and single transfers with an error that may pass.
const REFUSE: &str = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
     IF (SELECT count(*) FROM new) > 1 THEN RAISE 'no batches'; END IF;
     RAISE 'could not serialize access' USING ERRCODE = '40001'; END $$;
     CREATE TRIGGER refuse AFTER INSERT ON transfers REFERENCING NEW TABLE AS new
     FOR EACH STATEMENT EXECUTE FUNCTION refuse()";

#[test]
fn a_batch_is_tried_transfer_by_transfer_until_the_database_itself_fails() {
    const ATTEMPTS: u32 = 3;
    let database = TestBackend::Postgres.database();
    let retries = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&retries);
    let on_retry = RetryObserver::new(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
    });
    let retry = RetryPolicy { attempts_max: ATTEMPTS, delay_max: Duration::from_millis(1), ..RetryPolicy::default() };
    let bank = database.bank_with(Settings { retry, on_retry: Some(on_retry), ..Settings::default() });
    let (from, to) = (open(&bank, "from", 1000).id, open(&bank, "to", 0).id);
    database.plain().execute(REFUSE);
    let writer = database.keep_writers_out();
    let queue = PostingQueue::start(&bank, QueueSettings::default()).unwrap();
    // While the first one waits for the accounts, the others queue up.
    let first = queue.submit(transfer(from, to, 1)).unwrap();
    wait_until("a worker has taken the first one", || queue.in_flight() == 1);
    let others: Vec<_> = (0..20).map(|_| queue.submit(transfer(from, to, 1)).unwrap()).collect();
    drop(writer);
    let mut tickets = std::iter::once(first).chain(others);
    let mut next = || match tickets.next().map(|ticket| ticket.wait().unwrap_err()) {
        Some(QueueError::Failed(error)) => Some(error),
        None => None,
        Some(other) => panic!("{other}"),
    };
    for _ in 0..2 {
        let error = next().unwrap();
        assert!(matches!(*error, BankError::RetriesExhausted { attempts: ATTEMPTS, .. }), "{error}");
    }
    for _ in 0..19 {
        let error = next().unwrap();
        assert!(matches!(*error, BankError::Database(DbError::Statement(_))), "{error}");
    }
    assert_eq!(retries.load(Ordering::SeqCst), 2 * (ATTEMPTS - 1), "of the first, and of the first of the batch");
    assert_sound(&database);
}
