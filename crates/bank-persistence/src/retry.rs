//! Trying a transaction again when its failure may have passed. Knows nothing of accounts.
//!
//! Each attempt is a transaction of its own; the wait between two attempts is drawn evenly from zero to a bound that
//! doubles ("full jitter", Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015), and no lock is
//! held while waiting.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBuilder};
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::error::BankError;

/// Bounds on how often and for how long a transaction is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The largest number of attempts, the first included.
    pub attempts_max: u32,
    /// No attempt begins after this time. One that has begun is not cut short by it.
    pub elapsed_max: Duration,
    /// The bound of the first wait; it doubles from one wait to the next.
    pub delay_min: Duration,
    /// The bound of the longest wait.
    pub delay_max: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts_max: 10,
            elapsed_max: Duration::from_secs(30),
            delay_min: Duration::from_millis(5),
            delay_max: Duration::from_secs(2),
        }
    }
}

impl RetryPolicy {
    fn delay_bounds(&self) -> impl Iterator<Item = Duration> + use<> {
        ExponentialBuilder::new()
            .with_min_delay(self.delay_min)
            .with_max_delay(self.delay_max)
            .without_max_times()
            .build()
    }
}

/// A failed attempt.
#[derive(Debug)]
pub struct AttemptError {
    /// Why it failed.
    pub error: BankError,
    /// Whether the transaction may have been committed all the same, because the answer to COMMIT was lost.
    pub commit_unknown: bool,
}

impl From<BankError> for AttemptError {
    fn from(error: BankError) -> Self {
        Self { error, commit_unknown: false }
    }
}

/// Says why an attempt is worth repeating.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transient {
    /// Another transaction came between (SQLSTATE 40001), or wrote the same row first.
    Serialization,
    /// Two transactions waited for each other (40P01).
    Deadlock,
    /// A lock was not to be had in time (55P03), or SQLite was busy.
    LockTimeout,
    /// The connection was lost or could not be made.
    ConnectionLost,
}

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

/// Is told of every attempt that is about to be repeated, on the thread that waits to repeat it: for counters.
#[derive(Clone)]
pub struct RetryObserver(Arc<dyn Fn(&RetryEvent) + Send + Sync>);

