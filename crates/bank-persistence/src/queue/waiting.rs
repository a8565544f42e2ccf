//! The transfers that wait to be posted, and which of them make the next batch.
//!
//! Batches that are on their way at the same time share no account and no id: none waits for another's locks, and transfers
//! that share one keep the order in which they were submitted.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bank_domain::{Outcome, PostRequest, Transfer};

use super::{QueueError, QueueSettings, Ticket};
use crate::claims::Claims;

/// Where an outcome goes.
pub(super) type Answer = oneshot::Sender<Result<Outcome, QueueError>>;

/// A transfer, and where its outcome goes.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) request: PostRequest,
    pub(super) answer: Answer,
}

/// The batch that was answered last.
#[derive(Clone, Copy, Debug, Default)]
struct LastBatch {
    size: usize,
    took: Duration,
    /// Whether many of its transfers shared accounts, and so will many of the next ones.
    is_crowded: bool,
}

/// Transfers in the order in which they were submitted.
#[derive(Debug)]
pub(super) struct WaitingLine {
    settings: QueueSettings,
    state: Mutex<State>,
    /// Tells a worker that there may be something to take.
    work: Condvar,
    /// Tells the worker that waits for callers to come back that they have.
    gathered: Condvar,
    /// Tells callers that there is room.
    room: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Job>,
    closed: bool,
    /// The batches that are on their way.
    on_their_way: Vec<Arc<Claims>>,
    /// How many transfers they have.
    in_flight: usize,
    /// How many transfers each worker would have had, had those that waited and those in flight been shared out evenly
    /// when the last batch began.
    share: usize,
    last: LastBatch,
    /// How many transfers a worker waits for.
    gathering: Option<usize>,
}

impl WaitingLine {
    pub(super) fn new(settings: QueueSettings) -> Self {
        Self { settings, state: Mutex::default(), work: Condvar::new(), gathered: Condvar::new(), room: Condvar::new() }
    }

    /// Adds a transfer, as soon as there is room.
    pub(super) fn push(&self, request: PostRequest) -> Result<Ticket, QueueError> {
        let is_full = |state: &mut State| state.waiting.len() >= self.settings.capacity && !state.closed;
        let state = self.room.wait_while(self.locked(), is_full);
        self.push_into(state.unwrap_or_else(PoisonError::into_inner), request)
    }

    /// Adds a transfer if there is room.
    pub(super) fn try_push(&self, request: PostRequest) -> Result<Ticket, QueueError> {
        let state = self.locked();
        if state.waiting.len() >= self.settings.capacity && !state.closed {
            return Err(QueueError::Full);
        }
        self.push_into(state, request)
    }

    fn push_into(&self, mut state: MutexGuard<'_, State>, request: PostRequest) -> Result<Ticket, QueueError> {
        if state.closed {
            return Err(QueueError::Closed);
        }
        let must_wait = state.on_their_way.iter().any(|batch| batch.concern(&request.transfer));
        let (answer, receiver) = oneshot::channel();
        state.waiting.push_back(Job { request, answer });
        match state.gathering {
            Some(wanted) if state.waiting.len() >= wanted => self.gathered.notify_one(),
            None if !must_wait && state.on_their_way.len() < self.settings.workers => self.work.notify_one(),
            Some(_) | None => {}
        }
        Ok(Ticket(receiver))
    }

    /// Lets a caller who is alone, and so posts best by himself, do so: nothing waits, nothing is on its way, and the
    /// last one was alone, too.
    pub(super) fn begin_alone(self: &Arc<Self>, transfer: &Transfer) -> Option<OnItsWay> {
        let mut state = self.locked();
        let is_idle = state.waiting.is_empty() && state.on_their_way.is_empty();
        if state.closed || !is_idle || state.last.size > 1 {
            return None;
        }
        Some(self.begin(&mut state, 1, Claims::of([transfer])))
    }

