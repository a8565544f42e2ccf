//! A server that is stopped, sockets open, for longer than every timeout, and goes on later.

use std::thread;
use std::time::Duration;

use bank_tests::load::Verdict;

use super::{PATIENCE, durable_server, impatient, load_on, patient, plain, scaled};

const FREEZE: Duration = Duration::from_secs(6);

/// A call's two seconds, in which no further attempt begins; the last attempt's wait for a connection and for an answer,
/// a second each; and what a busy machine adds.
const CALL_MAX: Duration = Duration::from_millis(2000 + 1000 + 1000 + 1500);

#[test]
fn calls_to_a_frozen_server_return_in_time_and_tell_the_truth() {
    let server = durable_server();
    let load = load_on(&server, impatient(), 3);
    let freezes = scaled(3);
    for _ in 0..freezes {
        server.freeze();
        thread::sleep(FREEZE);
        server.thaw();
        load.wait_for_more(200, PATIENCE);
    }
    let result = load.stop();
    let what = format!("{freezes} freezes of {FREEZE:?}, impatient clients");
    result.assert_exactly_once_and_sound(&what, &mut plain(&server));
    let given_up = result.count(Verdict::Unknown) + result.count(Verdict::Failed);
    assert!(given_up > 0, "no client gave up: the server was not frozen for long enough");
    assert!(result.longest_call < CALL_MAX, "a call took {:?}", result.longest_call);
}

#[test]
fn patient_clients_outlast_a_frozen_server() {
    let server = durable_server();
    let load = load_on(&server, patient(), 4);
    let freezes = scaled(3);
    for _ in 0..freezes {
        server.freeze();
        thread::sleep(FREEZE);
        server.thaw();
        load.wait_for_more(200, PATIENCE);
    }
    let result = load.stop();
    let what = format!("{freezes} freezes of {FREEZE:?}, patient clients");
    result.assert_exactly_once_and_sound(&what, &mut plain(&server));
    assert_eq!((result.count(Verdict::Unknown), result.count(Verdict::Failed)), (0, 0));
}
