//! What the scenarios share.

use std::time::Duration;

use bank_domain::{Transfer, TransferId};
use bank_persistence::{RetryPolicy, Settings};
use bank_tests::plain::Plain;
use bank_tests::wait::wait_until;

/// The variable that multiplies every count, for runs that last longer.
const SCALE_VARIABLE: &str = "BANK_FAULTS_SCALE";

/// Returns a count times the scale.
pub(crate) fn scaled(count: usize) -> usize {
    let scale = std::env::var(SCALE_VARIABLE).map_or(1, |text| text.parse().expect("the scale is a whole number"));
    count * std::cmp::max(scale, 1_usize)
}

/// Prints what was injected, past the capture of test output.
pub(crate) fn report(line: &str) {
    bank_tests::backend::say(&format!("faults: {line}"));
}

/// Returns settings for so many clients that try more often than any storm lasts.
pub(crate) fn patient(clients: usize) -> Settings {
    let retry = RetryPolicy {
        attempts_max: 10_000,
        elapsed_max: Duration::from_secs(120),
        delay_max: Duration::from_millis(100),
        ..RetryPolicy::default()
    };
    let pool_size = u32::try_from(clients).unwrap() + 2;
    Settings { pool_size, retry, busy_timeout: Duration::from_secs(30), ..Settings::default() }
}

/// Returns settings under which nothing is tried twice.
pub(crate) fn without_retry() -> Settings {
    Settings { retry: RetryPolicy { attempts_max: 1, ..RetryPolicy::default() }, ..Settings::default() }
}

/// What the server has counted in one database.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServerCounts {
    pub(crate) commits: i64,
    pub(crate) rollbacks: i64,
    pub(crate) deadlocks: i64,
}

impl ServerCounts {
    pub(crate) fn read(plain: &mut Plain) -> Self {
        let mut number = |column: &str| {
            let sql = format!("SELECT {column} AS value FROM pg_stat_database WHERE datname = current_database()");
            plain.number(&sql)
        };
        Self { commits: number("xact_commit"), rollbacks: number("xact_rollback"), deadlocks: number("deadlocks") }
    }

    /// Returns what has come to these counts, once the sessions have reported at least so many commits: the last they
    /// do before they end.
    pub(crate) fn growth(self, plain: &mut Plain, commits: usize) -> Self {
        let expected = i64::try_from(commits).unwrap();
        let mut now = Self::read(plain);
        wait_until("the server has counted every commit", || {
            now = Self::read(plain);
            now.commits - self.commits >= expected
        });
        // Whoever reported the last commit may be followed by one that only rolled back.
        std::thread::sleep(Duration::from_millis(1200));
        now = Self::read(plain);
        Self {
            commits: now.commits - self.commits,
            rollbacks: now.rollbacks - self.rollbacks,
            deadlocks: now.deadlocks - self.deadlocks,
        }
    }
}

/// Returns the ids of transfers.
pub(crate) fn ids(transfers: &[Transfer]) -> Vec<TransferId> {
    transfers.iter().map(|transfer| transfer.id).collect()
}
