//! Posting.

use std::sync::Arc;

use bank_db::{AttemptError, CommitGate, DbConnection, Decision, Settings, transaction};
use bank_domain::{Outcome, PostRequest};

use super::Bank;
use crate::error::BankError;
use crate::keys::KeyCheck;
use crate::posting;
use crate::posting::postgres::fast::FastAttempts;

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

    /// Posts transfers in order, in one database transaction, and returns their outcomes in that order. A rejected transfer
    /// does not stop the others.
    ///
    /// All that are posted have the same time: a query of the past ([`Bank::balance_at`], [`Period`](crate::Period)) sees all
    /// of a batch or nothing of it.
    ///
    /// If the connection drops during a commit, the same transfers are submitted again in a fresh transaction: their ids make
    /// that harmless, and only it can tell what became of the first attempt.
    ///
    /// # Errors
    ///
    /// - [`BankError::RetriesExhausted`]: nothing was posted.
    /// - [`BankError::OutcomeUnknown`]: all or nothing was posted; post the same transfers again to learn which.
    /// - Any other error: nothing was posted.
    pub fn post_batch<'a, R>(&self, requests: &'a [R]) -> Result<Vec<Outcome>, BankError>
    where
        PostRequest: From<&'a R>,
    {
        self.post_shared(&requests.iter().map(PostRequest::from).collect())
    }

    /// Does what [`Self::post_batch`] does, without copying the requests.
    pub(crate) fn post_shared(&self, requests: &Arc<[PostRequest]>) -> Result<Vec<Outcome>, BankError> {
        let settings = self.database.settings();
        let capabilities = self.database.capabilities();
        let fast = Arc::new(FastAttempts::new(&self.fast, &self.keys, capabilities, settings, requests));
        let outcomes = self.database.retry("posting", || {
            let (fast, settings, requests) = (Arc::clone(&fast), Arc::clone(settings), Arc::clone(requests));
            let keys = Arc::clone(&self.keys);
            self.database.attempt_to_write(move |gate, connection| {
                keys.before(connection, requests.len())?;
                match fast.try_fast(gate, connection, &requests)? {
                    Some(outcomes) => Ok(outcomes),
                    None => post_locked(gate, connection, &settings, &keys, &requests),
                }
            })
        });
        outcomes.map_err(|error| with_ids(error.into(), requests))
    }
}

/// Returns the error with the ids of the transfers in question.
pub(super) fn with_ids(error: BankError, requests: &[PostRequest]) -> BankError {
    match error {
        BankError::OutcomeUnknown { operation, source, .. } => BankError::OutcomeUnknown {
            operation,
            ids: requests.iter().map(|request| request.transfer.id).collect(),
            source,
        },
        other => other,
    }
}

fn post_locked(
    gate: &CommitGate,
    connection: &mut DbConnection,
    settings: &Settings,
    keys: &KeyCheck,
    requests: &[PostRequest],
) -> Result<Vec<Outcome>, AttemptError<BankError>> {
    let post = |connection: &mut DbConnection| {
        let outcomes = posting::post(connection, requests)?;
        keys.within(connection, &outcomes)?;
        Ok(Decision::Commit(outcomes))
    };
    transaction::write(gate, connection, settings, post).map(Decision::committed)
}
