//! Waiting for an attempt no longer than it may take. Knows nothing of accounts.
//!
//! Nothing in libpq bounds the wait for a server that is stopped, or for a COMMIT whose standby is dead: the kernel
//! still acknowledges every packet, and the server's own timeouts do not run. So an attempt runs on a thread of its own,
//! and when its time is up it is left to itself, connection and all. It is never cancelled: a cancelled COMMIT can
//! answer "success" although the standby never got it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use crate::error::Error;
use crate::retry::AttemptError;

const OPEN: u8 = 0;
const PASSED: u8 = 1;
const CLOSED: u8 = 2;

/// Stands between an attempt's last statement and its COMMIT: either the attempt passes it, or whoever waits for the
/// attempt closes it, never both. An attempt that was given up before COMMIT so rolls back when it wakes.
#[derive(Debug, Default)]
pub(crate) struct CommitGate(AtomicU8);

impl CommitGate {
    /// Returns whether the attempt may commit.
    pub(crate) fn pass(&self) -> bool {
        self.move_from_open_to(PASSED)
    }

    /// Returns whether the attempt will never commit.
    fn close(&self) -> bool {
        self.move_from_open_to(CLOSED)
    }

    fn move_from_open_to(&self, state: u8) -> bool {
        self.0.compare_exchange(OPEN, state, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }
}

/// Runs an attempt and waits for it at most so long; `None` waits for ever, on the caller's own thread.
///
/// # Errors
///
/// The attempt's; or [`Error::NoAnswer`], with `commit_unknown` if COMMIT may have been sent.
///
/// # Panics
///
/// If the attempt does.
pub(crate) fn run_within<T: Send + 'static>(
    limit: Option<Duration>,
    attempt: impl FnOnce(&CommitGate) -> Result<T, AttemptError> + Send + 'static,
) -> Result<T, AttemptError> {
    let gate = Arc::new(CommitGate::default());
    let Some(limit) = limit else {
        return attempt(&gate);
    };
    let (sender, receiver) = sync_channel(1);
    let thread = thread::Builder::new().name("bank-attempt".to_owned()).spawn({
        let gate = Arc::clone(&gate);
        move || {
            let result = attempt(&gate);
            if sender.send(result).is_err() {
                tracing::debug!("an attempt that was given up has ended");
            }
        }
    });
    let thread = thread.map_err(|error| Error::Thread { reason: error.to_string() })?;
    match receiver.recv_timeout(limit) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => {
            let error = Error::NoAnswer { waited: limit };
            Err(AttemptError { error, commit_unknown: !gate.close() })
        }
        Err(RecvTimeoutError::Disconnected) => match thread.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => Err(Error::Thread { reason: "an attempt ended without a result".to_owned() }.into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    const SHORT: Option<Duration> = Some(Duration::from_millis(20));
    const LONG: Option<Duration> = Some(Duration::from_secs(20));

    #[test]
    fn an_attempt_in_time_is_answered() {
        assert!(run_within(LONG, |gate| Ok(gate.pass())).unwrap());
        assert!(run_within(None, |gate| Ok(gate.pass())).unwrap());
    }

    #[test]
    fn an_attempt_given_up_before_its_commit_never_commits() {
        let (wake, sleep) = channel::<()>();
        let (tell, told) = channel();
        let result = run_within::<()>(SHORT, move |gate| {
            sleep.recv().unwrap();
            tell.send(gate.pass()).unwrap();
            Ok(())
        });
        assert!(matches!(result, Err(AttemptError { error: Error::NoAnswer { .. }, commit_unknown: false })));
        wake.send(()).unwrap();
        assert!(!told.recv().unwrap());
    }

    #[test]
    fn an_attempt_given_up_at_its_commit_is_unknown() {
        let (wake, sleep) = channel::<()>();
        let (tell, told) = channel();
        let waiting = thread::spawn(move || {
            run_within::<()>(Some(Duration::from_millis(200)), move |gate| {
                tell.send(gate.pass()).unwrap();
                sleep.recv().unwrap();
                Ok(())
            })
        });
        assert!(told.recv().unwrap());
        let result = waiting.join().unwrap();
        assert!(matches!(result, Err(AttemptError { error: Error::NoAnswer { .. }, commit_unknown: true })));
        wake.send(()).unwrap();
    }

    #[test]
    #[should_panic(expected = "a broken invariant")]
    fn a_panic_reaches_the_caller() {
        drop(run_within::<()>(LONG, |_| panic!("a broken invariant")));
    }
}
