//! A worker of the queue: takes a batch, posts it, and answers each caller.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bank_domain::{Outcome, PostRequest, units};

use super::backlog::{Answer, Backlog, InFlight, Job};
use super::ticket::QueueError;
use crate::bank::Bank;
use crate::error::BankError;

/// Posts batches until the backlog is closed and empty.
pub(super) fn work(bank: &Bank, backlog: &Arc<Backlog>) {
    while let Some((batch, in_flight)) = backlog.take() {
        // A panic drops the batch's senders, which tells its callers; the worker goes on with the next batch.
        if catch_unwind(AssertUnwindSafe(|| post(bank, batch, in_flight))).is_err() {
            tracing::error!("posting a batch panicked");
        }
    }
}

/// Posts the transfer of a lone caller, on the caller's own thread.
pub(super) fn post_alone(bank: &Bank, request: &PostRequest, in_flight: InFlight) -> Result<Outcome, QueueError> {
    let outcome = catch_unwind(AssertUnwindSafe(|| bank.post(request)));
    drop(in_flight);
    match outcome {
        Ok(outcome) => outcome.map_err(|error| QueueError::Failed(Arc::new(error))),
        Err(_) => {
            tracing::error!("posting a transfer panicked");
            Err(QueueError::Panicked)
        }
    }
}

fn post(bank: &Bank, batch: Vec<Job>, in_flight: InFlight) {
    let (requests, answers): (Vec<_>, Vec<_>) = batch.into_iter().map(|job| (job.request, job.answer)).unzip();
    match bank.post_batch(&requests) {
        Ok(outcomes) => {
            // Before the callers are woken, one by one: the next batch does not wait for that.
            drop(in_flight);
            for (answer, outcome) in answers.into_iter().zip(outcomes) {
                tell(answer, Ok(outcome));
            }
        }
        Err(error) if answers.len() > 1 && concerns_one_transfer(&error) => {
            post_one_by_one(bank, &requests, answers.into(), error);
            drop(in_flight);
        }
        Err(error) => {
            drop(in_flight);
            tell_failure(answers, error);
        }
    }
}

/// Posts the transfers of a failed batch one by one, groups as a whole, until the database itself fails: then each of the rest would take as long
/// to fail, and they get the error of the batch.
fn post_one_by_one(bank: &Bank, requests: &[PostRequest], mut answers: VecDeque<Answer>, failure: BankError) {
    for unit in units(requests) {
        let of_unit: Vec<Answer> = answers.drain(..unit.len().min(answers.len())).collect();
        let posted = bank.post_batch(unit);
        let goes_on = posted.as_ref().err().is_none_or(concerns_one_transfer);
        match posted {
            Ok(outcomes) => of_unit.into_iter().zip(outcomes).for_each(|(answer, outcome)| tell(answer, Ok(outcome))),
            Err(error) => tell_failure(of_unit, error),
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

/// Returns whether one transfer may have caused the failure, which must not spoil its neighbours: nothing was posted, and
/// trying each by itself can do better.
fn concerns_one_transfer(error: &BankError) -> bool {
    match error {
        BankError::Corrupt { .. } | BankError::InvariantViolation { .. } => true,
        BankError::Database(error) => error.is_refusal(),
        _ => false,
    }
}

/// Answers a caller, unless it has dropped the ticket.
fn tell(answer: Answer, outcome: Result<Outcome, QueueError>) {
    if answer.send(outcome).is_err() {
        tracing::trace!("the ticket of this outcome was dropped");
    }
}
