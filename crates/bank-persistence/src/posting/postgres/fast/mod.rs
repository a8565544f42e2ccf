//! Speculation: posting in fewer round trips than the locked path, by writing first and checking afterwards.
//!
//! Fast paths add no rules. The server writes what would be right if nothing stood in the way of the transfers; then the
//! domain decides from the states that the server has read, and must arrive at exactly what was written. A transaction that
//! disagrees is rolled back; an autocommit statement that disagrees, which takes a foreign trigger, is reported as an unknown
//! outcome. Everything else is left to the locked path. [`FastAttempts::try_fast`] is the only door.

mod breaker;
mod clock;
mod in_flight;
mod net_change;
mod single;

use std::sync::Arc;
use std::time::Duration;

use bank_db::retry::may_be_committed;
use bank_db::{
    AttemptError, Capabilities, CommitGate, DbConnection, DbError, Decision, Isolation, Session, Settings, transaction,
};
use bank_domain::{Outcome, PostRequest};

use crate::error::BankError;
use crate::keys::KeyCheck;
use breaker::CircuitBreaker;
use clock::ServerClock;
use in_flight::InFlightStatement;
use net_change::NetChanges;

pub use in_flight::IN_FLIGHT_MAX;

/// What the submissions of a bank share.
#[derive(Debug, Default)]
pub(crate) struct FastState {
    breaker: CircuitBreaker,
    clock: ServerClock,
}

/// The speculative attempts of one submission. It is kept over the submission's retries, because a statement can outlive the
/// attempt that sent it.
#[derive(Debug)]
pub(crate) struct FastAttempts {
    state: Arc<FastState>,
    keys: Arc<KeyCheck>,
    settings: Arc<Settings>,
    path: Path,
    in_flight: InFlightStatement,
}

/// The fast path that a submission can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Path {
    /// None.
    None,
    /// A single transfer as one statement that is a transaction by itself: a third of the round trips. The session's
    /// isolation level and lock timeout hold for it, so the session must be kept, and no other level asked for.
    Autocommit,
    /// A single transfer as one statement between BEGIN and COMMIT.
    Single,
    /// A batch whose net change is added to its accounts by one UPDATE.
    NetChange,
}

impl FastAttempts {
    pub(crate) fn new(
        state: &Arc<FastState>,
        keys: &Arc<KeyCheck>,
        capabilities: Capabilities,
        settings: &Arc<Settings>,
        requests: &[PostRequest],
    ) -> Self {
        let is_kept = settings.session == Session::Dedicated && settings.isolation == Isolation::ReadCommitted;
        let path = match requests {
            _ if !capabilities.speculative => Path::None,
            [] => Path::None,
            [request] if !single::can_post(request) => Path::None,
            [_] if is_kept => Path::Autocommit,
            [_] => Path::Single,
            _ => Path::NetChange,
        };
        let (state, keys, settings) = (Arc::clone(state), Arc::clone(keys), Arc::clone(settings));
        Self { state, keys, settings, path, in_flight: InFlightStatement::default() }
    }

    /// Posts the transfers on a fast path, in a transaction of its own, if nothing stands in their way. Returns `None` if the
    /// locked path must post them; nothing has happened then.
    ///
    /// # Errors
    ///
    /// Returns an error if the database fails, with `commit_unknown` if the transfers may have been posted all the same, and
    /// [`BankError::StatementInFlight`] while an earlier statement of this submission might still arrive and post.
    pub(crate) fn try_fast(
        &self,
        gate: &CommitGate,
        connection: &mut DbConnection,
        requests: &[PostRequest],
    ) -> Result<Option<Vec<Outcome>>, AttemptError<BankError>> {
        match (self.path, requests) {
            (Path::Autocommit, [request]) => self.autocommit(gate, connection, request),
            (Path::Single, [_]) => self.single(gate, connection, requests),
            (Path::NetChange, _) => self.net_change(gate, connection, requests),
            _ => Ok(None),
        }
    }

