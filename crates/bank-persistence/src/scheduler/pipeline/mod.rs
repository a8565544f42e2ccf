//! Posts batches in order and keeps several in flight when they cannot affect each other.
//!
//! While one batch is in flight, the next one starts with the transfers that share neither an account nor an id with it:
//! such transfers do not see each other's effects, so the order of their commits does not matter. A transfer that shares one
//! waits, and so does every later one that shares one with a transfer that waits.

mod independent;
mod placed;

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use bank_db::DbError;
use bank_domain::{Outcome, PostRequest};

use crate::bank::Bank;
use crate::error::BankError;
use crate::scheduler::footprint::Footprint;
use independent::take_independent;
use placed::{Place, Placed};

/// Posts the batches of one caller in order, as [`Bank::post_batch`] would one after the other, but with several in flight:
/// the caller prepares the next one meanwhile, and a server works on several.
///
/// Each transfer has the outcome that it would have if it was posted after all those before it. Batches are not units,
/// though: transfers that have to wait for others are posted in a later transaction. When the process or the database fails,
/// a part of a batch can be posted, and a part of a later batch, too. No transaction holds more transfers than the largest
/// batch that was pushed.
///
/// Dropping a pipeline waits for the batches in flight. What has not begun by then is not posted: see [`flush`](Self::flush).
#[derive(Debug)]
pub struct PostingPipeline {
    bank: Bank,
    in_flight_max: usize,
    /// The size of the largest batch that was pushed, and so of the largest that is posted.
    batch_max: usize,
    in_flight: VecDeque<InFlight>,
    /// What has not begun, in order.
    waiting: Vec<Placed>,
    /// The batches whose outcomes were not handed out yet, in order.
    pushed: VecDeque<Pushed>,
    /// The number of the first of those.
    first: usize,
}

#[derive(Debug)]
struct Pushed {
    outcomes: Vec<Option<Outcome>>,
    missing: usize,
}

#[derive(Debug)]
struct InFlight {
    places: Vec<Place>,
    requests: Arc<[PostRequest]>,
    footprint: Footprint,
    thread: JoinHandle<Result<Vec<Outcome>, BankError>>,
}

impl PostingPipeline {
    /// Returns a pipeline with at most this many batches in flight, at least one and no more than the bank has connections.
    /// SQLite has one writer, and so one batch, beside which the caller prepares the next.
    #[must_use]
    pub fn new(bank: &Bank, in_flight_max: usize) -> Self {
        let connections = if bank.database().capabilities().one_writer {
            1
        } else {
            usize::try_from(bank.database().connections_max()).unwrap_or(usize::MAX)
        };
        Self {
            bank: bank.clone(),
            in_flight_max: in_flight_max.min(connections).max(1),
            batch_max: 0,
            in_flight: VecDeque::new(),
            waiting: Vec::new(),
            pushed: VecDeque::new(),
            first: 0,
        }
    }

    /// Begins to post a batch, as soon as there is room for it.
    ///
    /// # Errors
    ///
    /// As for [`Bank::post_batch`], of this or an earlier batch. What was pushed stays pushed: the next call tries again what
    /// has no outcome. A caller that makes no further call posts the same transfers again to learn what became of them.
    ///
    /// # Panics
    ///
    /// If a thread that posts panics.
    pub fn push(&mut self, requests: impl IntoIterator<Item = impl Into<PostRequest>>) -> Result<(), BankError> {
        let requests: Vec<PostRequest> = requests.into_iter().map(Into::into).collect();
        let batch = self.first.saturating_add(self.pushed.len());
        self.batch_max = self.batch_max.max(requests.len());
        self.pushed.push_back(Pushed { outcomes: vec![None; requests.len()], missing: requests.len() });
        let placed = (0..).zip(requests).map(|(index, request)| Placed { place: Place { batch, index }, request });
        self.waiting.extend(placed);
        self.begin_next()
    }

    /// Posts everything that was pushed.
    ///
    /// # Errors
    ///
    /// As for [`push`](Self::push).
    ///
    /// # Panics
    ///
    /// If a thread that posts panics.
    pub fn flush(&mut self) -> Result<(), BankError> {
        while !self.waiting.is_empty() {
            self.begin_next()?;
        }
        while !self.in_flight.is_empty() {
            self.wait_for_first()?;
        }
        Ok(())
    }