impl RetryObserver {
    /// Returns an observer that calls the function, which should return at once.
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

/// Runs an operation until it succeeds, fails for good, or the policy's bounds are reached.
///
/// `attempt` may run several times, so each run must begin a fresh transaction. An attempt whose COMMIT got no answer
/// is repeated like any other; this is only right for operations that change nothing the second time.
///
/// # Errors
///
/// The error of an attempt that is not worth repeating; [`BankError::RetriesExhausted`] when the bounds are reached; and
/// [`BankError::OutcomeUnknown`] instead of either if the answer to an earlier COMMIT was lost and no attempt has succeeded
/// since: a failure then does not tell whether the earlier attempt took effect.
pub fn retry<T>(
    policy: &RetryPolicy,
    operation: &'static str,
    attempt: impl Fn() -> Result<T, AttemptError>,
) -> Result<T, BankError> {
    retry_observed(policy, None, operation, attempt)
}

/// Does what [`retry`] does, and tells the observer of each attempt that is repeated.
///
/// # Errors
///
/// As for [`retry`].
pub fn retry_observed<T>(
    policy: &RetryPolicy,
    observer: Option<&RetryObserver>,
    operation: &'static str,
    attempt: impl Fn() -> Result<T, AttemptError>,
) -> Result<T, BankError> {
    let started = Instant::now();
    let mut bounds = policy.delay_bounds();
    let mut unknown = false;
    let mut attempts: u32 = 0;
    loop {
        attempts = attempts.saturating_add(1);
        let failure = match attempt() {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        unknown |= failure.commit_unknown;
        let source = failure.error;
        let transient = classify(&source);
        let delay = full_jitter(bounds.next().unwrap_or(policy.delay_max));
        let elapsed = started.elapsed();
        let exhausted = attempts >= policy.attempts_max || elapsed.saturating_add(delay) > policy.elapsed_max;
        let Some(reason) = transient.filter(|_| !exhausted) else {
            return Err(give_up(operation, unknown, transient.is_some(), attempts, elapsed, source));
        };
        if let Some(RetryObserver(observe)) = observer {
            observe(&RetryEvent { operation, attempts, transient: reason, commit_unknown: failure.commit_unknown });
        }
        tracing::info!(operation, attempts, ?transient, unknown, cause = %Causes(&source), ?delay, "trying again");
        std::thread::sleep(delay);
    }
}

fn give_up(
    operation: &'static str,
    unknown: bool,
    transient: bool,
    attempts: u32,
    elapsed: Duration,
    source: BankError,
) -> BankError {
    let source = Box::new(source);
    if unknown {
        let ids = Vec::new();
        BankError::OutcomeUnknown { operation, ids, source }
    } else if transient {
        BankError::RetriesExhausted { operation, attempts, elapsed, source }
    } else {
        *source
    }
}

fn full_jitter(bound: Duration) -> Duration {
    let microseconds = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(fastrand::u64(0..=microseconds))
}

/// Prints an error and its causes in one line.
struct Causes<'a>(&'a BankError);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = std::error::Error::source(self.0);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

/// Returns why the failure may pass, or `None` if it will not.
#[must_use]
pub fn classify(error: &BankError) -> Option<Transient> {
    match error {
        BankError::Unavailable { .. } | BankError::PoolTimeout { .. } | BankError::NoAnswer { .. } => {
            Some(Transient::ConnectionLost)
        }
        BankError::ConcurrentPosting => Some(Transient::Serialization),
        BankError::Database(error) => classify_diesel(error),
        _ => None,
    }
}

pub(crate) fn classify_diesel(error: &DieselError) -> Option<Transient> {
    match error {
        DieselError::DatabaseError(kind, information) => match kind {
            DatabaseErrorKind::SerializationFailure => Some(Transient::Serialization),
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
                Some(Transient::ConnectionLost)
            }
            _ => classify_message(information.message()),
        },
        DieselError::RollbackErrorOnCommit { commit_error, .. } => classify_diesel(commit_error),
        DieselError::BrokenTransactionManager => Some(Transient::ConnectionLost),
        _ => None,
    }
}

/// Returns whether a COMMIT that failed this way may have taken effect: the answer was lost, or SQLite could not make
/// sure that what it has written is on the disk.
pub(crate) fn may_be_committed(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(_, information) => {
            classify_diesel(error) == Some(Transient::ConnectionLost)
                || information.message().contains("disk I/O error")
        }
        _ => true,
    }
}

/// Recognises failures by their text, the only place that does: Diesel 2.3 gives no SQLSTATE for these.
fn classify_message(message: &str) -> Option<Transient> {
    const TEXTS: [(&str, Transient); 17] = [
        ("could not serialize access", Transient::Serialization),
        ("restart transaction", Transient::Serialization),
        ("deadlock detected", Transient::Deadlock),
        ("canceling statement due to lock timeout", Transient::LockTimeout),
        ("could not obtain lock", Transient::LockTimeout),
        ("database is locked", Transient::LockTimeout),
        ("database table is locked", Transient::LockTimeout),
        ("database schema is locked", Transient::LockTimeout),
        ("terminating connection", Transient::ConnectionLost),
        ("server closed the connection", Transient::ConnectionLost),
        ("connection to server", Transient::ConnectionLost),
        ("no connection to the server", Transient::ConnectionLost),
        ("could not receive data from server", Transient::ConnectionLost),
        ("SSL connection has been closed", Transient::ConnectionLost),
        ("SSL SYSCALL error", Transient::ConnectionLost),
        ("the database system is", Transient::ConnectionLost),
        // CockroachDB's answer (40003) to a COMMIT whose fate it has lost sight of: as good as none.
        ("result is ambiguous", Transient::ConnectionLost),
    ];
    let found = TEXTS.iter().find(|(text, _)| message.contains(text));
    found.map(|(_, transient)| *transient)
}
