//! Retrying a transaction whose failure may pass.
//!
//! Each attempt is a transaction of its own, and no lock is held while waiting for the next one.

mod classify;
mod policy;
#[cfg(test)]
mod tests;
mod translations;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::error::{AttemptError, TransactionError, WithCauses};

pub use classify::{Obstacle, Retryable, Transient, classify, is_data_error, is_not_committed, may_be_committed};
pub use policy::RetryPolicy;

/// An attempt that failed and is about to be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryEvent {
    /// What is tried, such as `posting`.
    pub operation: &'static str,
    /// How many attempts have failed so far, this one included.
    pub attempts: u32,
    /// Why this one failed.
    pub transient: Transient,
    /// Whether this one lost the answer to its COMMIT.
    pub commit_unknown: bool,
}

/// Observes every attempt that is about to be repeated, on the thread that waits to repeat it: for counters.
#[derive(Clone)]
pub struct RetryObserver(Arc<dyn Fn(&RetryEvent) + Send + Sync>);

impl RetryObserver {
    /// Returns an observer that calls the function, which should not block.
    #[must_use]
    pub fn new(observe: impl Fn(&RetryEvent) + Send + Sync + 'static) -> Self {
        Self(Arc::new(observe))
    }
}

impl fmt::Debug for RetryObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RetryObserver")
    }
}

/// Runs an operation until it succeeds, fails for good, or reaches the policy's bounds.
///
/// `attempt` may run several times, so each run must begin a fresh transaction. An attempt whose COMMIT got no answer is
/// repeated like any other, so the operation must change nothing the second time. The observer, if any, is told of each
/// attempt that is about to be repeated.
///
/// # Errors
///
/// - [`TransactionError::Failed`] if an attempt fails for a reason that will not pass.
/// - [`TransactionError::RetriesExhausted`] at the policy's bounds.
/// - [`TransactionError::OutcomeUnknown`] instead of either if the answer to an earlier COMMIT was lost and no attempt has
///   succeeded since: a later failure does not tell whether the earlier attempt took effect.
pub fn retry<T, E: Retryable>(
    policy: &RetryPolicy,
    observer: Option<&RetryObserver>,
    operation: &'static str,
    attempt: impl Fn() -> Result<T, AttemptError<E>>,
) -> Result<T, TransactionError<E>> {
    let started = Instant::now();
    let mut unknown = false;
    let mut attempts: u32 = 0;
    loop {
        attempts = attempts.saturating_add(1);
        let AttemptError { error, commit_unknown } = match attempt() {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        unknown |= commit_unknown;
        let transient = error.transient();
        let delay = policy.delay(attempts).max(error.retry_after());
        let elapsed = started.elapsed();
        let exhausted = attempts >= policy.attempts_max || elapsed.saturating_add(delay) > policy.elapsed_max;
        let Some(reason) = transient.filter(|_| !exhausted) else {
            return Err(give_up(operation, unknown, transient.is_some(), attempts, elapsed, error));
        };
        if let Some(RetryObserver(observe)) = observer {
            observe(&RetryEvent { operation, attempts, transient: reason, commit_unknown });
        }
        tracing::info!(operation, attempts, ?transient, unknown, cause = %WithCauses(&error), ?delay, "trying again");
        std::thread::sleep(delay);
    }
}

fn give_up<E: std::error::Error>(
    operation: &'static str,
    unknown: bool,
    transient: bool,
    attempts: u32,
    elapsed: Duration,
    error: E,
) -> TransactionError<E> {
    if unknown {
        TransactionError::OutcomeUnknown { operation, source: Box::new(error) }
    } else if transient {
        TransactionError::RetriesExhausted { operation, attempts, elapsed, source: Box::new(error) }
    } else {
        TransactionError::Failed(error)
    }
}
