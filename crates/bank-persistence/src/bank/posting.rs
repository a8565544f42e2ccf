//! Posting, with the way that each batch takes.

use std::cell::Cell;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bank_db::retry::may_be_committed;
use bank_db::{AttemptError, CommitGate, DbConnection, DbError, Decision, Isolation, Session, Settings, transaction};
use bank_domain::{Outcome, PostRequest};

use super::Bank;
use crate::error::BankError;
use crate::posting::{self, AT_ONCE_MAX, Additions};

impl Bank {
    /// Posts one transfer: a [`Transfer`](bank_domain::Transfer), or a [`PostRequest`] that adds conditions.
    ///
    /// # Errors
    ///
    /// As for [`Bank::post_batch`].
    pub fn post(&self, request: impl Into<PostRequest>) -> Result<Outcome, BankError> {
        let outcomes = self.post_shared(&[request.into()].into())?;
        outcomes
            .into_iter()
            .next()
            .ok_or_else(|| BankError::InvariantViolation { detail: "a transfer has no outcome".to_owned() })
    }

    /// Posts transfers in order, in one database transaction, and returns their outcomes in that order. What a rule
    /// refuses does not stop the others.
    ///
    /// All that are posted have one time: to whoever looks back ([`Bank::balance_at`], [`Period`](crate::Period)), a
    /// batch has happened or has not.
    ///
    /// When the answer to COMMIT is lost, the same transfers are submitted again in a fresh transaction: their ids make
    /// that harmless, and it alone can tell what became of the first attempt.
    ///
    /// # Errors
    ///
    /// [`BankError::RetriesExhausted`]: nothing was posted. [`BankError::OutcomeUnknown`]: all or nothing was posted; post the
    /// same transfers again to learn which. Any other error: nothing was posted.
    pub fn post_batch<'a, R>(&self, requests: &'a [R]) -> Result<Vec<Outcome>, BankError>
    where
        PostRequest: From<&'a R>,
    {
        self.post_shared(&requests.iter().map(PostRequest::from).collect())
    }

    /// Does what [`Self::post_batch`] does, without copying the transfers.
    pub(crate) fn post_shared(&self, requests: &Arc<[PostRequest]>) -> Result<Vec<Outcome>, BankError> {
        let straggler = Straggler::default();
        let at_once = self.posts_at_once(requests);
        let outcomes = self.database.retry("posting", || {
            let began = Instant::now();
            let result = self.attempt_to_post(requests);
            if at_once { straggler.judge(began, result) } else { result }
        });
        outcomes.map_err(|error| match error.into() {
            BankError::OutcomeUnknown { operation, source, .. } => BankError::OutcomeUnknown {
                operation,
                ids: requests.iter().map(|request| request.transfer.id).collect(),
                source,
            },
            other => other,
        })
    }

    fn attempt_to_post(&self, requests: &Arc<[PostRequest]>) -> Result<Vec<Outcome>, AttemptError<BankError>> {
        let (settings, requests) = (Arc::clone(self.database.settings()), Arc::clone(requests));
        if self.posts_at_once(&requests) {
            let clock = Arc::clone(&self.clock);
            return self.database.attempt_to_write(move |gate, connection| {
                // Before the gate: a server that is slow to answer this must not be sent what nobody waits for.
                let deadline = transaction::query(connection, |connection| posting::deadline(connection, &clock))?;
                let at_once = transaction::autocommit(gate, connection, |connection| {
                    posting::post_at_once(connection, &clock, deadline, &requests[0]).map_err(at_once_failure)
                })?;
                at_once.map_or_else(
                    || post_step_by_step(gate, connection, &settings, &requests),
                    |outcome| Ok(vec![outcome]),
                )
            });
        }
        let Some(additions) = self.posts_in_one_pass(&requests) else {
            return self
                .database
                .attempt_to_write(move |gate, connection| post_step_by_step(gate, connection, &settings, &requests));
        };
        let confidence = Arc::clone(&self.confidence);
        self.database.attempt_to_write(move |gate, connection| {
            if let Some(outcomes) = post_in_one_pass(gate, connection, &settings, &requests, &additions)? {
                return Ok(outcomes);
            }
            confidence.lose();
            post_step_by_step(gate, connection, &settings, &requests)
        })
    }

    /// Returns whether this is a single transfer that may be one statement without BEGIN and COMMIT, a third of the round
    /// trips.
    ///
    /// The lock timeout must then hold for the session, so the session must be ours alone; and the isolation level is
    /// the session's, so none may be asked for.
    fn posts_at_once(&self, requests: &[PostRequest]) -> bool {
        let settings = self.database.settings();
        self.capabilities().speculative
            && settings.session == Session::Dedicated
            && settings.isolation == Isolation::ReadCommitted
            && matches!(requests, [request] if request.expected_version.is_none())
    }

    fn posts_in_one_pass(&self, requests: &[PostRequest]) -> Option<Additions> {
        let is_worth_it = self.capabilities().speculative && requests.len() > 1 && self.confidence.is_there();
        if is_worth_it { Additions::of(requests) } else { None }
    }
}

