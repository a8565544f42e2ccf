//! Group commit: many callers submit single transfers, and those that arrived while the last commit ran make the next batch.
//!
//! A lone caller posts directly on its own thread, and the busier the queue, the larger its batches.

mod backlog;
mod settings;
mod ticket;
mod worker;

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use bank_db::DbError;
use bank_domain::{Group, Outcome, PostRequest};
use parking_lot::Mutex;

use crate::bank::Bank;
use crate::error::BankError;
use backlog::Backlog;
use worker::{post_alone, work};

pub use settings::QueueSettings;
pub use ticket::{QueueError, Ticket};

/// Posts single transfers of many threads in common database transactions.
///
/// Transfers that share an account or an id take effect in the order in which they were submitted.
///
/// Cloning gives a further handle. When the last handle is dropped, what has been submitted is still posted, and the drop
/// returns when it is; but immediately where a waker drops it, on the queue's own thread.
#[derive(Clone, Debug)]
pub struct PostingQueue(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    bank: Bank,
    backlog: Arc<Backlog>,
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
            workers: if bank.database().capabilities().one_writer { 1 } else { settings.workers.max(1) },
        };
        let backlog = Arc::new(Backlog::new(settings));
        let handle = Handle { bank: bank.clone(), backlog: Arc::clone(&backlog), workers: Mutex::default() };
        for _ in 0..settings.workers {
            let (bank, backlog) = (bank.clone(), Arc::clone(&backlog));
            let worker = thread::Builder::new().name("bank-posting".to_owned()).spawn(move || work(&bank, &backlog));
            let worker = worker.map_err(|error| DbError::Thread { reason: error.to_string() })?;
            handle.workers.lock().push(worker);
        }
        Ok(Self(Arc::new(handle)))
    }

    /// Posts a transfer and waits for its outcome.
    ///
    /// # Errors
    ///
    /// Returns the reason if there is no outcome.
    pub fn post(&self, request: impl Into<PostRequest>) -> Result<Outcome, QueueError> {
        let request = request.into();
        match self.0.backlog.try_bypass(&request.transfer) {
            Some(in_flight) => post_alone(&self.0.bank, &request, in_flight),
            None => self.submit(request)?.wait(),
        }
    }

    /// Submits a transfer; waits for room if the queue is full.
    ///
    /// # Errors
    ///
    /// [`QueueError::Closed`].
    pub fn submit(&self, request: impl Into<PostRequest>) -> Result<Ticket, QueueError> {
        self.0.backlog.push(request.into())
    }

    /// Submits a transfer if there is room.
    ///
    /// # Errors
    ///
    /// [`QueueError::Full`] or [`QueueError::Closed`].
    pub fn try_submit(&self, request: impl Into<PostRequest>) -> Result<Ticket, QueueError> {
        self.0.backlog.try_push(request.into())
    }

    /// Posts a group and waits for the outcomes of its members.
    ///
    /// # Errors
    ///
    /// Returns the reason if there are no outcomes.
    pub fn post_group(&self, group: Group) -> Result<Vec<Outcome>, QueueError> {
        self.submit_group(group)?.into_iter().map(Ticket::wait).collect()
    }

    /// Submits a group, and returns a ticket for each of its members; waits for room if the queue is full. A group is let in as a
    /// whole if there is room for one transfer.
    ///
    /// # Errors
    ///
    /// [`QueueError::Closed`].
    pub fn submit_group(&self, group: Group) -> Result<Vec<Ticket>, QueueError> {
        self.0.backlog.push_group(group)
    }

    /// Submits a group if there is room for one transfer.
    ///
    /// # Errors
    ///
    /// [`QueueError::Full`] or [`QueueError::Closed`].
    pub fn try_submit_group(&self, group: Group) -> Result<Vec<Ticket>, QueueError> {
        self.0.backlog.try_push_group(group)
    }

    /// Returns how many transfers are being posted now, those of lone callers included.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.0.backlog.in_flight()
    }

    /// Returns whether the queue takes no more transfers.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.backlog.is_closed()
    }

    /// Closes the queue for all its handles and returns when everything that was submitted has its outcome. Called on the
    /// queue's own thread, as a waker may do, it returns immediately.
    pub fn close(&self) {
        self.0.close();
    }
}

impl Handle {
    fn close(&self) {
        self.backlog.close();
        let workers = std::mem::take(&mut *self.workers.lock());
        let is_own_thread = workers.iter().any(|worker| worker.thread().id() == thread::current().id());
        if is_own_thread {
            // It can wait neither for itself, nor for those that wait for what it has in flight.
            return;
        }
        for worker in workers {
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
