//! How many attempts were repeated, and why.

use std::ops::{Add, Sub};

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

impl Retries {
    /// Returns the number of all repeated attempts.
    #[must_use]
    pub fn total(self) -> u64 {
        self.serialization + self.deadlock + self.lock_timeout + self.connection
    }

    fn combine(self, other: Self, combine: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            serialization: combine(self.serialization, other.serialization),
            deadlock: combine(self.deadlock, other.deadlock),
            lock_timeout: combine(self.lock_timeout, other.lock_timeout),
            connection: combine(self.connection, other.connection),
            lost_commits: combine(self.lost_commits, other.lost_commits),
        }
    }
}

impl Add for Retries {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.combine(other, u64::saturating_add)
    }
}

impl Sub for Retries {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        self.combine(earlier, u64::saturating_sub)
    }
}

/// Counts the attempts of all threads.
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
            Transient::ConnectionLost => &mut retries.connection,
        } += 1;
    }

    /// Returns the counts so far.
    pub(crate) fn read(&self) -> Retries {
        *self.0.lock()
    }
}