fn post_step_by_step(
    gate: &CommitGate,
    connection: &mut DbConnection,
    settings: &Settings,
    requests: &[PostRequest],
) -> Result<Vec<Outcome>, AttemptError<BankError>> {
    let commit = |connection: &mut DbConnection| posting::post(connection, requests).map(Decision::Commit);
    transaction::write(gate, connection, settings, commit).map(Decision::committed)
}

/// Rows are not locked in order here, so two of these can wait for each other; the short wait ends that long before the
/// server looks for deadlocks.
fn post_in_one_pass(
    gate: &CommitGate,
    connection: &mut DbConnection,
    settings: &Settings,
    requests: &[PostRequest],
    additions: &Additions,
) -> Result<Option<Vec<Outcome>>, AttemptError<BankError>> {
    const LOCK_TIMEOUT_MAX: Duration = Duration::from_millis(10);
    // Zero means for ever.
    let is_bounded = !settings.lock_timeout.is_zero();
    let lock_timeout = if is_bounded { settings.lock_timeout.min(LOCK_TIMEOUT_MAX) } else { LOCK_TIMEOUT_MAX };
    let settings = Settings { lock_timeout, ..settings.clone() };
    let ended = transaction::write(gate, connection, &settings, |connection| {
        let outcomes = posting::post_in_one_pass(connection, requests, additions)?;
        Ok::<_, BankError>(outcomes.map_or(Decision::RollBack(()), Decision::Commit))
    })?;
    match ended {
        Decision::Commit(outcomes) => Ok(Some(outcomes)),
        Decision::RollBack(()) => Ok(None),
    }
}

fn at_once_failure(error: BankError) -> AttemptError<BankError> {
    let commit_unknown = match &error {
        BankError::Database(DbError::Statement(error)) => may_be_committed(error),
        BankError::ConcurrentPosting => false,
        // What is wrong was found in the answer, when the statement was committed already.
        _ => true,
    };
    AttemptError { error, commit_unknown }
}

/// What a transfer that is posted at once may leave behind: a statement that has got no answer, and perhaps not to the
/// server either. A COMMIT is sent while its accounts are locked, so whoever posts the transfer again waits for it, and
/// learns the truth; such a statement holds no locks until it begins. It can make untrue that the transfer was refused.
#[derive(Debug, Default)]
struct Straggler {
    /// When it can no longer begin.
    until: Cell<Option<Instant>>,
}

impl Straggler {
    /// Takes no refusal for an outcome that came while there was a straggler; waits until there is none, and has it tried
    /// again. That it was posted, now or before, is the outcome: the straggler finds the transfer in the journal.
    fn judge(
        &self,
        began: Instant,
        result: Result<Vec<Outcome>, AttemptError<BankError>>,
    ) -> Result<Vec<Outcome>, AttemptError<BankError>> {
        match &result {
            Err(failure) if failure.commit_unknown => self.until.set(Some(Instant::now() + AT_ONCE_MAX)),
            Ok(outcomes) if outcomes.iter().any(|outcome| matches!(outcome, Outcome::Rejected(_))) => {
                if let Some(until) = self.until.get().filter(|until| began < *until) {
                    thread::sleep(until.saturating_duration_since(Instant::now()));
                    return Err(BankError::ConcurrentPosting.into());
                }
            }
            Ok(_) | Err(_) => {}
        }
        result
    }
}
