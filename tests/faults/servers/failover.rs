//! A primary that dies and is replaced by its synchronous standby.

use std::thread;
use std::time::{Duration, Instant};

use bank_tests::load::Verdict;

use super::pair::{Pair, Replication};
use super::{PATIENCE, longest, patient, scaled};

#[test]
fn failovers_to_a_synchronous_standby_lose_nothing() {
    let mut pair = Pair::start(Replication::Synchronous);
    let load = pair.load(patient(), 5);
    let (mut rejoins, mut pauses) = (Vec::new(), Vec::new());
    for _ in 0..scaled(5) {
        thread::sleep(Duration::from_millis(fastrand::u64(0..300)));
        let killed = Instant::now();
        pair.fail_over();
        // Until the old primary is back as a standby, commits on the new one wait, clients give up their attempts and
        // submit the transfers again. In return, no acknowledged commit is ever on one server alone.
        pair.rejoin();
        rejoins.push(killed.elapsed());
        pauses.push(load.wait_for_more(1, PATIENCE));
        load.wait_for_more(500, PATIENCE);
    }
    let failovers = rejoins.len();
    let (rejoin, pause) = (longest(&rejoins), longest(&pauses));
    let result = load.stop();
    let what = format!("{failovers} failovers, a new standby after at most {rejoin:.1} s, at work {pause:.1} s later");
    result.assert_exactly_once_and_sound(&what, &mut pair.plain());
    assert_eq!((result.count(Verdict::Unknown), result.count(Verdict::Failed)), (0, 0));
}
