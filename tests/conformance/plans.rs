//! How PostgreSQL finds the rows of a batch: by their indexes, however many there are and whatever it knows of them.

use bank_domain::{Outcome, Transfer, TransferId};
use bank_persistence::{Session, Settings};
use bank_tests::fixtures::{open_many, random_transfers};
use bank_tests::plain::Plain;
use bank_tests::wait::wait_until;
use bank_tests::{TestBackend, TestDatabase};

const ACCOUNTS: usize = 2_000;
const BATCH: usize = 1_500;

#[test]
fn batches_use_indexes_with_prepared_statements() {
    no_table_is_read_as_a_whole(Session::Dedicated);
}

/// Without them the planner knows the values, and could think of reading everything.
#[test]
fn batches_use_indexes_without_prepared_statements() {
    no_table_is_read_as_a_whole(Session::OneShot);
}

fn no_table_is_read_as_a_whole(session: Session) {
    let database = TestBackend::Postgres.database();
    let accounts = open_many(&database.bank(), ACCOUNTS, 1_000_000);
    let batches: Vec<Vec<Transfer>> =
        (0..8).map(|seed| with_random_ids(random_transfers(seed, &accounts, BATCH, 10), seed)).collect();
    let (before, measured) = batches.split_at(6);
    post_all(&database, session, before);
    let mut plain = database.plain();
    plain.execute("ANALYZE");
    wait_for_rows(&database, before.len() * BATCH);
    let read_before = rows_read_in_passing(&mut plain);
    post_all(&database, session, measured);
    wait_for_rows(&database, batches.len() * BATCH);
    let read = rows_read_in_passing(&mut plain) - read_before;
    // A look at up to 64 rows for each batch may take them as they come.
    assert!(read <= 64 * 2, "{read} rows were read by going through whole tables");
}

/// Returns the transfers under ids in no order, as those are that `bank-cli batch` derives.
fn with_random_ids(transfers: Vec<Transfer>, seed: u64) -> Vec<Transfer> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut with_id =
        |transfer| Transfer { id: TransferId::from_uuid(uuid::Uuid::from_u128(random.u128(..))), ..transfer };
    transfers.into_iter().map(&mut with_id).collect()
}

/// Posts in a session of its own: when it ends, the server counts for everybody to see what it has done.
fn post_all(database: &TestDatabase, session: Session, batches: &[Vec<Transfer>]) {
    let bank = database.bank_with(Settings { session, ..Settings::default() });
    for batch in batches {
        let outcomes = bank.post_batch(batch).unwrap();
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Posted(_))));
    }
}

/// Returns how many rows of both tables were not looked up but passed by.
fn rows_read_in_passing(plain: &mut Plain) -> i64 {
    plain.number(
        "SELECT CAST(sum(seq_tup_read) AS BIGINT) AS value FROM pg_stat_user_tables \
         WHERE relname IN ('accounts', 'transfers')",
    )
}

/// Waits until the server has counted the journal's rows: then it has counted all else of these sessions, too.
fn wait_for_rows(database: &TestDatabase, rows: usize) {
    let rows = i64::try_from(rows).unwrap();
    let counted = "SELECT n_tup_ins AS value FROM pg_stat_user_tables WHERE relname = 'transfers'";
    wait_until("the server has counted all rows", || database.plain().number(counted) >= rows);
}
