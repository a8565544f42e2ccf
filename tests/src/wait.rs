//! Waiting for a state that can be observed, instead of for a fixed time.

use std::thread;
use std::time::{Duration, Instant};

/// Only a hang takes this long, on any machine.
const HANG: Duration = Duration::from_secs(60);

/// Waits until the condition holds.
///
/// # Panics
///
/// If that takes longer than a minute.
#[track_caller]
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + HANG;
    while !condition() {
        assert!(Instant::now() < deadline, "a minute passed before {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