    fn autocommit(
        &self,
        gate: &CommitGate,
        connection: &mut DbConnection,
        request: &PostRequest,
    ) -> Result<Option<Vec<Outcome>>, AttemptError<BankError>> {
        // Before the gate: a server that is slow to answer this must not be sent what nobody waits for.
        let deadline = transaction::query(connection, |connection| self.state.clock.deadline(connection))?;
        let attempt = self.in_flight.begin();
        let outcome = transaction::autocommit(gate, connection, |connection| {
            single::post(connection, &self.state.clock, deadline, request).map_err(autocommit_failure)
        });
        if outcome.as_ref().map_or_else(|failure| !failure.commit_unknown, |_| true) {
            self.in_flight.answered(attempt);
        }
        if let Some(outcome) = outcome? {
            return Ok(Some(vec![outcome]));
        }
        match self.in_flight.wait_left() {
            // What was posted is found by the locked path, too.
            Some(wait) if !transaction::query(connection, |connection| single::is_posted(connection, request))? => {
                Err(BankError::StatementInFlight { wait }.into())
            }
            _ => Ok(None),
        }
    }

    /// A transfer that the statement does not post goes the locked path in the same transaction: its accounts are locked.
    fn single(
        &self,
        gate: &CommitGate,
        connection: &mut DbConnection,
        requests: &[PostRequest],
    ) -> Result<Option<Vec<Outcome>>, AttemptError<BankError>> {
        let ended = transaction::write(gate, connection, &self.settings, |connection| {
            let outcomes = single::post_in_transaction(connection, requests)?;
            Ok::<_, BankError>(outcomes.map_or(Decision::RollBack(()), Decision::Commit))
        })?;
        Ok(match ended {
            Decision::Commit(outcomes) => Some(outcomes),
            Decision::RollBack(()) => None,
        })
    }

    /// Rows are not locked in order here, so two of these can wait for each other; the short wait ends that long before the
    /// server looks for deadlocks.
    fn net_change(
        &self,
        gate: &CommitGate,
        connection: &mut DbConnection,
        requests: &[PostRequest],
    ) -> Result<Option<Vec<Outcome>>, AttemptError<BankError>> {
        const LOCK_TIMEOUT_MAX: Duration = Duration::from_millis(10);
        if !self.state.breaker.try_acquire() {
            return Ok(None);
        }
        let Some(changes) = NetChanges::new(requests) else {
            return Ok(None);
        };
        // Zero means no limit.
        let is_bounded = !self.settings.lock_timeout.is_zero();
        let lock_timeout = if is_bounded { self.settings.lock_timeout.min(LOCK_TIMEOUT_MAX) } else { LOCK_TIMEOUT_MAX };
        let settings = Settings { lock_timeout, ..Settings::clone(&self.settings) };
        let ended = transaction::write(gate, connection, &settings, |connection| {
            let Some(outcomes) = net_change::post(connection, requests, &changes)? else {
                return Ok(Decision::RollBack(()));
            };
            self.keys.within(connection, &outcomes)?;
            Ok::<_, BankError>(Decision::Commit(outcomes))
        })?;
        match ended {
            Decision::Commit(outcomes) => Ok(Some(outcomes)),
            Decision::RollBack(()) => {
                self.state.breaker.trip();
                Ok(None)
            }
        }
    }
}

/// What is wrong with an autocommit statement: whether it may have been committed all the same.
fn autocommit_failure(error: BankError) -> AttemptError<BankError> {
    let commit_unknown = match &error {
        BankError::Database(DbError::Statement(error)) => may_be_committed(error),
        BankError::ConcurrentPosting => false,
        // What is wrong was found in the answer, when the statement was committed already.
        _ => true,
    };
    AttemptError { error, commit_unknown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_met_another_posting_of_its_id_has_not_been_committed() {
        assert!(!autocommit_failure(BankError::ConcurrentPosting).commit_unknown);
        let contradiction = BankError::InvariantViolation { detail: String::new() };
        assert!(autocommit_failure(contradiction).commit_unknown);
    }
}
