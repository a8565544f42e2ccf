//! What all threads of a run share: when to stop, and what went wrong.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::error::WorkloadError;
use crate::retries::RetryCounter;

/// Enough to see what is wrong.
const VIOLATIONS_MAX: usize = 10;

/// Shared by clients, readers and the monitor.
#[derive(Debug, Default)]
pub(crate) struct Control {
    /// How long the run may go on after it was stopped.
    settle: Duration,
    stopped_at: Mutex<Option<Instant>>,
    wake: Condvar,
    pub(crate) error: Mutex<Option<WorkloadError>>,
    pub(crate) violations: Mutex<Violations>,
    pub(crate) retries: Arc<RetryCounter>,
    /// Transfers whose outcome is unknown at this moment.
    pub(crate) unresolved: AtomicU64,
}

/// What must never happen and was seen during a run.
#[derive(Debug, Default)]
pub(crate) struct Violations {
    pub(crate) count: u64,
    pub(crate) first: Vec<String>,
}

impl Control {
    /// Returns the shared state of a run that may go on for `settle` after it was stopped.
    pub(crate) fn new(settle: Duration) -> Self {
        Self { settle, ..Self::default() }
    }

    /// Lets no further transfer begin.
    pub(crate) fn stop(&self) {
        self.stopped_at.lock().get_or_insert_with(Instant::now);
        self.wake.notify_all();
    }

    /// Returns whether the run was stopped.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped_at.lock().is_some()
    }

    /// Returns whether the time for resolving unknown outcomes is over.
    pub(crate) fn is_settled(&self) -> bool {
        self.stopped_at.lock().is_some_and(|stopped_at| stopped_at.elapsed() >= self.settle)
    }

    /// Waits until a moment, and returns false if the run is stopped before it.
    pub(crate) fn wait_until(&self, moment: Instant) -> bool {
        let mut stopped_at = self.stopped_at.lock();
        while stopped_at.is_none() && Instant::now() < moment {
            self.wake.wait_until(&mut stopped_at, moment);
        }
        stopped_at.is_none()
    }

    /// Ends the run because of an error that no repetition cures; the first one is kept.
    pub(crate) fn fail(&self, error: WorkloadError) {
        self.error.lock().get_or_insert(error);
        self.stop();
    }

    /// Notes a violation; the run goes on.
    pub(crate) fn violation(&self, what: String) {
        let mut violations = self.violations.lock();
        violations.count += 1;
        if violations.first.len() < VIOLATIONS_MAX {
            violations.first.push(what);
        }
    }

    /// Notes the violations that the audit found. They go before all others, because they name the accounts.
    pub(crate) fn violations_of_audit(&self, found: Vec<String>) {
        let mut violations = self.violations.lock();
        violations.count += u64::try_from(found.len()).unwrap_or(u64::MAX);
        violations.first.splice(0..0, found);
        violations.first.truncate(VIOLATIONS_MAX);
    }
}
