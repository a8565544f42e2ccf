//! What a worker of the queue does: takes a batch, posts it, and tells each caller.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bank_domain::{Outcome, PostRequest};

use super::QueueError;
use super::backlog::{Answer, Job, OnItsWay, WaitingLine};
use crate::bank::Bank;
use crate::error::BankError;

/// Posts batches until the line is closed and empty.
pub(super) fn work(bank: &Bank, line: &Arc<WaitingLine>) {
    while let Some((batch, on_its_way)) = line.take() {
        // A panic drops the batch's senders, which tells its callers; the next batch is none the worse for it.
        if catch_unwind(AssertUnwindSafe(|| post(bank, batch, on_its_way))).is_err() {
            tracing::error!("posting a batch panicked");
        }
    }
}

/// Posts the transfer of a caller who is alone, on his own thread.
pub(super) fn post_alone(bank: &Bank, request: &PostRequest, on_its_way: OnItsWay) -> Result<Outcome, QueueError> {
    let outcome = catch_unwind(AssertUnwindSafe(|| bank.post(request)));
    drop(on_its_way);
    match outcome {
        Ok(outcome) => outcome.map_err(|error| QueueError::Failed(Arc::new(error))),
        Err(_) => {
            tracing::error!("posting a transfer panicked");
            Err(QueueError::Panicked)
        }
    }
}

fn post(bank: &Bank, batch: Vec<Job>, on_its_way: OnItsWay) {
    let (requests, answers): (Vec<_>, Vec<_>) = batch.into_iter().map(|job| (job.request, job.answer)).unzip();
    match bank.post_batch(&requests) {
        Ok(outcomes) => {
            // Before the callers are woken, one by one: the next batch does not wait for that.
            drop(on_its_way);
            for (answer, outcome) in answers.into_iter().zip(outcomes) {
                tell(answer, Ok(outcome));
            }
        }
        Err(error) if answers.len() > 1 && concerns_one_transfer(&error) => {
            post_one_by_one(bank, &requests, answers.into(), error);
            drop(on_its_way);
        }
        Err(error) => {
            drop(on_its_way);
            tell_failure(answers, error);
        }
    }
}

/// Posts the transfers of a batch that has failed, until the database itself fails: then each of the rest would take as
/// long to fail, and what is true of them is that the batch did.
fn post_one_by_one(bank: &Bank, requests: &[PostRequest], mut answers: VecDeque<Answer>, failure: BankError) {
    for request in requests {
        let outcome = bank.post(request);
        let goes_on = outcome.as_ref().err().is_none_or(concerns_one_transfer);
        if let Some(answer) = answers.pop_front() {
            tell(answer, outcome.map_err(|error| QueueError::Failed(Arc::new(error))));
        }
        if !goes_on {
            break;
        }
    }
    tell_failure(answers, failure);
}

fn tell_failure(answers: impl IntoIterator<Item = Answer>, failure: BankError) {
    let failure = Arc::new(failure);
    for answer in answers {
        tell(answer, Err(QueueError::Failed(Arc::clone(&failure))));
    }
}

/// Returns whether the failure may be the fault of one transfer, which must not spoil its neighbours: nothing was
/// posted, and trying each by itself can do better.
fn concerns_one_transfer(error: &BankError) -> bool {
    matches!(error, BankError::Corrupt { .. } | BankError::InvariantViolation { .. } | BankError::Database(_))
}

/// Answers a caller; one who has dropped the ticket does not want to know.
fn tell(answer: Answer, outcome: Result<Outcome, QueueError>) {
    if answer.send(outcome).is_err() {
        tracing::trace!("nobody waits for this outcome");
    }
}
