//! Group commit: many callers submit single transfers, and whatever has gathered while the last commit ran is posted as
//! the next batch.
//!
//! There is no timer: a lone caller's transfer is posted at once, and the busier the queue, the larger its batches.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};

use bank_domain::{Outcome, Transfer};
use thiserror::Error;

use crate::bank::Bank;
use crate::error::Error;

/// Limits of a [`PostingQueue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    /// How many transfers may wait. Whoever submits more waits for room.
    pub capacity: usize,
    /// The largest number of transfers in one database transaction.
    pub batch_max: usize,
    /// How many batches may be on their way at once. One is best where all run on one server.
    pub workers: usize,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self { capacity: 65_536, batch_max: 8_192, workers: 1 }
    }
}

/// Why a submitted transfer has no outcome.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum QueueError {
    /// The queue is closed and takes no more transfers; this one was not sent.
    #[error("the posting queue is closed")]
    Closed,
    /// The queue is full; this transfer was not sent.
    #[error("the posting queue is full")]
    Full,
    /// The database failed. What that means for the transfer is as for [`Bank::post_batch`].
    #[error(transparent)]
    Failed(Arc<Error>),
    /// The thread that was posting the transfer panicked: its outcome is unknown.
    #[error("posting the transfer ended in a panic; its outcome is unknown")]
    Panicked,
}

/// The outcome of one transfer, once it is there: wait for it with [`wait`](Self::wait) or, in an async program,
/// `.await` it. Dropping a ticket does not take the transfer back.
#[derive(Debug)]
pub struct Ticket(oneshot::Receiver<Result<Outcome, QueueError>>);

impl Ticket {
    /// Waits for the outcome.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn wait(self) -> Result<Outcome, QueueError> {
        self.0.recv().unwrap_or(Err(QueueError::Panicked))
    }
}

impl IntoFuture for Ticket {
    type Output = Result<Outcome, QueueError>;
    type IntoFuture = TicketFuture;

    fn into_future(self) -> TicketFuture {
        TicketFuture(self.0.into_future())
    }
}

/// A [`Ticket`] that is being awaited.
#[derive(Debug)]
pub struct TicketFuture(oneshot::AsyncReceiver<Result<Outcome, QueueError>>);

impl Future for TicketFuture {
    type Output = Result<Outcome, QueueError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|answer| answer.unwrap_or(Err(QueueError::Panicked)))
    }
}

/// Posts single transfers of many threads in common database transactions.
///
/// Cloning gives a further handle. When the last handle is dropped, what has been submitted is still posted, and the
/// drop returns when it is.
#[derive(Clone, Debug)]
pub struct PostingQueue(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    settings: QueueSettings,
    state: Mutex<State>,
    work: Condvar,
    room: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Job>,
    closed: bool,
}

#[derive(Debug)]
struct Job {
    transfer: Transfer,
    answer: oneshot::Sender<Result<Outcome, QueueError>>,
}

impl PostingQueue {
    /// Starts a queue in front of a bank. Its transactions are retried by the bank's policy.
    ///
    /// # Errors
    ///
    /// [`Error::Thread`] if the operating system gives no thread.
    pub fn start(bank: &Bank, settings: QueueSettings) -> Result<Self, Error> {
        let shared = Arc::new(Shared {
            settings: QueueSettings {
                capacity: settings.capacity.max(1),
                batch_max: settings.batch_max.max(1),
                workers: settings.workers.max(1),
            },
            state: Mutex::default(),
            work: Condvar::new(),
            room: Condvar::new(),
        });
        let handle = Handle { shared: Arc::clone(&shared), workers: Mutex::default() };
        for _ in 0..shared.settings.workers {
            let (bank, shared) = (bank.clone(), Arc::clone(&shared));
            let worker = thread::Builder::new().name("bank-posting".to_owned()).spawn(move || work(&bank, &shared));
            let worker = worker.map_err(|error| Error::Thread { reason: error.to_string() })?;
            locked(&handle.workers).push(worker);
        }
        Ok(Self(Arc::new(handle)))
    }

