//! How many attempts were repeated, and why.

use std::ops::AddAssign;

use bank_persistence::{RetryEvent, Transient};
use parking_lot::Mutex;
use serde::Serialize;

/// Attempts that were repeated, by their reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Retries {
    /// After a serialization failure.
    pub serialization: u64,
    /// After a deadlock.
    pub deadlock: u64,
    /// After a lock timeout.
    pub lock_timeout: u64,
    /// After a lost connection.
    pub connection: u64,
    /// Repeated attempts, for any of these reasons, that lost the answer to COMMIT.
    pub lost_commits: u64,
}

impl AddAssign for Retries {
    fn add_assign(&mut self, other: Self) {
        self.serialization += other.serialization;
        self.deadlock += other.deadlock;
        self.lock_timeout += other.lock_timeout;
        self.connection += other.connection;
        self.lost_commits += other.lost_commits;
    }
}

/// Counts the repeated attempts of all threads until they are collected.
#[derive(Debug, Default)]
pub(crate) struct RetryCounter(Mutex<Retries>);

impl RetryCounter {
    /// Counts an attempt that the posting path repeats.
    pub(crate) fn observe(&self, event: &RetryEvent) {
        if event.operation == "posting" {
            self.count(event.transient);
            self.0.lock().lost_commits += u64::from(event.commit_unknown);
        }
    }

    /// Counts one attempt.
    pub(crate) fn count(&self, transient: Transient) {
        let mut retries = self.0.lock();
        *match transient {
            Transient::Serialization => &mut retries.serialization,
            Transient::Deadlock => &mut retries.deadlock,
            Transient::LockTimeout => &mut retries.lock_timeout,
            Transient::ConnectionLost | Transient::CommitUnknown => &mut retries.connection,
        } += 1;
    }

    /// Returns the counts since this was last called.
    pub(crate) fn take(&self) -> Retries {
        std::mem::take(&mut self.0.lock())
    }
}
