//! A client: sends its sequence of transfers, one call after the other, until each has an answer.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bank_db::Retryable;
use bank_domain::{AccountId, Outcome, Rejection, Transfer};
use bank_persistence::{Bank, BankError, PostingQueue, QueueError, QueueSettings};

use crate::book::Book;
use crate::control::Control;
use crate::draw::Draw;
use crate::error::WorkloadError;
use crate::ids::{RunId, SequenceNumber};
use crate::meter::Meter;
use crate::plan::{PostingMode, WorkloadPlan};

/// The product's own way of posting.
#[derive(Debug)]
pub(crate) enum PostingPath {
    Bank(Bank),
    Queue(PostingQueue),
}

/// What a call told.
enum Answer {
    Outcomes(Vec<Outcome>),
    /// The transfers may or may not be in effect.
    Unknown,
    /// They are not in effect; another call may succeed.
    NotNow,
    /// No other call will succeed.
    Never(WorkloadError),
}

impl PostingPath {
    /// Returns the path of a mode, and starts its queue.
    pub(crate) fn new(bank: &Bank, mode: PostingMode) -> Result<Self, WorkloadError> {
        Ok(match mode {
            PostingMode::Queue => Self::Queue(PostingQueue::start(bank, QueueSettings::default())?),
            PostingMode::Single | PostingMode::Batch(_) => Self::Bank(bank.clone()),
        })
    }

    /// Ends the queue when all its transfers have an answer.
    pub(crate) fn close(self) {
        if let Self::Queue(queue) = self {
            queue.close();
        }
    }

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
    // The call will be repeated, and so will be the attempt that ended it.
    let count_last = |error: &BankError| error.transient().map(|transient| control.retries.count(transient));
    match &*error {
        BankError::OutcomeUnknown { source, .. } => {
            count_last(source);
            Answer::Unknown
        }
        BankError::RetriesExhausted { source, .. } => {
            count_last(source);
            Answer::NotNow
        }
        BankError::InvariantViolation { .. } | BankError::Corrupt { .. } => {
            control.violation(error.to_string());
            Answer::Never(WorkloadError::Bank(error))
        }
        _ if count_last(&error).is_some() => Answer::NotNow,
        _ => Answer::Never(WorkloadError::Bank(error)),
    }
}

/// One of many that post concurrently.
#[derive(Debug)]
pub(crate) struct Client<'a> {
    pub(crate) number: u16,
    pub(crate) plan: &'a WorkloadPlan,
    pub(crate) path: &'a PostingPath,
    pub(crate) run: RunId,
    pub(crate) accounts: &'a [AccountId],
    pub(crate) draw: Draw,
    pub(crate) meter: &'a Meter,
    pub(crate) control: &'a Control,
}

impl Client<'_> {
    /// Sends transfers until the run is stopped or the client's share of them is done, and returns what it was told.
    ///
    /// With a rate, a latency counts from the moment when the call was due, not from when it could begin: otherwise a
    /// server that stalls hides behind the calls that it delays (Gil Tene, "How NOT to Measure Latency", 2013:
    /// coordinated omission).
    pub(crate) fn run(mut self, began: Instant) -> Book {
        let mut book = Book::default();
        let quota = self.plan.quota(self.number).unwrap_or(u64::MAX);
        let mut sent = 0;
        let mut due = began + self.plan.begins_after(self.number);
        let interval = self.plan.interval();
        while sent < quota && self.control.wait_until(due) {
            let numbers = sent..sent + u64::from(self.plan.batch_size()).min(quota - sent);
            sent = numbers.end;
            let transfers = self.draw(numbers.clone());
            let measured_from = if interval.is_some() { due } else { Instant::now() };
            self.submit(&transfers, numbers, measured_from, &mut book);
            match interval {
                Some(interval) => due += interval,
                None => due = Instant::now(),
            }
        }
        book
    }

    /// Sends the same transfers again and again until there is an answer: nothing else tells what became of them.
    fn submit(&self, transfers: &[Transfer], numbers: Range<u64>, measured_from: Instant, book: &mut Book) {
        let size = numbers.end - numbers.start;
        let mut is_unknown = false;
        loop {
            match self.path.post(self.control, transfers) {
                Answer::Outcomes(outcomes) => {
                    if is_unknown {
                        self.control.unresolved.fetch_sub(size, Ordering::Relaxed);
                    }
                    return self.note(numbers, &outcomes, measured_from.elapsed(), book);
                }
                Answer::Unknown if !is_unknown => {
                    is_unknown = true;
                    self.control.unresolved.fetch_add(size, Ordering::Relaxed);
                }
                Answer::Unknown | Answer::NotNow => {}
                Answer::Never(error) => {
                    self.control.fail(error);
                    break;
                }
            }
            if if is_unknown { self.control.is_settled() } else { self.control.is_stopped() } {
                break;
            }
            // The attempts within a call wait longer and longer; this pause is for calls that fail immediately.
            std::thread::sleep(Duration::from_millis(5));
        }
        if is_unknown {
            numbers.for_each(|number| book.leave_unknown(number));
        } else {
            book.abandoned += size;
        }
    }

    fn draw(&mut self, numbers: Range<u64>) -> Vec<Transfer> {
        let (client, accounts) = (self.number, self.accounts);
        let transfers = numbers.map(|transfer| {
            let id = self.run.id(SequenceNumber { client, transfer });
            self.draw.transfer(id, |index| accounts[index])
        });
        transfers.collect()
    }

    fn note(&self, numbers: Range<u64>, outcomes: &[Outcome], latency: Duration, book: &mut Book) {
        let (acknowledged, rejected) = (book.acknowledged(), book.rejected);
        for (number, outcome) in numbers.zip(outcomes) {
            match outcome {
                Outcome::Posted(_) => book.posted += 1,
                Outcome::Replayed(_) => book.replayed += 1,
                Outcome::Rejected(reason) => {
                    book.rejected += 1;
                    if !matches!(reason, Rejection::InsufficientFunds { .. } | Rejection::BalanceOverflow { .. }) {
                        self.control.violation(format!("a valid transfer was rejected: {reason}"));
                    }
                    continue;
                }
            }
            book.acknowledge(number);
        }
        self.meter.call(latency, book.acknowledged() - acknowledged, book.rejected - rejected);
    }
}
