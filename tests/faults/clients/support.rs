//! Settings and counts that several tests share.

use std::time::Duration;

use bank_domain::{Transfer, TransferId};
use bank_persistence::{RetryPolicy, Settings};
use bank_tests::plain::Plain;
use bank_tests::wait::wait_until;

/// Returns a count times the scale.
pub(crate) fn scaled(count: usize) -> usize {
    count * usize::from(crate::scale())
}

/// Prints the injected faults, even though test output is captured.
pub(crate) fn report(line: &str) {
    bank_tests::backend::say(&format!("faults: {line}"));
}

/// Returns settings for this many clients that retry for longer than any storm lasts.
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

/// Returns settings without retries.
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

    /// Returns the growth of these counts, after all other sessions have ended and the server has counted at least this
    /// many commits.
    pub(crate) fn growth(self, plain: &mut Plain, commits: usize) -> Self {
        // Sessions report their counts before they end.
        plain.wait_until_alone();
        let expected = i64::try_from(commits).unwrap();
        let mut now = Self::read(plain);
        wait_until("the server has counted every commit", || {
            now = Self::read(plain);
            now.commits - self.commits >= expected
        });
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
