//! Posting one batch after the other, several of them at once where that changes no outcome.
//!
//! While one batch is on its way, the next follows with whatever shares neither an account nor an id with it: such
//! transfers do not see each other's effects, so it is all the same which of them commits first. What shares one waits,
//! and so does what shares one with that.

mod independent;

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use bank_db::DbError;
use bank_domain::{Outcome, PostRequest};

use crate::bank::Bank;
use crate::error::BankError;
use crate::scheduler::footprint::Claims;
use independent::split;

/// Posts the batches of one caller in order, as [`Bank::post_batch`] would one after the other, but with several on their
/// way at once: the caller prepares the next one meanwhile, and a server works on several.
///
/// Each transfer has the outcome that it would have if it was posted after all those before it. Batches are not units,
/// though: transfers that have to wait for others are posted in a later transaction, so a part of a batch can be there
/// when the process or the database fails, and of a later batch, too. No transaction holds more transfers than the largest
/// batch that was pushed.
///
/// Dropping a pipeline waits for what is on its way. What has not begun by then is not posted: see
/// [`flush`](Self::flush).
#[derive(Debug)]
pub struct PostingPipeline {
    bank: Bank,
    at_once: usize,
    /// The size of the largest batch that was pushed, and so of the largest that is posted.
    most: usize,
    on_their_way: VecDeque<OnItsWay>,
    /// What has not begun, in order.
    waiting: Vec<Placed>,
    /// The batches whose outcomes were not handed out yet, in order.
    pushed: VecDeque<Pushed>,
    /// The number of the first of those.
    first: usize,
}

/// A transfer, and which outcome is its own.
#[derive(Clone, Debug)]
struct Placed {
    place: Place,
    request: PostRequest,
}

/// The place of a transfer among all that were pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    batch: usize,
    index: usize,
}

#[derive(Debug)]
struct Pushed {
    outcomes: Vec<Option<Outcome>>,
    missing: usize,
}

#[derive(Debug)]
struct OnItsWay {
    places: Vec<Place>,
    requests: Arc<[PostRequest]>,
    claims: Claims,
    thread: JoinHandle<Result<Vec<Outcome>, BankError>>,
}

impl PostingPipeline {
    /// Returns a pipeline with at most so many batches on their way, at least one and no more than the bank has
    /// connections. SQLite has one writer, and so one batch, beside which the caller prepares the next.
    #[must_use]
    pub fn new(bank: &Bank, at_once: usize) -> Self {
        let connections = if bank.capabilities().one_writer {
            1
        } else {
            usize::try_from(bank.connections_max()).unwrap_or(usize::MAX)
        };
        Self {
            bank: bank.clone(),
            at_once: at_once.min(connections).max(1),
            most: 0,
            on_their_way: VecDeque::new(),
            waiting: Vec::new(),
            pushed: VecDeque::new(),
            first: 0,
        }
    }

    /// Begins to post a batch, as soon as there is room for it.
    ///
    /// # Errors
    ///
    /// As for [`Bank::post_batch`], of this or an earlier batch. What was pushed stays pushed: the next call tries again
    /// what has no outcome, and whoever makes none posts the same transfers again to learn what became of them.
    ///
    /// # Panics
    ///
    /// If a thread that posts does.
    pub fn push(&mut self, requests: impl IntoIterator<Item = impl Into<PostRequest>>) -> Result<(), BankError> {
        let requests: Vec<PostRequest> = requests.into_iter().map(Into::into).collect();
        let batch = self.first.saturating_add(self.pushed.len());
        self.most = self.most.max(requests.len());
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
    /// If a thread that posts does.
    pub fn flush(&mut self) -> Result<(), BankError> {
        while !self.waiting.is_empty() {
            self.begin_next()?;
        }
        while !self.on_their_way.is_empty() {
            self.wait_for_first()?;
        }
        Ok(())
    }

    /// Hands out the outcomes that are there, batch by batch in the order in which they were pushed, up to the first that
    /// is not complete; each once. Waits for nothing.
    pub fn take_outcomes(&mut self) -> Vec<Vec<Outcome>> {
        let count = self.pushed.iter().take_while(|pushed| pushed.missing == 0).count();
        self.first = self.first.saturating_add(count);
        self.pushed.drain(..count).map(|pushed| pushed.outcomes.into_iter().flatten().collect()).collect()
    }

    /// Begins to post what waits, or enough of it, and waits for those on their way until it can.
    fn begin_next(&mut self) -> Result<(), BankError> {
        while !self.waiting.is_empty() {
            if self.on_their_way.len() < self.at_once {
                let claims: Vec<&Claims> = self.on_their_way.iter().map(|batch| &batch.claims).collect();
                if let Some(next) = split(&mut self.waiting, &claims, self.most) {
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
                let claims = if self.at_once > 1 {
                    Claims::of(requests.iter().map(|request| &request.transfer))
                } else {
                    Claims::default()
                };
                self.on_their_way.push_back(OnItsWay { places, requests, claims, thread });
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
        let Some(OnItsWay { places, requests, thread, .. }) = self.on_their_way.pop_front() else {
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
        for batch in self.on_their_way.drain(..) {
            if batch.thread.join().is_err() {
                tracing::error!("a thread of a posting pipeline panicked");
            }
        }
    }
}
