//! The transfers that wait to be posted, and which of them make the next batch.
//!
//! Batches that are on their way at the same time share no account: none waits for another's locks, and transfers that
//! share an account keep the order in which they were submitted.

#[cfg(test)]
mod tests;

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bank_domain::{AccountId, Outcome, Transfer};

use super::{QueueError, QueueSettings, Ticket};

/// A transfer, and where its outcome goes.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) transfer: Transfer,
    pub(super) answer: oneshot::Sender<Result<Outcome, QueueError>>,
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
    /// The accounts of all batches that are on their way.
    in_use: HashSet<AccountId>,
    /// How many batches are on their way.
    on_their_way: usize,
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
    pub(super) fn push(&self, transfer: Transfer) -> Result<Ticket, QueueError> {
        let is_full = |state: &mut State| state.waiting.len() >= self.settings.capacity && !state.closed;
        let state = self.room.wait_while(self.locked(), is_full);
        self.push_into(state.unwrap_or_else(PoisonError::into_inner), transfer)
    }

    /// Adds a transfer if there is room.
    pub(super) fn try_push(&self, transfer: Transfer) -> Result<Ticket, QueueError> {
        let state = self.locked();
        if state.waiting.len() >= self.settings.capacity && !state.closed {
            return Err(QueueError::Full);
        }
        self.push_into(state, transfer)
    }

    fn push_into(&self, mut state: MutexGuard<'_, State>, transfer: Transfer) -> Result<Ticket, QueueError> {
        if state.closed {
            return Err(QueueError::Closed);
        }
        let must_wait = accounts(&transfer).any(|account| state.in_use.contains(&account));
        let (answer, receiver) = oneshot::channel();
        state.waiting.push_back(Job { transfer, answer });
        match state.gathering {
            Some(wanted) if state.waiting.len() >= wanted => self.gathered.notify_one(),
            None if !must_wait && state.on_their_way < self.settings.workers => self.work.notify_one(),
            Some(_) | None => {}
        }
        Ok(Ticket(receiver))
    }

    /// Lets a caller who is alone, and so posts best by himself, do so: nothing waits, nothing is on its way, and the
    /// last one was alone, too.
    pub(super) fn begin_alone(self: &Arc<Self>, transfer: &Transfer) -> Option<OnItsWay> {
        let mut state = self.locked();
        let is_idle = state.waiting.is_empty() && state.on_their_way == 0;
        if state.closed || !is_idle || state.last.size > 1 {
            return None;
        }
        Some(self.begin(&mut state, 1, accounts(transfer).collect()))
    }

    /// Waits for work, and takes as much as one batch may hold; `None` when the line is closed and empty.
    pub(super) fn take(self: &Arc<Self>) -> Option<(Vec<Job>, OnItsWay)> {
        let mut state = self.locked();
        loop {
            if state.gathering.is_none() && state.on_their_way < self.settings.workers && !state.waiting.is_empty() {
                state = self.gather(state);
                let batch = state.pick(self.settings.batch_max);
                if !batch.is_empty() {
                    let on_its_way = self.begin_batch(state, &batch);
                    return Some((batch, on_its_way));
                }
            }
            if state.closed && state.waiting.is_empty() {
                return None;
            }
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn begin_batch(self: &Arc<Self>, mut state: MutexGuard<'_, State>, batch: &[Job]) -> OnItsWay {
        let on_its_way =
            self.begin(&mut state, batch.len(), batch.iter().flat_map(|job| accounts(&job.transfer)).collect());
        let is_more = !state.waiting.is_empty();
        state.share = state.in_flight.saturating_add(state.waiting.len()) / self.settings.workers;
        drop(state);
        self.room.notify_all();
        if is_more {
            self.work.notify_one();
        }
        on_its_way
    }

    fn begin(self: &Arc<Self>, state: &mut State, size: usize, accounts: Vec<AccountId>) -> OnItsWay {
        let mut shared: usize = 0;
        for account in &accounts {
            shared = shared.saturating_add(usize::from(!state.in_use.insert(*account)));
        }
        let is_crowded = shared > accounts.len() / 4;
        state.on_their_way = state.on_their_way.saturating_add(1);
        state.in_flight = state.in_flight.saturating_add(size);
        OnItsWay { line: Arc::clone(self), accounts, size, is_crowded, began: Instant::now() }
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
            let would_be_idle = state.on_their_way == 0 && !all_are_needed;
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
        } else if self.on_their_way > 0 {
            // The last callers to come back are not worth it, and some never do.
            self.share / 2
        } else {
            0
        }
    }

    /// Takes the next batch out of the first `limit` transfers. Left behind are those that share an account with a batch
    /// on its way, or with another that is left behind.
    fn pick(&mut self, limit: usize) -> Vec<Job> {
        let looked_at = self.waiting.len().min(limit);
        let mut batch = Vec::with_capacity(looked_at);
        let mut left = Vec::new();
        let mut left_accounts = HashSet::new();
        for job in self.waiting.drain(..looked_at) {
            let must_wait = |account| self.in_use.contains(&account) || left_accounts.contains(&account);
            if accounts(&job.transfer).any(must_wait) {
                left_accounts.extend(accounts(&job.transfer));
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

fn accounts(transfer: &Transfer) -> impl Iterator<Item = AccountId> + use<> {
    [transfer.from, transfer.to].into_iter()
}

/// A batch that is on its way, until this is dropped. No other batch has its accounts meanwhile.
#[derive(Debug)]
pub(super) struct OnItsWay {
    line: Arc<WaitingLine>,
    accounts: Vec<AccountId>,
    size: usize,
    is_crowded: bool,
    began: Instant,
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        let mut state = self.line.locked();
        for account in &self.accounts {
            state.in_use.remove(account);
        }
        state.on_their_way = state.on_their_way.saturating_sub(1);
        state.in_flight = state.in_flight.saturating_sub(self.size);
        state.last = LastBatch { size: self.size, took: self.began.elapsed(), is_crowded: self.is_crowded };
        let (is_wanted, is_closed) = (!state.waiting.is_empty(), state.closed);
        if state.gathering.is_some() && state.on_their_way == 0 {
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
