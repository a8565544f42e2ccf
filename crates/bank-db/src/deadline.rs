//! Attempts with a deadline.
//!
//! Nothing in libpq bounds the wait for a server that is stopped, or for a COMMIT whose standby is dead: the kernel still
//! acknowledges every packet, and the server's own timeouts do not run. So an attempt runs on a separate thread, and when
//! its time is up the caller leaves it alone, together with its connection. It is never cancelled: a cancelled COMMIT can
//! answer "success" although the standby never got it.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::Mutex;

use crate::error::{AttemptError, DbError};
use crate::sqlite_file::FileGuard;

const OPEN: u8 = 0;
const PASSED: u8 = 1;
const CLOSED: u8 = 2;

/// Stands between an attempt's last statement and its COMMIT. Either the attempt passes it, or the caller that waits for
/// the attempt closes it, whichever comes first. So an attempt that was given up before COMMIT rolls back when it wakes.
///
/// It also knows the SQLite file to which the attempt writes: nothing is committed to a file that cannot be found again.
#[derive(Debug, Default)]
pub struct CommitGate {
    state: AtomicU8,
    guard: Option<FileGuard>,
}

impl CommitGate {
    /// Returns a gate for a connection, with what guards its commits.
    pub(crate) fn new(guard: Option<FileGuard>) -> Self {
        Self { guard, ..Self::default() }
    }

    /// Makes sure that what is committed now will be found.
    ///
    /// # Errors
    ///
    /// [`DbError::FileReplaced`] or [`DbError::FileMounted`] if not.
    pub(crate) fn before_commit(&self) -> Result<(), DbError> {
        self.guard.as_ref().map_or(Ok(()), FileGuard::before_commit)
    }

    /// Remembers that something was committed.
    pub(crate) fn after_commit(&self) {
        if let Some(guard) = &self.guard {
            guard.after_commit();
        }
    }

    /// Returns whether the attempt may commit.
    pub(crate) fn pass(&self) -> bool {
        self.turn(OPEN, PASSED)
    }

    /// Opens the gate again for an attempt that passed it and then found nothing to commit. Returns whether the caller
    /// still waits for the attempt.
    pub(crate) fn reopen(&self) -> bool {
        self.turn(PASSED, OPEN)
    }

    /// Closes the gate for good. Returns whether nothing has passed it, so that the attempt will never commit.
    pub(crate) fn close(&self) -> bool {
        self.state.swap(CLOSED, Ordering::SeqCst) == OPEN
    }

    fn turn(&self, from: u8, to: u8) -> bool {
        self.state.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }
}

/// The threads that run attempts. A thread whose attempt has ended is idle until the next attempt; one whose attempt was
/// given up ends with it.
///
/// Handing an attempt to an idle thread costs a tenth of starting one.
#[derive(Debug, Default)]
pub(crate) struct DeadlineThreads {
    idle: Mutex<Vec<DeadlineThread>>,
}

type Job = Box<dyn FnOnce() + Send>;

/// A thread that ends when its channel of jobs is closed and the last job is done.
#[derive(Debug)]
struct DeadlineThread {
    jobs: SyncSender<Job>,
    thread: JoinHandle<()>,
}

/// Joins the idle threads: a thread that ends while the process does would clean up after OpenSSL at the same moment as
/// the process, and crash it.
impl Drop for DeadlineThreads {
    fn drop(&mut self) {
        let idle = std::mem::take(&mut *self.idle.lock());
        for DeadlineThread { jobs, thread } in idle {
            drop(jobs);
            if thread.thread().id() != thread::current().id() && thread.join().is_err() {
                tracing::error!("a thread of attempts panicked");
            }
        }
    }
}

impl DeadlineThreads {
    /// Runs an attempt and waits for it until the limit. Without a limit the attempt runs on the caller's thread.
    ///
    /// # Errors
    ///
    /// Returns the attempt's error, or [`DbError::NoAnswer`] at the limit, with `commit_unknown` if COMMIT may have been
    /// sent.
    ///
    /// # Panics
    ///
    /// If the attempt panics.
    pub(crate) fn run_with_deadline<T: Send + 'static, E: From<DbError> + Send + 'static>(
        &self,
        limit: Option<Duration>,
        gate: CommitGate,
        attempt: impl FnOnce(&CommitGate) -> Result<T, AttemptError<E>> + Send + 'static,
    ) -> Result<T, AttemptError<E>> {
        let gate = Arc::new(gate);
        let Some(limit) = limit else {
            return attempt(&gate);
        };
        let (sender, receiver) = sync_channel(1);
        let job = {
            let gate = Arc::clone(&gate);
            move || {
                // The panic goes on in the caller; the thread can serve the next attempt.
                let result = catch_unwind(AssertUnwindSafe(|| attempt(&gate)));
                if sender.send(result).is_err() {
                    tracing::debug!("an attempt that was given up has ended");
                }
            }
        };
        let thread = self.start(Box::new(job)).map_err(E::from)?;
        match receiver.recv_timeout(limit) {
            Ok(result) => {
                self.idle.lock().push(thread);
                result.unwrap_or_else(|panic| resume_unwind(panic))
            }
            Err(RecvTimeoutError::Timeout) => {
                let error = DbError::NoAnswer { waited: limit }.into();
                Err(AttemptError { error, commit_unknown: !gate.close() })
            }
            Err(RecvTimeoutError::Disconnected) => Err(E::from(lost_thread()).into()),
        }
    }

