//! A client: sends its sequence of transfers, one call after the other, until each has an answer.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bank_db::Retryable;
use bank_domain::{AccountId, Group, Outcome, PostRequest, Rejection, Transfer};
use bank_persistence::{Bank, BankError, PostingQueue, QueueError};

use crate::book::Book;
use crate::control::Control;
use crate::draw::Draw;
use crate::error::WorkloadError;
use crate::ids::{RunId, SequenceNumber};
use crate::meter::Meter;
use crate::plan::WorkloadPlan;

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

/// What takes effect together: one transfer, or a group.
enum Unit {
    Payment(PostRequest),
    Group(Group),
}

impl Unit {
    fn requests(&self) -> &[PostRequest] {
        match self {
            Self::Payment(request) => std::slice::from_ref(request),
            Self::Group(group) => group.requests(),
        }
    }
}

/// One of many that post concurrently.
#[derive(Debug)]
pub(crate) struct Client<'a> {
    pub(crate) number: u16,
    pub(crate) plan: &'a WorkloadPlan,
    pub(crate) bank: &'a Bank,
    /// Posts for all clients, in the mode that uses it.
    pub(crate) queue: Option<&'a PostingQueue>,
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
            let (units, numbers) = self.draw(sent, quota - sent);
            sent = numbers.end;
            let measured_from = if interval.is_some() { due } else { Instant::now() };
            self.submit(&units, numbers, measured_from, &mut book);
            match interval {
                Some(interval) => due += interval,
                None => due = Instant::now(),
            }
        }
        book
    }

    /// Sends the same transfers again and again until there is an answer: nothing else tells what became of them.
    fn submit(&self, units: &[Unit], numbers: Range<u64>, measured_from: Instant, book: &mut Book) {
        let size = numbers.end - numbers.start;
        let mut is_unknown = false;
        let requests: Vec<PostRequest> = match self.queue {
            Some(_) => Vec::new(),
            None => units.iter().flat_map(Unit::requests).cloned().collect(),
        };
        loop {
            match self.post(units, &requests) {
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
            book.counts.abandoned += size;
        }
    }

    /// Posts the units through the queue, or the same as requests without one.
    fn post(&self, units: &[Unit], requests: &[PostRequest]) -> Answer {
        let Some(queue) = self.queue else {
            return self
                .bank
                .post_batch(requests)
                .map_or_else(|error| self.classify(Arc::new(error)), Answer::Outcomes);
        };
        let post = |unit: &Unit| match unit {
            Unit::Payment(request) => queue.post(request.clone()).map(|outcome| vec![outcome]),
            Unit::Group(group) => queue.post_group(group.clone()),
        };
        match units.iter().map(post).collect::<Result<Vec<_>, _>>() {
            Ok(outcomes) => Answer::Outcomes(outcomes.concat()),
            Err(QueueError::Failed(error)) => self.classify(error),
            Err(QueueError::Panicked) => Answer::Unknown,
            Err(_) => Answer::NotNow,
        }
    }

    fn classify(&self, error: Arc<BankError>) -> Answer {
        // The call will be repeated, and so will be the attempt that ended it.
        let count_last = |error: &BankError| error.transient().map(|transient| self.control.retries.count(transient));
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
                self.control.violation(error.to_string());
                Answer::Never(WorkloadError::Bank(error))
            }
            _ if count_last(&error).is_some() => Answer::NotNow,
            _ => Answer::Never(WorkloadError::Bank(error)),
        }
    }

    /// Draws what one call sends, at most as many transfers as are left, and returns it with the transfers' numbers.
    fn draw(&mut self, first: u64, left: u64) -> (Vec<Unit>, Range<u64>) {
        let size = u64::from(self.plan.batch_size());
        let (mut units, mut drawn) = (Vec::new(), 0);
        while drawn < size.min(left) {
            let members = self.draw.members(left - drawn);
            let mut transfers: Vec<Transfer> =
                (first + drawn..first + drawn + members).map(|number| self.transfer(number)).collect();
            drawn += members;
            if transfers.len() > 1
                && let Ok(group) = Group::new(transfers.drain(..))
            {
                units.push(Unit::Group(group));
            }
            units.extend(transfers.into_iter().map(|transfer| Unit::Payment(transfer.into())));
        }
        (units, first..first + drawn)
    }

    fn transfer(&mut self, number: u64) -> Transfer {
        let (client, accounts) = (self.number, self.accounts);
        let id = self.run.id(SequenceNumber { client, transfer: number });
        self.draw.transfer(id, |index| accounts[index])
    }

    fn note(&self, numbers: Range<u64>, outcomes: &[Outcome], latency: Duration, book: &mut Book) {
        let before = book.counts;
        for (number, outcome) in numbers.zip(outcomes) {
            match outcome {
                Outcome::Posted(_) => book.counts.posted += 1,
                Outcome::Replayed(_) => book.counts.replayed += 1,
                Outcome::Rejected(reason) => {
                    book.counts.rejected += 1;
                    if !matches!(
                        reason,
                        Rejection::InsufficientFunds { .. }
                            | Rejection::BalanceOverflow { .. }
                            | Rejection::GroupRejected { .. }
                    ) {
                        self.control.violation(format!("a valid transfer was rejected: {reason}"));
                    }
                    continue;
                }
            }
            book.acknowledge(number);
        }
        let acknowledged = book.counts.acknowledged() - before.acknowledged();
        self.meter.call(latency, acknowledged, book.counts.rejected - before.rejected);
    }
}
