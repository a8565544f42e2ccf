//! What time it is on a server, without asking it each time.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;

/// The time of the last answer that told it, and what this machine's monotonic clock has counted since. It lags behind the
/// server's by the answer's way at most; a clock that is set is noticed with the next answer.
#[derive(Debug, Default)]
pub(crate) struct ServerClock(Mutex<Option<Reading>>);

#[derive(Clone, Copy, Debug)]
struct Reading {
    time: DateTime<Utc>,
    heard: Instant,
}

impl ServerClock {
    /// Notes what a server has just told, and returns it.
    pub(in crate::posting) fn set(&self, time: DateTime<Utc>) -> DateTime<Utc> {
        *self.0.lock() = Some(Reading { time, heard: Instant::now() });
        time
    }

    /// Returns the server's time so long from now; `None` if it never told any.
    pub(in crate::posting) fn time_after(&self, wait: Duration) -> Option<DateTime<Utc>> {
        let reading = *self.0.lock();
        reading.map(|Reading { time, heard }| time + heard.elapsed() + wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_clock_goes_on_from_what_it_was_told_last() {
        let clock = ServerClock::default();
        assert_eq!(clock.time_after(Duration::ZERO), None);
        let noon: DateTime<Utc> = "2026-01-31T12:00:00Z".parse().unwrap();
        clock.set(noon + Duration::from_secs(60));
        clock.set(noon);
        std::thread::sleep(Duration::from_millis(20));
        let passed = clock.time_after(Duration::from_secs(2)).unwrap() - noon;
        assert!((2020..10_000).contains(&passed.num_milliseconds()), "{passed}");
    }
}