    /// Hands out the outcomes that are known, batch by batch in the order in which they were pushed, up to the first batch that
    /// is not complete; each once. Waits for nothing.
    pub fn take_outcomes(&mut self) -> Vec<Vec<Outcome>> {
        let count = self.pushed.iter().take_while(|pushed| pushed.missing == 0).count();
        self.first = self.first.saturating_add(count);
        self.pushed.drain(..count).map(|pushed| pushed.outcomes.into_iter().flatten().collect()).collect()
    }

    /// Waits for the batches in flight, and hands out every batch whose outcomes were not: the outcome of each transfer, or
    /// the transfer itself if it was not posted. The pipeline is empty afterwards, and the caller posts the rest its own way.
    ///
    /// # Panics
    ///
    /// If a thread that posts panics.
    pub fn take_unfinished(&mut self) -> Vec<Vec<Result<Outcome, PostRequest>>> {
        while !self.in_flight.is_empty() {
            if let Err(error) = self.wait_for_first() {
                tracing::debug!(%error, "a batch of a pipeline is handed back");
            }
        }
        let mut waiting = std::mem::take(&mut self.waiting).into_iter().map(|placed| placed.request);
        self.first = self.first.saturating_add(self.pushed.len());
        let mut batches = Vec::with_capacity(self.pushed.len());
        for pushed in self.pushed.drain(..) {
            // What waits is in the order of its places, which are those without an outcome.
            let or_request = |outcome: Option<Outcome>| outcome.map(Ok).or_else(|| waiting.next().map(Err));
            batches.push(pushed.outcomes.into_iter().filter_map(or_request).collect());
        }
        batches
    }

    /// Begins to post what waits, or enough of it, and waits for batches in flight until it can.
    fn begin_next(&mut self) -> Result<(), BankError> {
        while !self.waiting.is_empty() {
            if self.in_flight.len() < self.in_flight_max {
                let in_flight: Vec<&Footprint> = self.in_flight.iter().map(|batch| &batch.footprint).collect();
                if let Some(next) = take_independent(&mut self.waiting, &in_flight, self.batch_max) {
                    return self.begin(next);
                }
            }
            self.wait_for_first()?;
        }
        Ok(())
    }

    fn begin(&mut self, batch: Vec<Placed>) -> Result<(), BankError> {
        let (places, requests): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|placed| (placed.place, placed.request)).unzip();
        let requests: Arc<[PostRequest]> = requests.into();
        let (bank, shared) = (self.bank.clone(), Arc::clone(&requests));
        let started = thread::Builder::new().name("bank-pipeline".to_owned()).spawn(move || bank.post_shared(&shared));
        match started {
            Ok(thread) => {
                // While the server is at work, not before.
                let transfers = requests.iter().map(|request| &request.transfer);
                let footprint = if self.in_flight_max > 1 { transfers.collect() } else { Footprint::default() };
                self.in_flight.push_back(InFlight { places, requests, footprint, thread });
                Ok(())
            }
            Err(error) => {
                self.take_back(places, &requests);
                Err(DbError::Thread { reason: error.to_string() }.into())
            }
        }
    }

    /// Waits for the batch that began first, and takes its outcomes.
    fn wait_for_first(&mut self) -> Result<(), BankError> {
        let Some(InFlight { places, requests, thread, .. }) = self.in_flight.pop_front() else {
            return Ok(());
        };
        match thread.join() {
            Ok(Ok(outcomes)) => {
                for (place, outcome) in places.into_iter().zip(outcomes) {
                    self.settle(place, outcome);
                }
                Ok(())
            }
            Ok(Err(error)) => {
                self.take_back(places, &requests);
                Err(error)
            }
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    fn settle(&mut self, place: Place, outcome: Outcome) {
        let pushed = place.batch.checked_sub(self.first).and_then(|number| self.pushed.get_mut(number));
        if let Some(pushed) = pushed {
            pushed.outcomes[place.index] = Some(outcome);
            pushed.missing = pushed.missing.saturating_sub(1);
        }
    }

    /// Puts transfers that have no outcome back, to be tried again before all that have waited for them.
    fn take_back(&mut self, places: Vec<Place>, requests: &[PostRequest]) {
        let placed = places.into_iter().zip(requests.iter().cloned());
        self.waiting.extend(placed.map(|(place, request)| Placed { place, request }));
        self.waiting.sort_unstable_by_key(|placed| placed.place);
    }
}

impl Drop for PostingPipeline {
    fn drop(&mut self) {
        for batch in self.in_flight.drain(..) {
            if batch.thread.join().is_err() {
                tracing::error!("a thread of a posting pipeline panicked");
            }
        }
    }
}
