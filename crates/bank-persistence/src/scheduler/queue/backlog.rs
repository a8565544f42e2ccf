//! The transfers that wait to be posted, and which of them make the next batch.
//!
//! Batches in flight share no account and no id: none waits for another's locks, and transfers that share one keep the order in
//! which they were submitted.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bank_domain::{Group, Outcome, PostRequest, Transfer, unit_length};
use parking_lot::{Condvar, Mutex, MutexGuard};

use super::settings::QueueSettings;
use super::ticket::{QueueError, Ticket};
use crate::scheduler::footprint::Footprint;
use crate::scheduler::policy::{Load, worth_waiting_for};

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
    contended: bool,
}

/// Transfers in the order in which they were submitted.
#[derive(Debug)]
pub(super) struct Backlog {
    settings: QueueSettings,
    state: Mutex<State>,
    /// Tells a worker that there may be something to take.
    work: Condvar,
    /// Tells the worker that lingers that enough transfers are there.
    gathered: Condvar,
    /// Tells callers that there is room.
    room: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Job>,
    closed: bool,
    /// What the batches in flight touch.
    in_flight: Vec<Arc<Footprint>>,
    /// How many transfers they have.
    in_flight_transfers: usize,
    /// How many transfers each worker would have had, had those that waited and those in flight been shared out evenly when
    /// the last batch began.
    fair_share: usize,
    last: LastBatch,
    /// How many transfers a worker lingers for.
    lingering: Option<usize>,
}

impl Backlog {
    pub(super) fn new(settings: QueueSettings) -> Self {
        Self { settings, state: Mutex::default(), work: Condvar::new(), gathered: Condvar::new(), room: Condvar::new() }
    }

    /// Adds a transfer, as soon as there is room.
    pub(super) fn push(&self, request: PostRequest) -> Result<Ticket, QueueError> {
        let mut state = self.state.lock();
        self.room.wait_while(&mut state, |state| self.is_full(state));
        self.push_into(state, request)
    }

    /// Adds a transfer if there is room.
    pub(super) fn try_push(&self, request: PostRequest) -> Result<Ticket, QueueError> {
        let state = self.state.lock();
        if self.is_full(&state) {
            return Err(QueueError::Full);
        }
        self.push_into(state, request)
    }

    fn is_full(&self, state: &State) -> bool {
        state.waiting.len() >= self.settings.capacity && !state.closed
    }

    fn push_into(&self, mut state: MutexGuard<'_, State>, request: PostRequest) -> Result<Ticket, QueueError> {
        if state.closed {
            return Err(QueueError::Closed);
        }
        let (ticket, must_wait) = state.add(request);
        self.wake(&state, must_wait);
        Ok(ticket)
    }

    /// Adds the members of a group one after the other, as soon as there is room for one.
    pub(super) fn push_group(&self, group: Group) -> Result<Vec<Ticket>, QueueError> {
        let mut state = self.state.lock();
        self.room.wait_while(&mut state, |state| self.is_full(state));
        self.push_group_into(state, group)
    }

    /// Adds the members of a group if there is room for one.
    pub(super) fn try_push_group(&self, group: Group) -> Result<Vec<Ticket>, QueueError> {
        let state = self.state.lock();
        if self.is_full(&state) {
            return Err(QueueError::Full);
        }
        self.push_group_into(state, group)
    }

    fn push_group_into(&self, mut state: MutexGuard<'_, State>, group: Group) -> Result<Vec<Ticket>, QueueError> {
        if state.closed {
            return Err(QueueError::Closed);
        }
        let (tickets, must_wait): (Vec<_>, Vec<_>) = group.into_iter().map(|request| state.add(request)).unzip();
        self.wake(&state, must_wait.contains(&true));
        Ok(tickets)
    }

    /// Wakes a worker that has something to do now that there is more.
    fn wake(&self, state: &State, must_wait: bool) {
        match state.lingering {
            Some(wanted) if state.waiting.len() >= wanted => {
                self.gathered.notify_one();
            }
            None if !must_wait && state.in_flight.len() < self.settings.workers => {
                self.work.notify_one();
            }
            Some(_) | None => {}
        }
    }

    /// Lets a lone caller, who posts fastest directly, bypass the queue: nothing waits, nothing is in flight, and the last
    /// caller was alone, too.
    pub(super) fn try_bypass(self: &Arc<Self>, transfer: &Transfer) -> Option<InFlight> {
        let mut state = self.state.lock();
        let is_idle = state.waiting.is_empty() && state.in_flight.is_empty();
        if state.closed || !is_idle || state.last.size > 1 {
            return None;
        }
        Some(self.begin(&mut state, 1, [transfer].into_iter().collect()))
    }

    /// Waits for work, and takes as much as one batch may hold; `None` when the backlog is closed and empty, and nothing is in
    /// flight.
    pub(super) fn take(self: &Arc<Self>) -> Option<(Vec<Job>, InFlight)> {
        let mut state = self.state.lock();
        loop {
            let has_room = state.in_flight.len() < self.settings.workers;
            if state.lingering.is_none() && has_room && !state.waiting.is_empty() {
                self.linger(&mut state);
                let batch = state.pick(self.settings.batch_max);
                if !batch.is_empty() {
                    let in_flight = self.begin_batch(state, &batch);
                    return Some((batch, in_flight));
                }
            }
            if state.closed && state.waiting.is_empty() && state.in_flight.is_empty() {
                return None;
            }
            self.work.wait(&mut state);
        }
    }