    /// Posts a transfer and waits for its outcome.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn post(&self, transfer: Transfer) -> Result<Outcome, QueueError> {
        self.submit(transfer)?.wait()
    }

    /// Submits a transfer; waits for room if the queue is full.
    ///
    /// # Errors
    ///
    /// [`QueueError::Closed`].
    pub fn submit(&self, transfer: Transfer) -> Result<Ticket, QueueError> {
        let shared = &self.0.shared;
        let is_full = |state: &mut State| state.waiting.len() >= shared.settings.capacity && !state.closed;
        let state = shared.room.wait_while(locked(&shared.state), is_full);
        shared.push(state.unwrap_or_else(PoisonError::into_inner), transfer)
    }

    /// Submits a transfer if there is room.
    ///
    /// # Errors
    ///
    /// [`QueueError::Full`] or [`QueueError::Closed`].
    pub fn try_submit(&self, transfer: Transfer) -> Result<Ticket, QueueError> {
        let shared = &self.0.shared;
        let state = locked(&shared.state);
        if state.waiting.len() >= shared.settings.capacity && !state.closed {
            return Err(QueueError::Full);
        }
        shared.push(state, transfer)
    }

    /// Closes the queue for all its handles and returns when everything that was submitted has its outcome.
    pub fn close(&self) {
        self.0.close();
    }
}

impl Shared {
    fn push(&self, mut state: MutexGuard<'_, State>, transfer: Transfer) -> Result<Ticket, QueueError> {
        if state.closed {
            return Err(QueueError::Closed);
        }
        let (answer, receiver) = oneshot::channel();
        state.waiting.push_back(Job { transfer, answer });
        drop(state);
        self.work.notify_one();
        Ok(Ticket(receiver))
    }

    /// Waits for work and takes as much of it as one batch may hold; `None` when the queue is closed and empty.
    fn take_batch(&self) -> Option<Vec<Job>> {
        let nothing_to_do = |state: &mut State| state.waiting.is_empty() && !state.closed;
        let state = self.work.wait_while(locked(&self.state), nothing_to_do);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        if state.waiting.is_empty() {
            return None;
        }
        let size = state.waiting.len().min(self.settings.batch_max);
        let batch = state.waiting.drain(..size).collect();
        drop(state);
        self.room.notify_all();
        Some(batch)
    }
}

impl Handle {
    fn close(&self) {
        locked(&self.shared.state).closed = true;
        self.shared.work.notify_all();
        self.shared.room.notify_all();
        for worker in locked(&self.workers).drain(..) {
            if worker.join().is_err() {
                tracing::error!("a posting worker panicked");
            }
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.close();
    }
}

/// What is behind these locks is changed by single calls that do not panic, so it is whole even if a holder did.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn work(bank: &Bank, shared: &Shared) {
    while let Some(batch) = shared.take_batch() {
        // A panic drops the batch's senders, which tells its callers; the next batch is none the worse for it.
        if catch_unwind(AssertUnwindSafe(|| post(bank, batch))).is_err() {
            tracing::error!("posting a batch panicked");
        }
    }
}

fn post(bank: &Bank, batch: Vec<Job>) {
    let (transfers, answers): (Vec<_>, Vec<_>) = batch.into_iter().map(|job| (job.transfer, job.answer)).unzip();
    match bank.post_batch(&transfers) {
        Ok(outcomes) => {
            for (answer, outcome) in answers.into_iter().zip(outcomes) {
                tell(answer, Ok(outcome));
            }
        }
        Err(error) if answers.len() > 1 && concerns_one_transfer(&error) => {
            for (transfer, answer) in transfers.iter().zip(answers) {
                let outcome = bank.post(transfer).map_err(|error| QueueError::Failed(Arc::new(error)));
                tell(answer, outcome);
            }
        }
        Err(error) => {
            let error = Arc::new(error);
            for answer in answers {
                tell(answer, Err(QueueError::Failed(Arc::clone(&error))));
            }
        }
    }
}

/// Returns whether the failure may be the fault of one transfer, which must not spoil its neighbours: nothing was
/// posted, and trying each by itself can do better.
fn concerns_one_transfer(error: &Error) -> bool {
    matches!(error, Error::Corrupt { .. } | Error::InvariantViolation { .. } | Error::Database(_))
}

/// Answers a caller; one who has dropped the ticket does not want to know.
fn tell(answer: oneshot::Sender<Result<Outcome, QueueError>>, outcome: Result<Outcome, QueueError>) {
    if answer.send(outcome).is_err() {
        tracing::trace!("nobody waits for this outcome");
    }
}
