//! The server's time, without asking for it each time.

use std::time::{Duration, Instant};

use bank_db::DbConnection;
use bank_db::sql_types::StoredTime;
use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use super::in_flight::IN_FLIGHT_MAX;
use crate::error::BankError;
use crate::posting::postgres::journal::now;

/// The time in the server's last answer, and what this machine's monotonic clock has counted since. It is behind the server's
/// by the answer's transit at most; a clock that is set is noticed with the next answer.
#[derive(Debug, Default)]
pub(super) struct ServerClock(Mutex<Option<Reading>>);

#[derive(Clone, Copy, Debug)]
struct Reading {
    time: DateTime<Utc>,
    heard: Instant,
}

impl ServerClock {
    /// Notes the time that a server has just told, and returns it.
    pub(super) fn set(&self, time: DateTime<Utc>) -> DateTime<Utc> {
        *self.0.lock() = Some(Reading { time, heard: Instant::now() });
        time
    }

    /// Returns the server's time after a wait from now; `None` if it never told any.
    fn time_after(&self, wait: Duration) -> Option<DateTime<Utc>> {
        let reading = *self.0.lock();
        reading.map(|Reading { time, heard }| time + heard.elapsed() + wait)
    }

    /// Returns when a statement that is sent now may no longer begin to write, by the server's clock, which is asked if it
    /// never told the time.
    pub(super) fn deadline(&self, connection: &mut DbConnection) -> Result<DateTime<Utc>, BankError> {
        match (self.time_after(IN_FLIGHT_MAX), connection) {
            (None, DbConnection::Postgres(postgres)) => Ok(self.set(now(postgres)?.0) + IN_FLIGHT_MAX),
            (deadline, _) => Ok(deadline.unwrap_or(StoredTime::LAST.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_clock_goes_on_from_the_last_time_it_was_told() {
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
