//! A client: sends its sequence of transfers, one call after the other, until each has an answer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bank_db::Retryable;
use bank_domain::{AccountId, Amount, Outcome, Rejection, Transfer};
use bank_persistence::{Bank, BankError, PostingQueue, QueueError};

use crate::book::Book;
use crate::control::Control;
use crate::draw::Draw;
use crate::error::WorkloadError;
use crate::ids::{RunId, SequenceNumber};
use crate::meter::Meter;
use crate::plan::WorkloadPlan;

/// The product's own way of posting.
#[derive(Clone, Debug)]
pub(crate) enum PostingPath {
    Bank(Bank),
    Queue(PostingQueue),
}

/// What a call has told.
enum Answer {
    Outcomes(Vec<Outcome>),
    /// The transfers may or may not be in effect.
    Unknown,
    /// They are not in effect; another call may do better.
    NotNow,
    /// No other call will do better.
    Never(WorkloadError),
    /// The ledger itself is wrong.
    Broken(WorkloadError),
}

impl PostingPath {
    fn post(&self, control: &Control, transfers: &[Transfer]) -> Answer {
        match (self, transfers) {
            (Self::Bank(bank), _) => {
                bank.post_batch(transfers).map_or_else(|error| answer(control, Arc::new(error)), Answer::Outcomes)
            }
            (Self::Queue(queue), [transfer]) => match queue.post(transfer.clone()) {
                Ok(outcome) => Answer::Outcomes(vec![outcome]),
                Err(QueueError::Failed(error)) => answer(control, error),
                Err(QueueError::Panicked) => Answer::Unknown,
                Err(_) => Answer::NotNow,
            },
            (Self::Queue(_), _) => Answer::NotNow,
        }
    }
}

fn answer(control: &Control, error: Arc<BankError>) -> Answer {
    match &*error {
        BankError::OutcomeUnknown { source, .. } => {
            count_last(control, source);
            Answer::Unknown
        }
        BankError::RetriesExhausted { source, .. } => {
            count_last(control, source);
            Answer::NotNow
        }
        BankError::InvariantViolation { .. } | BankError::Corrupt { .. } => Answer::Broken(WorkloadError::Bank(error)),
        _ if error.transient().is_some() => {
            count_last(control, &error);
            Answer::NotNow
        }
        _ => Answer::Never(WorkloadError::Bank(error)),
    }
}

/// Counts the attempt that ended a call: the call will be repeated, so the attempt is, too.
fn count_last(control: &Control, error: &BankError) {
    if let Some(transient) = error.transient() {
        control.retries.count(transient);
    }
}

/// One of many that post at the same time.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) number: u16,
    pub(crate) path: PostingPath,
    pub(crate) run: RunId,
    pub(crate) accounts: Arc<[AccountId]>,
    pub(crate) draw: Draw,
    pub(crate) meter: Meter,
    pub(crate) control: Arc<Control>,
}

/// A call's transfers and their numbers.
struct Call {
    transfers: Vec<Transfer>,
    first_number: u64,
}

impl Client {
    /// Sends transfers until the run is stopped or the client's share of them is done, and returns what it was told.
    ///
    /// With a rate, latencies count from the moment at which a call should have begun, not from that at which it could:
    /// otherwise a server that stalls hides behind the calls that it keeps from being made (Gil Tene, "How NOT to Measure
    /// Latency", 2013: coordinated omission).
    pub(crate) fn run(mut self, plan: &WorkloadPlan, began: Instant) -> Book {
        let mut book = Book::default();
        let mut left = plan.quota(self.number);
        let mut next_number = 0;
        let mut intended = began + plan.begins_after(self.number);
        // With a rate, the clients take turns.
        let interval = plan.interval();
        intended += interval.unwrap_or_default() / u32::from(plan.clients.max(1)) * u32::from(self.number);
        while left != Some(0) && self.control.wait_until(intended) {
            let size = left.unwrap_or(u64::MAX).min(plan.batch_size());
            let call = self.call(next_number, size);
            next_number += size;
            left = left.map(|left| left - size);
            let measured_from = if interval.is_some() { intended } else { Instant::now() };
            self.submit(&call, measured_from, &mut book);
            match interval {
                Some(interval) => intended += interval,
                None => intended = Instant::now(),
            }
        }
        book
    }

    fn call(&mut self, first_number: u64, size: u64) -> Call {
        let place = |number| SequenceNumber { client: self.number, number };
        let transfers = (first_number..first_number + size)
            .map(|number| {
                let drawn = self.draw.next();
                let (from, to) = (self.accounts[drawn.from], self.accounts[drawn.to]);
                Transfer::new(self.run.id(place(number)), from, to, Amount::new(drawn.amount).unwrap_or(Amount::MIN))
            })
            .collect();
        Call { transfers, first_number }
    }

    /// Sends the same transfers again and again until there is an answer: nothing else tells what became of them.
    fn submit(&self, call: &Call, measured_from: Instant, book: &mut Book) {
        let size = u64::try_from(call.transfers.len()).unwrap_or(u64::MAX);
        let mut is_unknown = false;
        loop {
            let answer = self.path.post(&self.control, &call.transfers);
            if let (Answer::Unknown, false) = (&answer, is_unknown) {
                is_unknown = true;
                self.control.unresolved.fetch_add(size, Ordering::Relaxed);
            }
            let gives_up = match answer {
                Answer::Outcomes(outcomes) => {
                    if is_unknown {
                        self.control.unresolved.fetch_sub(size, Ordering::Relaxed);
                    }
                    return self.note(call, &outcomes, measured_from.elapsed(), book);
                }
                Answer::Unknown | Answer::NotNow => {
                    if is_unknown {
                        self.control.is_settled()
                    } else {
                        self.control.is_stopped()
                    }
                }
                Answer::Never(error) => {
                    self.control.fail(error);
                    true
                }
                Answer::Broken(error) => {
                    self.control.violation(error.to_string());
                    self.control.fail(error);
                    true
                }
            };
            if gives_up {
                return self.leave(call, is_unknown, book);
            }
            // The attempts within a call wait longer and longer; this keeps calls that fail at once from spinning.
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn note(&self, call: &Call, outcomes: &[Outcome], latency: Duration, book: &mut Book) {
        let (acknowledged, rejected) = (book.acknowledged(), book.rejected);
        for (number, outcome) in (call.first_number..).zip(outcomes) {
            match outcome {
                Outcome::Posted(_) => book.posted += 1,
                Outcome::Replayed(_) => book.replayed += 1,
                Outcome::Rejected(Rejection::InsufficientFunds { .. } | Rejection::BalanceOverflow { .. }) => {
                    book.rejected += 1;
                    continue;
                }
                Outcome::Rejected(reason) => {
                    book.rejected += 1;
                    self.control.violation(format!("a transfer was refused for no reason: {reason}"));
                    continue;
                }
            }
            book.acknowledge(number);
        }
        self.meter.call(latency, book.acknowledged() - acknowledged, book.rejected - rejected);
    }

    fn leave(&self, call: &Call, is_unknown: bool, book: &mut Book) {
        for (number, _) in (call.first_number..).zip(&call.transfers) {
            if is_unknown {
                book.leave_unknown(number);
            } else {
                book.abandoned += 1;
            }
        }
    }
}
