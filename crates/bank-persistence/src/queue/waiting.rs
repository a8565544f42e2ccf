//! The transfers that wait to be posted, and whose turn it is to take them.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bank_domain::{Outcome, Transfer};

use super::{QueueError, QueueSettings, Ticket};

/// A transfer, and where its outcome goes.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) transfer: Transfer,
    pub(super) answer: oneshot::Sender<Result<Outcome, QueueError>>,
}

/// The batch that a worker has posted last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LastBatch {
    pub(super) size: usize,
    pub(super) took: Duration,
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
    /// Whether a worker has taken a batch and does not hold the locks of its accounts yet.
    turn_taken: bool,
    /// How many workers are posting.
    busy: usize,
    /// How many transfers were taken last.
    last_taken: usize,
    /// How many transfers the worker whose turn it is waits for.
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
        let (answer, receiver) = oneshot::channel();
        state.waiting.push_back(Job { transfer, answer });
        match state.gathering {
            Some(wanted) if state.waiting.len() >= wanted => self.gathered.notify_one(),
            None if !state.turn_taken => self.work.notify_one(),
            Some(_) | None => {}
        }
        Ok(Ticket(receiver))
    }

    /// Takes the turn for a caller who is alone, and so posts best by himself: nothing waits, nobody posts, and the last
    /// one was alone, too.
    pub(super) fn take_turn_alone(self: &Arc<Self>) -> Option<Turn> {
        let mut state = self.locked();
        let is_idle = state.waiting.is_empty() && !state.turn_taken && state.busy == 0;
        if state.closed || !is_idle || state.last_taken > 1 {
            return None;
        }
        state.turn_taken = true;
        Some(self.turn())
    }

    fn turn(self: &Arc<Self>) -> Turn {
        Turn { line: Arc::clone(self), given_back: AtomicBool::new(false) }
    }

    /// Notes that a worker has told the callers of its batch.
    pub(super) fn done(&self) {
        let mut state = self.locked();
        state.busy = state.busy.saturating_sub(1);
    }

    /// Waits for work and for the turn, and takes as much as one batch may hold; `None` when the line is closed and
    /// empty.
    pub(super) fn take(self: &Arc<Self>, last: LastBatch) -> Option<(Vec<Job>, Turn)> {
        let must_wait = |state: &mut State| state.turn_taken || (state.waiting.is_empty() && !state.closed);
        let state = self.work.wait_while(self.locked(), must_wait);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        if state.waiting.is_empty() {
            // The others wait for this turn or for work, and neither comes any more.
            self.work.notify_all();
            return None;
        }
        state.turn_taken = true;
        if last.size > 1 {
            state = self.gather(state, last);
        }
        let size = state.waiting.len().min(self.settings.batch_max);
        let batch = state.waiting.drain(..size).collect();
        state.busy = state.busy.saturating_add(1);
        state.last_taken = size;
        drop(state);
        self.room.notify_all();
        Some((batch, self.turn()))
    }

    /// Waits until as many transfers are there as were answered just now, but no longer than a part of what they took:
    /// callers who have been answered come back one after the other, and the first of them would get a commit of its
    /// own.
    fn gather<'a>(&'a self, mut state: MutexGuard<'a, State>, last: LastBatch) -> MutexGuard<'a, State> {
        const PART: u32 = 4;
        let wanted = last.size.min(self.settings.batch_max).min(self.settings.capacity);
        state.gathering = Some(wanted);
        let too_few = |state: &mut State| state.waiting.len() < wanted && !state.closed;
        let waited = self.gathered.wait_timeout_while(state, last.took / PART, too_few);
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

/// The right to lock accounts before anybody later does. It keeps the order: of two batches that share an account, the
/// later one waits for the earlier one's locks; batches that share none go on side by side.
#[derive(Debug)]
pub(super) struct Turn {
    line: Arc<WaitingLine>,
    given_back: AtomicBool,
}

impl Turn {
    /// Lets the next batch go on. Giving a turn back twice does nothing.
    pub(super) fn give_back(&self) {
        if !self.given_back.swap(true, Ordering::SeqCst) {
            let mut state = self.line.locked();
            state.turn_taken = false;
            // Waking a worker for nothing would cost a lone caller a tenth of his time.
            let is_wanted = !state.waiting.is_empty() || state.closed;
            drop(state);
            if is_wanted {
                self.line.work.notify_one();
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.give_back();
    }
}
