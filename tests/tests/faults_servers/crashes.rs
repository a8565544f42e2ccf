//! A server that is killed and comes back.

use std::thread;
use std::time::{Duration, Instant};

use bank_persistence::Settings;
use bank_tests::load::Verdict;

use crate::{PATIENCE, durable_server, load_on, longest, plain, scaled};

#[test]
fn a_server_killed_again_and_again_loses_nothing() {
    let server = durable_server();
    // The default bounds suffice for a server that is back within seconds.
    let load = load_on(&server, Settings::default(), 2);
    let (mut restarts, mut pauses) = (Vec::new(), Vec::new());
    for _ in 0..scaled(10) {
        thread::sleep(Duration::from_millis(fastrand::u64(0..300)));
        let killed = Instant::now();
        server.crash();
        server.start();
        restarts.push(killed.elapsed());
        pauses.push(load.wait_for_more(1, PATIENCE));
        load.wait_for_more(50, PATIENCE);
    }
    let kills = restarts.len();
    let (restart, pause) = (longest(&restarts), longest(&pauses));
    let result = load.stop();
    let what = format!("{kills} servers killed, back after at most {restart:.1} s, at work {pause:.1} s later");
    result.assert_exactly_once_and_sound(&what, &mut plain(&server));
    assert_eq!((result.count(Verdict::Unknown), result.count(Verdict::Failed)), (0, 0));
}
