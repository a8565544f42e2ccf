//! Group commit: many callers submit single transfers, and whatever has gathered while the last commit ran is posted as
//! the next batch.
//!
//! A lone caller's transfer is posted at once, on his own thread, and the busier the queue, the larger its batches.

mod waiting;
mod worker;

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};

use bank_db::DbError;
use bank_domain::{Outcome, PostRequest};
use thiserror::Error;

use crate::bank::Bank;
use crate::error::BankError;
use waiting::WaitingLine;
use worker::{post_alone, work};

/// Limits of a [`PostingQueue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    /// How many transfers may wait. Whoever submits more waits for room.
    pub capacity: usize,
    /// The largest number of transfers in one database transaction.
    pub batch_max: usize,
    /// How many batches may be on their way at once. They share no account. SQLite has one writer, and so one batch.
    pub workers: usize,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self { capacity: 65_536, batch_max: 8_192, workers: 2 }
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
    Failed(Arc<BankError>),
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
/// Transfers that share an account or an id take effect in the order in which they were submitted.
///
/// Cloning gives a further handle. When the last handle is dropped, what has been submitted is still posted, and the
/// drop returns when it is; but at once where a waker drops it, on the queue's own thread.
#[derive(Clone, Debug)]
pub struct PostingQueue(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    bank: Bank,
    line: Arc<WaitingLine>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

impl PostingQueue {
    /// Starts a queue in front of a bank. Its transactions are retried by the bank's policy.
    ///
    /// # Errors
    ///
    /// [`DbError::Thread`] if the operating system gives no thread.
    pub fn start(bank: &Bank, settings: QueueSettings) -> Result<Self, BankError> {
        let settings = QueueSettings {
            capacity: settings.capacity.max(1),
            batch_max: settings.batch_max.max(1),
            workers: if bank.capabilities().one_writer { 1 } else { settings.workers.max(1) },
        };
        let line = Arc::new(WaitingLine::new(settings));
        let handle = Handle { bank: bank.clone(), line: Arc::clone(&line), workers: Mutex::default() };
        for _ in 0..settings.workers {
            let (bank, line) = (bank.clone(), Arc::clone(&line));
            let worker = thread::Builder::new().name("bank-posting".to_owned()).spawn(move || work(&bank, &line));
            let worker = worker.map_err(|error| DbError::Thread { reason: error.to_string() })?;
            handle.workers().push(worker);
        }
        Ok(Self(Arc::new(handle)))
    }

    /// Posts a transfer and waits for its outcome.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn post(&self, request: impl Into<PostRequest>) -> Result<Outcome, QueueError> {
        let request = request.into();
        match self.0.line.begin_alone(&request.transfer) {
            Some(on_its_way) => post_alone(&self.0.bank, &request, on_its_way),
            None => self.submit(request)?.wait(),
        }
    }

    /// Submits a transfer; waits for room if the queue is full.
    ///
    /// # Errors
    ///
    /// [`QueueError::Closed`].
    pub fn submit(&self, request: impl Into<PostRequest>) -> Result<Ticket, QueueError> {
        self.0.line.push(request.into())
    }

    /// Submits a transfer if there is room.
    ///
    /// # Errors
    ///
    /// [`QueueError::Full`] or [`QueueError::Closed`].
    pub fn try_submit(&self, request: impl Into<PostRequest>) -> Result<Ticket, QueueError> {
        self.0.line.try_push(request.into())
    }

    /// Returns how many transfers are being posted. Those that wait for a batch do not count.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.0.line.in_flight()
    }

    /// Returns whether the queue takes no more transfers.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.line.is_closed()
    }

    /// Closes the queue for all its handles and returns when everything that was submitted has its outcome. Called on the
    /// queue's own thread, as a waker may do, it returns at once.
    pub fn close(&self) {
        self.0.close();
    }
}

impl Handle {
    fn close(&self) {
        self.line.close();
        let workers = std::mem::take(&mut *self.workers());
        let is_own_thread = workers.iter().any(|worker| worker.thread().id() == thread::current().id());
        if is_own_thread {
            // It can wait neither for itself, nor for those that wait for what it has on its way.
            return;
        }
        for worker in workers {
            if worker.join().is_err() {
                tracing::error!("a posting worker panicked");
            }
        }
    }

    /// A list is whole whatever its holder did.
    fn workers(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.close();
    }
}