    fn begin_batch(self: &Arc<Self>, mut state: MutexGuard<'_, State>, batch: &[Job]) -> InFlight {
        let footprint = batch.iter().map(|job| &job.request.transfer).collect();
        let in_flight = self.begin(&mut state, batch.len(), footprint);
        let is_more = !state.waiting.is_empty();
        state.fair_share = state.in_flight_transfers.saturating_add(state.waiting.len()) / self.settings.workers;
        drop(state);
        self.room.notify_all();
        if is_more {
            self.work.notify_one();
        }
        in_flight
    }

    fn begin(self: &Arc<Self>, state: &mut State, size: usize, footprint: Footprint) -> InFlight {
        // Each transfer names two accounts.
        let named = size.saturating_mul(2);
        let contended = named.saturating_sub(footprint.account_count()) > named / 4;
        let footprint = Arc::new(footprint);
        state.in_flight.push(Arc::clone(&footprint));
        state.in_flight_transfers = state.in_flight_transfers.saturating_add(size);
        InFlight { backlog: Arc::clone(self), footprint, size, contended, began: Instant::now() }
    }

    /// Waits until enough transfers for a batch are there, as the policy says.
    fn linger(&self, state: &mut MutexGuard<'_, State>) {
        let is_exclusive = self.settings.workers == 1 || state.last.contended;
        let wait = worth_waiting_for(state.load(is_exclusive));
        let wanted = wait.transfers_min.min(self.settings.batch_max).min(self.settings.capacity);
        if is_exclusive {
            // Linger once for each batch.
            state.last = LastBatch::default();
        }
        state.lingering = Some(wanted);
        let too_few = |state: &mut State| {
            let would_be_idle = state.in_flight.is_empty() && !is_exclusive;
            state.waiting.len() < wanted && !state.closed && !would_be_idle
        };
        self.gathered.wait_while_for(state, too_few, wait.linger_max);
        state.lingering = None;
    }

    /// Returns how many transfers are in flight.
    pub(super) fn in_flight(&self) -> usize {
        self.state.lock().in_flight_transfers
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state.lock().closed
    }

    /// Takes no more transfers; those that wait are still handed out.
    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.work.notify_all();
        self.gathered.notify_all();
        self.room.notify_all();
    }
}

impl State {
    /// Adds a transfer, and returns whether it has to wait for a batch in flight.
    fn add(&mut self, request: PostRequest) -> (Ticket, bool) {
        let must_wait = self.in_flight.iter().any(|batch| batch.conflicts_with(&request.transfer));
        let (answer, receiver) = oneshot::channel();
        self.waiting.push_back(Job { request, answer });
        (Ticket(receiver), must_wait)
    }

    fn load(&self, is_exclusive: bool) -> Load {
        Load {
            in_flight: self.in_flight.len(),
            is_exclusive,
            fair_share: self.fair_share,
            last_size: self.last.size,
            last_took: self.last.took,
        }
    }

    /// Takes the next batch out of the first `limit` transfers. Leaves those that have to wait for a batch in flight, or for
    /// another that is left.
    fn pick(&mut self, limit: usize) -> Vec<Job> {
        let mut batch = Vec::with_capacity(self.waiting.len().min(limit));
        let mut left = Vec::new();
        let mut left_behind = Footprint::default();
        let mut looked_at: usize = 0;
        loop {
            let unit = unit_length(self.waiting.iter().map(|job| &job.request));
            // A group that is larger than a batch goes by itself.
            if unit == 0 || (looked_at > 0 && looked_at.saturating_add(unit) > limit) {
                break;
            }
            looked_at = looked_at.saturating_add(unit);
            let must_wait = self.waiting.iter().take(unit).any(|job| {
                let transfer = &job.request.transfer;
                left_behind.conflicts_with(transfer)
                    || self.in_flight.iter().any(|batch| batch.conflicts_with(transfer))
            });
            for job in self.waiting.drain(..unit) {
                if must_wait {
                    left_behind.add(&job.request.transfer);
                    left.push(job);
                } else {
                    batch.push(job);
                }
            }
        }
        for job in left.into_iter().rev() {
            self.waiting.push_front(job);
        }
        batch
    }
}

/// A batch that is in flight until this is dropped. No other batch has its accounts and ids meanwhile.
#[derive(Debug)]
pub(super) struct InFlight {
    backlog: Arc<Backlog>,
    footprint: Arc<Footprint>,
    size: usize,
    contended: bool,
    began: Instant,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = self.backlog.state.lock();
        state.in_flight.retain(|batch| !Arc::ptr_eq(batch, &self.footprint));
        state.in_flight_transfers = state.in_flight_transfers.saturating_sub(self.size);
        state.last = LastBatch { size: self.size, took: self.began.elapsed(), contended: self.contended };
        let (is_wanted, is_closed) = (!state.waiting.is_empty(), state.closed);
        if state.lingering.is_some() && state.in_flight.is_empty() {
            self.backlog.gathered.notify_one();
        }
        drop(state);
        // Waking a worker for nothing would cost a lone caller a tenth of its time.
        if is_closed {
            self.backlog.work.notify_all();
        } else if is_wanted {
            self.backlog.work.notify_one();
        }
    }
}
