//! Sessions that the server ends while they work.

use std::thread;
use std::time::Duration;

use bank_persistence::Settings;
use bank_tests::load::{Load, Verdict};
use bank_tests::plain::Plain;

use super::pair::{Pair, Replication};
use super::{PATIENCE, durable_server, load_on, plain, scaled};

#[test]
fn sessions_cut_at_random_lose_nothing() {
    let server = durable_server();
    let load = load_on(&server, Settings::default(), 1);
    let mut administrator = plain(&server);
    let cuts = cut(&load, &mut administrator, "random()");
    let result = load.stop();
    result.assert_exactly_once_and_sound(&format!("{cuts} sessions cut"), &mut administrator);
    // A new session can be opened immediately, so the default limits suffice for every call.
    assert_eq!((result.count(Verdict::Unknown), result.count(Verdict::Failed)), (0, 0));
}

/// A commit that waits for its standby is cut after it has taken effect and before it is answered.
#[test]
fn sessions_cut_in_their_commit_lose_nothing() {
    let pair = Pair::start(Replication::Synchronous);
    let load = pair.load(Settings::default(), 9);
    let mut administrator = pair.plain();
    let cuts = cut(&load, &mut administrator, "(wait_event IS NOT DISTINCT FROM 'SyncRep') DESC, random()");
    let result = load.stop();
    result.assert_exactly_once_and_sound(&format!("{cuts} sessions cut, in COMMIT if possible"), &mut administrator);
    assert!(result.count(Verdict::Replayed) > 0, "no COMMIT was cut");
    assert_eq!((result.count(Verdict::Unknown), result.count(Verdict::Failed)), (0, 0));
}

/// Ends sessions of the load, one at a time, the first one in the given order, and returns how many. Most clients make
/// progress before the next cut: on a busy machine a commit can wait so long that one call would be cut ten times.
fn cut(load: &Load, administrator: &mut Plain, order: &str) -> i64 {
    let sql = format!(
        "SELECT CAST(CAST(pg_terminate_backend(pid) AS INTEGER) AS BIGINT) AS value FROM ( \
         SELECT pid FROM pg_stat_activity \
         WHERE application_name = 'bank' AND backend_type = 'client backend' ORDER BY {order} LIMIT 1) AS victim"
    );
    const BETWEEN_CUTS: u64 = 6;
    let wanted = i64::from(scaled(200));
    let mut cuts = 0;
    while cuts < wanted {
        cuts += administrator.numbers(&sql).iter().sum::<i64>();
        thread::sleep(Duration::from_millis(fastrand::u64(0..40)));
        load.wait_for_more(BETWEEN_CUTS, PATIENCE);
    }
    load.wait_for_more(100, PATIENCE);
    cuts
}
