//! A server that is stopped for longer than every timeout, with its sockets open, and resumed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bank_persistence::{RetryObserver, Settings};
use bank_tests::load::{LoadPlan, Verdict};
use bank_tests::wait::wait_until;

use super::{PATIENCE, durable_server, impatient, load_on, patient, plain, scaled};

#[test]
fn calls_to_a_frozen_server_return_before_it_goes_on_and_tell_the_truth() {
    let server = durable_server();
    let load = load_on(&server, impatient(), 3);
    let freezes = scaled(3);
    for _ in 0..freezes {
        server.freeze();
        load.wait_until_each_client_gives_up();
        server.thaw();
        load.wait_for_more(200, PATIENCE);
    }
    let result = load.stop();
    let what = format!("{freezes} freezes, impatient clients");
    result.assert_exactly_once_and_sound(&what, &mut plain(&server));
    assert!(result.longest_call < PATIENCE, "a call took {:?}", result.longest_call);
}

#[test]
fn patient_clients_outlast_a_frozen_server() {
    /// How many attempts a client gives up in each freeze, on average.
    const ATTEMPTS: usize = 4;
    let server = durable_server();
    let given_up = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&given_up);
    let on_retry = RetryObserver::new(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
    });
    let load = load_on(&server, Settings { on_retry: Some(on_retry), ..patient() }, 4);
    let freezes = scaled(3);
    for _ in 0..freezes {
        server.freeze();
        let enough = given_up.load(Ordering::SeqCst) + ATTEMPTS * LoadPlan::default().clients;
        wait_until("attempts are given up", || given_up.load(Ordering::SeqCst) >= enough);
        server.thaw();
        load.wait_for_more(200, PATIENCE);
    }
    let result = load.stop();
    let what = format!("{freezes} freezes, patient clients");
    result.assert_exactly_once_and_sound(&what, &mut plain(&server));
    assert_eq!((result.count(Verdict::Unknown), result.count(Verdict::Failed)), (0, 0));
}
