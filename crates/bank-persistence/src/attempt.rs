//! Waiting for an attempt no longer than it may take. Knows nothing of accounts.
//!
//! Nothing in libpq bounds the wait for a server that is stopped, or for a COMMIT whose standby is dead: the kernel
//! still acknowledges every packet, and the server's own timeouts do not run. So an attempt runs on a thread of its own,
//! and when its time is up it is left to itself, connection and all. It is never cancelled: a cancelled COMMIT can
//! answer "success" although the standby never got it.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::error::BankError;
use crate::retry::AttemptError;

const OPEN: u8 = 0;
const PASSED: u8 = 1;
const CLOSED: u8 = 2;

/// Stands between an attempt's last statement and its COMMIT: the attempt has passed it, or whoever waits for the
/// attempt has closed it, whichever came first. An attempt that was given up before COMMIT so rolls back when it wakes.
#[derive(Debug, Default)]
pub(crate) struct CommitGate(AtomicU8);

impl CommitGate {
    /// Returns whether the attempt may commit.
    pub(crate) fn pass(&self) -> bool {
        self.turn(OPEN, PASSED)
    }

    /// Opens the gate again for an attempt that has passed it and then found nothing to commit. Returns whether somebody
    /// still waits for the attempt.
    pub(crate) fn reopen(&self) -> bool {
        self.turn(PASSED, OPEN)
    }

    /// Lets nothing through any longer. Returns whether nothing has passed, so that the attempt will never commit.
    fn close(&self) -> bool {
        self.0.swap(CLOSED, Ordering::SeqCst) == OPEN
    }

    fn turn(&self, from: u8, to: u8) -> bool {
        self.0.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }
}

/// Threads that run attempts. One that has answered waits for the next attempt; one that has not is left to itself, and
/// ends when its attempt does.
///
/// Handing an attempt to a thread that waits costs a tenth of starting one.
#[derive(Debug, Default)]
pub(crate) struct AttemptThreads {
    waiting: Mutex<Vec<AttemptThread>>,
}

type Job = Box<dyn FnOnce() + Send>;

/// A thread that ends when its jobs can no longer come and the last one is done.
#[derive(Debug)]
struct AttemptThread {
    jobs: SyncSender<Job>,
    thread: JoinHandle<()>,
}

/// Waits for the threads that have nothing to do: one that ended by itself while the process ends would clean up after
/// OpenSSL at the same time as the process does, and crash it.
impl Drop for AttemptThreads {
    fn drop(&mut self) {
        let waiting = std::mem::take(&mut *self.locked());
        for AttemptThread { jobs, thread } in waiting {
            drop(jobs);
            if thread.thread().id() != thread::current().id() && thread.join().is_err() {
                tracing::error!("a thread of attempts panicked");
            }
        }
    }
}

impl AttemptThreads {
    /// Runs an attempt and waits for it at most so long; `None` waits for ever, on the caller's own thread.
    ///
    /// # Errors
    ///
    /// The attempt's; or [`BankError::NoAnswer`], with `commit_unknown` if COMMIT may have been sent.
    ///
    /// # Panics
    ///
    /// If the attempt does.
    pub(crate) fn run_within<T: Send + 'static>(
        &self,
        limit: Option<Duration>,
        attempt: impl FnOnce(&CommitGate) -> Result<T, AttemptError> + Send + 'static,
    ) -> Result<T, AttemptError> {
        let gate = Arc::new(CommitGate::default());
        let Some(limit) = limit else {
            return attempt(&gate);
        };
        let (sender, receiver) = sync_channel(1);
        let job = {
            let gate = Arc::clone(&gate);
            move || {
                // The caller goes on with a panic; the thread is as good as before.
                let result = catch_unwind(AssertUnwindSafe(|| attempt(&gate)));
                if sender.send(result).is_err() {
                    tracing::debug!("an attempt that was given up has ended");
                }
            }
        };
        let thread = self.start(Box::new(job))?;
        match receiver.recv_timeout(limit) {
            Ok(result) => {
                self.locked().push(thread);
                result.unwrap_or_else(|panic| resume_unwind(panic))
            }
            Err(RecvTimeoutError::Timeout) => {
                let error = BankError::NoAnswer { waited: limit };
                Err(AttemptError { error, commit_unknown: !gate.close() })
            }
            Err(RecvTimeoutError::Disconnected) => Err(lost_thread().into()),
        }
    }

    fn start(&self, job: Job) -> Result<AttemptThread, BankError> {
        let waiting = self.locked().pop();
        let thread = waiting.map_or_else(AttemptThread::spawn, Ok)?;
        thread.jobs.send(job).map_err(|_| lost_thread())?;
        Ok(thread)
    }

    /// A list is whole whatever its holder did.
    fn locked(&self) -> MutexGuard<'_, Vec<AttemptThread>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AttemptThread {
    fn spawn() -> Result<Self, BankError> {
        let (jobs, receiver) = sync_channel::<Job>(1);
        let work = move || receiver.into_iter().for_each(|job| job());
        let thread = thread::Builder::new().name("bank-attempt".to_owned()).spawn(work);
        thread.map(|thread| Self { jobs, thread }).map_err(|error| BankError::Thread { reason: error.to_string() })
    }
}

