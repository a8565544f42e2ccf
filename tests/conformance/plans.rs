//! PostgreSQL finds the rows of a batch by indexes, with and without statistics and prepared statements.

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
    assert_no_sequential_scan(Session::Dedicated);
}

/// Without prepared statements the planner knows the values, and might choose to read the whole table.
#[test]
fn batches_use_indexes_without_prepared_statements() {
    assert_no_sequential_scan(Session::OneShot);
}

fn assert_no_sequential_scan(session: Session) {
    let database = TestBackend::Postgres.database();
    let accounts = open_many(&database.bank(), ACCOUNTS, 1_000_000);
    let batches: Vec<Vec<Transfer>> =
        (0..8).map(|seed| with_random_ids(random_transfers(seed, &accounts, BATCH, 10), seed)).collect();
    let (before, measured) = batches.split_at(6);
    post_all(&database, session, before);
    let mut plain = database.plain();
    plain.execute("ANALYZE");
    wait_for_rows(&database, before.len() * BATCH);
    let read_before = rows_read_sequentially(&mut plain);
    post_all(&database, session, measured);
    wait_for_rows(&database, batches.len() * BATCH);
    let read = rows_read_sequentially(&mut plain) - read_before;
    // For each batch, the server may read up to 64 rows without an index.
    assert!(read <= 64 * 2, "{read} rows were read in sequential scans");
}

/// Returns the transfers with random ids, like those that `bank-cli batch` derives.
fn with_random_ids(transfers: Vec<Transfer>, seed: u64) -> Vec<Transfer> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut with_id = |mut transfer: Transfer| {
        transfer.id = TransferId::from_uuid(uuid::Uuid::from_u128(random.u128(..)));
        transfer
    };
    transfers.into_iter().map(&mut with_id).collect()
}

/// Posts in a session of its own: when that ends, its counts become visible.
fn post_all(database: &TestDatabase, session: Session, batches: &[Vec<Transfer>]) {
    let bank = database.bank_with(Settings { session, ..Settings::default() });
    for batch in batches {
        let outcomes = bank.post_batch(batch).unwrap();
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Posted(_))));
    }
}

/// Returns how many rows of both tables the server has read in sequential scans.
fn rows_read_sequentially(plain: &mut Plain) -> i64 {
    plain.number(
        "SELECT CAST(sum(seq_tup_read) AS BIGINT) AS value FROM pg_stat_user_tables \
         WHERE relname IN ('accounts', 'transfers')",
    )
}

/// Waits until the server has counted the journal's rows. By then all other counts of these sessions are visible, too.
fn wait_for_rows(database: &TestDatabase, rows: usize) {
    let rows = i64::try_from(rows).unwrap();
    let counted = "SELECT n_tup_ins AS value FROM pg_stat_user_tables WHERE relname = 'transfers'";
    wait_until("the server has counted all rows", || database.plain().number(counted) >= rows);
}