    /// Waits for work, and takes as much as one batch may hold; `None` when the line is closed and empty, and nothing is
    /// on its way.
    pub(super) fn take(self: &Arc<Self>) -> Option<(Vec<Job>, OnItsWay)> {
        let mut state = self.locked();
        loop {
            let has_room = state.on_their_way.len() < self.settings.workers;
            if state.gathering.is_none() && has_room && !state.waiting.is_empty() {
                state = self.gather(state);
                let batch = state.pick(self.settings.batch_max);
                if !batch.is_empty() {
                    let on_its_way = self.begin_batch(state, &batch);
                    return Some((batch, on_its_way));
                }
            }
            if state.closed && state.waiting.is_empty() && state.on_their_way.is_empty() {
                return None;
            }
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn begin_batch(self: &Arc<Self>, mut state: MutexGuard<'_, State>, batch: &[Job]) -> OnItsWay {
        let claims = Claims::of(batch.iter().map(|job| &job.request.transfer));
        let on_its_way = self.begin(&mut state, batch.len(), claims);
        let is_more = !state.waiting.is_empty();
        state.share = state.in_flight.saturating_add(state.waiting.len()) / self.settings.workers;
        drop(state);
        self.room.notify_all();
        if is_more {
            self.work.notify_one();
        }
        on_its_way
    }

    fn begin(self: &Arc<Self>, state: &mut State, size: usize, claims: Claims) -> OnItsWay {
        // Each transfer names two accounts.
        let named = size.saturating_mul(2);
        let is_crowded = named.saturating_sub(claims.account_count()) > named / 4;
        let claims = Arc::new(claims);
        state.on_their_way.push(Arc::clone(&claims));
        state.in_flight = state.in_flight.saturating_add(size);
        OnItsWay { line: Arc::clone(self), claims, size, is_crowded, began: Instant::now() }
    }

    /// Waits until enough transfers for a batch are there, but no longer than a part of what the last one took: callers
    /// who have been answered come back one after the other, and the first of them would get a commit of their own.
    fn gather<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        const PART: u32 = 4;
        const WAIT_MAX: Duration = Duration::from_millis(10);
        let wait = (state.last.took / PART).min(WAIT_MAX);
        let all_are_needed = self.settings.workers == 1 || state.last.is_crowded;
        let enough = state.enough(all_are_needed);
        let wanted = enough.min(self.settings.batch_max).min(self.settings.capacity);
        if all_are_needed {
            // Once.
            state.last = LastBatch::default();
        }
        state.gathering = Some(wanted);
        let too_few = |state: &mut State| {
            let would_be_idle = state.on_their_way.is_empty() && !all_are_needed;
            state.waiting.len() < wanted && !state.closed && !would_be_idle
        };
        let waited = self.gathered.wait_timeout_while(state, wait, too_few);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.gathering = None;
        state
    }

    /// Takes no more transfers; those that wait are still handed out.
    pub(super) fn close(&self) {
        self.locked().closed = true;
        self.work.notify_all();
        self.gathered.notify_all();
        self.room.notify_all();
    }

    pub(super) fn in_flight(&self) -> usize {
        self.locked().in_flight
    }

    pub(super) fn is_closed(&self) -> bool {
        self.locked().closed
    }

    /// What is behind the lock is changed by single calls that do not panic, so it is whole even if a holder did.
    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns how many transfers are worth waiting for before the next batch begins.
    fn enough(&self, all_are_needed: bool) -> usize {
        if all_are_needed {
            // What does not wait now has to wait for this batch anyway.
            self.last.size
        } else if self.on_their_way.is_empty() {
            0
        } else {
            // The last callers to come back are not worth it, and some never do.
            self.share / 2
        }
    }

    /// Takes the next batch out of the first `limit` transfers. Left behind are those that have to wait for a batch on its
    /// way, or for another that is left behind.
    fn pick(&mut self, limit: usize) -> Vec<Job> {
        let looked_at = self.waiting.len().min(limit);
        let mut batch = Vec::with_capacity(looked_at);
        let mut left = Vec::new();
        let mut left_behind = Claims::default();
        for job in self.waiting.drain(..looked_at) {
            let must_wait = |batch: &Arc<Claims>| batch.concern(&job.request.transfer);
            if left_behind.concern(&job.request.transfer) || self.on_their_way.iter().any(must_wait) {
                left_behind.add(&job.request.transfer);
                left.push(job);
            } else {
                batch.push(job);
            }
        }
        for job in left.into_iter().rev() {
            self.waiting.push_front(job);
        }
        batch
    }
}

/// A batch that is on its way, until this is dropped. No other batch has its accounts and ids meanwhile.
#[derive(Debug)]
pub(super) struct OnItsWay {
    line: Arc<WaitingLine>,
    claims: Arc<Claims>,
    size: usize,
    is_crowded: bool,
    began: Instant,
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        let mut state = self.line.locked();
        state.on_their_way.retain(|batch| !Arc::ptr_eq(batch, &self.claims));
        state.in_flight = state.in_flight.saturating_sub(self.size);
        state.last = LastBatch { size: self.size, took: self.began.elapsed(), is_crowded: self.is_crowded };
        let (is_wanted, is_closed) = (!state.waiting.is_empty(), state.closed);
        if state.gathering.is_some() && state.on_their_way.is_empty() {
            self.line.gathered.notify_one();
        }
        drop(state);
        // Waking a worker for nothing would cost a lone caller a tenth of his time.
        if is_closed {
            self.line.work.notify_all();
        } else if is_wanted {
            self.line.work.notify_one();
        }
    }
}