fn lost_thread() -> BankError {
    BankError::Thread { reason: "an attempt ended without a result".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    const SHORT: Option<Duration> = Some(Duration::from_millis(20));
    const LONG: Option<Duration> = Some(Duration::from_secs(20));

    #[test]
    fn an_attempt_in_time_is_answered() {
        assert!(AttemptThreads::default().run_within(LONG, |gate| Ok(gate.pass())).unwrap());
        assert!(AttemptThreads::default().run_within(None, |gate| Ok(gate.pass())).unwrap());
    }

    #[test]
    fn an_attempt_given_up_before_its_commit_never_commits() {
        let (wake, sleep) = channel::<()>();
        let (tell, told) = channel();
        let result = AttemptThreads::default().run_within::<()>(SHORT, move |gate| {
            sleep.recv().unwrap();
            tell.send(gate.pass()).unwrap();
            Ok(())
        });
        assert!(matches!(result, Err(AttemptError { error: BankError::NoAnswer { .. }, commit_unknown: false })));
        wake.send(()).unwrap();
        assert!(!told.recv().unwrap());
    }

    #[test]
    fn an_attempt_given_up_at_its_commit_is_unknown() {
        let (wake, sleep) = channel::<()>();
        let (tell, told) = channel();
        let waiting = thread::spawn(move || {
            AttemptThreads::default().run_within::<()>(Some(Duration::from_millis(200)), move |gate| {
                tell.send(gate.pass()).unwrap();
                sleep.recv().unwrap();
                Ok(())
            })
        });
        assert!(told.recv().unwrap());
        let result = waiting.join().unwrap();
        assert!(matches!(result, Err(AttemptError { error: BankError::NoAnswer { .. }, commit_unknown: true })));
        wake.send(()).unwrap();
    }

    #[test]
    fn an_attempt_given_up_at_its_first_commit_makes_no_second_one() {
        let (wake, sleep) = channel::<()>();
        let (tell, told) = channel();
        let result = AttemptThreads::default().run_within::<()>(SHORT, move |gate| {
            assert!(gate.pass());
            sleep.recv().unwrap();
            tell.send(gate.reopen() || gate.pass()).unwrap();
            Ok(())
        });
        assert!(matches!(result, Err(AttemptError { error: BankError::NoAnswer { .. }, commit_unknown: true })));
        wake.send(()).unwrap();
        assert!(!told.recv().unwrap());
    }

    #[test]
    fn threads_that_have_answered_serve_the_next_attempt_and_others_end() {
        let threads = AttemptThreads::default();
        let name_of_thread = || threads.run_within(LONG, |_| Ok(thread::current().id())).unwrap();
        let first = name_of_thread();
        assert_eq!(name_of_thread(), first);
        let (wake, sleep) = channel::<()>();
        let given_up = threads.run_within::<()>(SHORT, move |_| {
            sleep.recv().unwrap();
            Ok(())
        });
        assert!(given_up.is_err());
        assert_ne!(name_of_thread(), first);
        wake.send(()).unwrap();
        assert_eq!(threads.waiting.lock().unwrap().len(), 1);
    }

    #[test]
    fn threads_that_wait_have_ended_when_they_are_dropped() {
        thread_local!(static AT_ITS_END: std::cell::RefCell<Option<SlowEnd>> = const { std::cell::RefCell::new(None) });
        struct SlowEnd(std::sync::mpsc::Sender<()>);
        impl Drop for SlowEnd {
            fn drop(&mut self) {
                thread::sleep(Duration::from_millis(50));
                self.0.send(()).unwrap();
            }
        }
        let (tell, told) = channel();
        let threads = AttemptThreads::default();
        let remember = move |_: &CommitGate| {
            AT_ITS_END.with_borrow_mut(|end| *end = Some(SlowEnd(tell)));
            Ok(())
        };
        threads.run_within(LONG, remember).unwrap();
        drop(threads);
        told.try_recv().unwrap();
    }

    #[test]
    fn a_panic_leaves_a_thread_that_works() {
        let threads = AttemptThreads::default();
        let panicked = catch_unwind(AssertUnwindSafe(|| threads.run_within::<()>(LONG, |_| panic!("broken"))));
        assert!(panicked.is_err());
        assert_eq!(threads.run_within(LONG, |_| Ok(7)).unwrap(), 7);
        assert_eq!(threads.waiting.lock().unwrap().len(), 1);
    }

    #[test]
    #[should_panic(expected = "a broken invariant")]
    fn a_panic_reaches_the_caller() {
        drop(AttemptThreads::default().run_within::<()>(LONG, |_| panic!("a broken invariant")));
    }
}