    fn start(&self, job: Job) -> Result<DeadlineThread, DbError> {
        let idle = self.idle.lock().pop();
        let thread = idle.map_or_else(DeadlineThread::spawn, Ok)?;
        thread.jobs.send(job).map_err(|_| lost_thread())?;
        Ok(thread)
    }
}

impl DeadlineThread {
    fn spawn() -> Result<Self, DbError> {
        let (jobs, receiver) = sync_channel::<Job>(1);
        let work = move || receiver.into_iter().for_each(|job| job());
        let thread = thread::Builder::new().name("bank-attempt".to_owned()).spawn(work);
        thread.map(|thread| Self { jobs, thread }).map_err(|error| DbError::Thread { reason: error.to_string() })
    }
}

fn lost_thread() -> DbError {
    DbError::Thread { reason: "an attempt ended without a result".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    const SHORT: Option<Duration> = Some(Duration::from_millis(20));
    const LONG: Option<Duration> = Some(Duration::from_secs(20));

    #[test]
    fn an_attempt_in_time_is_answered() {
        assert!(
            DeadlineThreads::default()
                .run_with_deadline::<_, DbError>(LONG, CommitGate::default(), |gate| Ok(gate.pass()))
                .unwrap()
        );
        assert!(
            DeadlineThreads::default()
                .run_with_deadline::<_, DbError>(None, CommitGate::default(), |gate| Ok(gate.pass()))
                .unwrap()
        );
    }

    #[test]
    fn an_attempt_given_up_before_its_commit_never_commits() {
        let (wake, sleep) = channel::<()>();
        let (tell, told) = channel();
        let result =
            DeadlineThreads::default().run_with_deadline::<(), DbError>(SHORT, CommitGate::default(), move |gate| {
                sleep.recv().unwrap();
                tell.send(gate.pass()).unwrap();
                Ok(())
            });
        assert!(matches!(result, Err(AttemptError { error: DbError::NoAnswer { .. }, commit_unknown: false })));
        wake.send(()).unwrap();
        assert!(!told.recv().unwrap());
    }

    #[test]
    fn an_attempt_given_up_at_its_commit_is_unknown() {
        let (wake, sleep) = channel::<()>();
        let (tell, told) = channel();
        let waiting = thread::spawn(move || {
            DeadlineThreads::default().run_with_deadline::<(), DbError>(
                Some(Duration::from_millis(200)),
                CommitGate::default(),
                move |gate| {
                    tell.send(gate.pass()).unwrap();
                    sleep.recv().unwrap();
                    Ok(())
                },
            )
        });
        assert!(told.recv().unwrap());
        let result = waiting.join().unwrap();
        assert!(matches!(result, Err(AttemptError { error: DbError::NoAnswer { .. }, commit_unknown: true })));
        wake.send(()).unwrap();
    }

    #[test]
    fn an_attempt_given_up_at_its_first_commit_makes_no_second_one() {
        let (wake, sleep) = channel::<()>();
        let (tell, told) = channel();
        let result =
            DeadlineThreads::default().run_with_deadline::<(), DbError>(SHORT, CommitGate::default(), move |gate| {
                assert!(gate.pass());
                sleep.recv().unwrap();
                tell.send(gate.reopen() || gate.pass()).unwrap();
                Ok(())
            });
        assert!(matches!(result, Err(AttemptError { error: DbError::NoAnswer { .. }, commit_unknown: true })));
        wake.send(()).unwrap();
        assert!(!told.recv().unwrap());
    }

    #[test]
    fn threads_that_have_answered_serve_the_next_attempt_and_others_end() {
        let threads = DeadlineThreads::default();
        let name_of_thread = || {
            threads
                .run_with_deadline::<_, DbError>(LONG, CommitGate::default(), |_| Ok(thread::current().id()))
                .unwrap()
        };
        let first = name_of_thread();
        assert_eq!(name_of_thread(), first);
        let (wake, sleep) = channel::<()>();
        let given_up = threads.run_with_deadline::<(), DbError>(SHORT, CommitGate::default(), move |_| {
            sleep.recv().unwrap();
            Ok(())
        });
        assert!(given_up.is_err());
        assert_ne!(name_of_thread(), first);
        wake.send(()).unwrap();
        assert_eq!(threads.idle.lock().len(), 1);
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
        let threads = DeadlineThreads::default();
        let remember = move |_: &CommitGate| {
            AT_ITS_END.with_borrow_mut(|end| *end = Some(SlowEnd(tell)));
            Ok(())
        };
        threads.run_with_deadline::<_, DbError>(LONG, CommitGate::default(), remember).unwrap();
        drop(threads);
        told.try_recv().unwrap();
    }

    #[test]
    fn a_panic_leaves_a_thread_that_works() {
        let threads = DeadlineThreads::default();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            threads.run_with_deadline::<(), DbError>(LONG, CommitGate::default(), |_| panic!("broken"))
        }));
        assert!(panicked.is_err());
        assert_eq!(threads.run_with_deadline::<_, DbError>(LONG, CommitGate::default(), |_| Ok(7)).unwrap(), 7);
        assert_eq!(threads.idle.lock().len(), 1);
    }

    #[test]
    #[should_panic(expected = "a broken invariant")]
    fn a_panic_reaches_the_caller() {
        drop(
            DeadlineThreads::default()
                .run_with_deadline::<(), DbError>(LONG, CommitGate::default(), |_| panic!("a broken invariant")),
        );
    }
}
