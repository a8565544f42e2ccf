//! The outcome that a submitted transfer will have.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bank_domain::Outcome;
use thiserror::Error;

use crate::error::BankError;

/// The reason why a submitted transfer has no outcome.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum QueueError {
    /// The queue is closed and takes no more transfers; this one was not sent.
    #[error("the posting queue is closed")]
    Closed,
    /// The queue is full; this transfer was not sent.
    #[error("the posting queue is full")]
    Full,
    /// The database failed; [`Bank::post_batch`](crate::Bank::post_batch) says what that means for the transfer.
    #[error(transparent)]
    Failed(Arc<BankError>),
    /// The thread that was posting the transfer panicked: its outcome is unknown.
    #[error("posting the transfer ended in a panic; its outcome is unknown")]
    Panicked,
}

/// The outcome of one transfer, once it is there: wait for it with [`wait`](Self::wait) or, in an async program,
/// `.await` it. Dropping a ticket does not take the transfer back.
#[derive(Debug)]
pub struct Ticket(pub(super) oneshot::Receiver<Result<Outcome, QueueError>>);

impl Ticket {
    /// Waits for the outcome.
    ///
    /// # Errors
    ///
    /// Returns the reason if there will be no outcome.
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
