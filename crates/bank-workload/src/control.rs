//! What all threads of a run share: when to stop, and what went wrong.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bank_persistence::{RetryEvent, Transient};
use serde::Serialize;

use crate::error::WorkloadError;

/// Enough to see what is wrong.
const VIOLATIONS_MAX: usize = 10;

/// Shared by clients, readers and the monitor.
#[derive(Debug, Default)]
pub(crate) struct Control {
    /// Set once: when the run was stopped.
    stopped: Mutex<Option<Instant>>,
    is_stopped: AtomicBool,
    wake: Condvar,
    settle: Duration,
    failure: Mutex<Option<WorkloadError>>,
    violations: Mutex<Violations>,
    pub(crate) retries: RetryCounters,
    /// Transfers whose outcome is unknown at this moment.
    pub(crate) unresolved: AtomicU64,
}

/// What must never be, seen during a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Violations {
    pub(crate) count: u64,
    pub(crate) first: Vec<String>,
    /// How many of them the audit has found.
    of_audit: usize,
}

impl Control {
    /// Returns the shared state of a run that goes on for `settle` at most when it has been stopped.
    pub(crate) fn new(settle: Duration) -> Self {
        Self { settle, ..Self::default() }
    }

    /// Lets no further transfer begin.
    pub(crate) fn stop(&self) {
        locked(&self.stopped).get_or_insert_with(Instant::now);
        self.is_stopped.store(true, Ordering::SeqCst);
        self.wake.notify_all();
    }

    /// Returns whether no further transfer is to begin.
    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::SeqCst)
    }

    /// Returns whether the time for finding out what became of transfers has passed.
    pub(crate) fn is_settled(&self) -> bool {
        locked(&self.stopped).is_some_and(|stopped| stopped.elapsed() >= self.settle)
    }

    /// Waits until a moment, and returns false if the run is stopped before it.
    pub(crate) fn wait_until(&self, moment: Instant) -> bool {
        let mut stopped = locked(&self.stopped);
        loop {
            let left = moment.saturating_duration_since(Instant::now());
            if stopped.is_some() || left.is_zero() {
                return stopped.is_none();
            }
            stopped = self.wake.wait_timeout(stopped, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Ends the run because of a failure that no repetition mends; the first one is kept.
    pub(crate) fn fail(&self, failure: WorkloadError) {
        locked(&self.failure).get_or_insert(failure);
        self.stop();
    }

    /// Returns the failure that ended the run.
    pub(crate) fn take_failure(&self) -> Option<WorkloadError> {
        locked(&self.failure).take()
    }

    /// Notes what must never be; the run goes on.
    pub(crate) fn violation(&self, what: String) {
        let mut violations = locked(&self.violations);
        violations.count += 1;
        if violations.first.len() < VIOLATIONS_MAX {
            violations.first.push(what);
        }
    }

    /// Notes what the audit has found, before everything else: it names the accounts.
    pub(crate) fn violation_of_audit(&self, what: String) {
        let mut violations = locked(&self.violations);
        violations.count += 1;
        let place = violations.of_audit;
        violations.first.insert(place, what);
        violations.first.truncate(VIOLATIONS_MAX);
        violations.of_audit += 1;
    }

    /// Returns what was noted so far.
    pub(crate) fn violations(&self) -> Violations {
        locked(&self.violations).clone()
    }
}

/// Counts attempts that failed and were repeated, by their reason.
#[derive(Debug, Default)]
pub(crate) struct RetryCounters {
    serialization: AtomicU64,
    deadlock: AtomicU64,
    lock_timeout: AtomicU64,
    connection: AtomicU64,
    lost_commits: AtomicU64,
}

/// How many attempts were repeated, and why.
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
    /// Those of them that lost the answer to COMMIT.
    pub lost_commits: u64,
}

impl RetryCounters {
    /// Counts an attempt of the posting path.
    pub(crate) fn observe(&self, event: &RetryEvent) {
        if event.operation == "posting" {
            self.count(event.transient);
            self.lost_commits.fetch_add(event.commit_unknown.into(), Ordering::Relaxed);
        }
    }

    /// Counts one attempt.
    pub(crate) fn count(&self, transient: Transient) {
        let counter = match transient {
            Transient::Serialization => &self.serialization,
            Transient::Deadlock => &self.deadlock,
            Transient::LockTimeout => &self.lock_timeout,
            Transient::ConnectionLost => &self.connection,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the counts so far.
    pub(crate) fn read(&self) -> Retries {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Retries {
            serialization: count(&self.serialization),
            deadlock: count(&self.deadlock),
            lock_timeout: count(&self.lock_timeout),
            connection: count(&self.connection),
            lost_commits: count(&self.lost_commits),
        }
    }
}

impl Retries {
    /// Returns what has been added since.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            serialization: self.serialization - earlier.serialization,
            deadlock: self.deadlock - earlier.deadlock,
            lock_timeout: self.lock_timeout - earlier.lock_timeout,
            connection: self.connection - earlier.connection,
            lost_commits: self.lost_commits - earlier.lost_commits,
        }
    }

    /// Returns both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            serialization: self.serialization + other.serialization,
            deadlock: self.deadlock + other.deadlock,
            lock_timeout: self.lock_timeout + other.lock_timeout,
            connection: self.connection + other.connection,
            lost_commits: self.lost_commits + other.lost_commits,
        }
    }

    /// Returns the number of all repeated attempts.
    #[must_use]
    pub fn total(self) -> u64 {
        self.serialization + self.deadlock + self.lock_timeout + self.connection
    }
}

/// What is behind these locks is changed by single calls that do not panic, so it is whole even if a holder did.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
