//! Posting transfers together or not at all.

use std::sync::Arc;

use bank_db::{DbConnection, Decision};
use bank_domain::{Outcome, PostRequest};

use super::Bank;
use super::posting::with_ids;
use crate::error::BankError;
use crate::posting;

/// What became of transfers that are posted together or not at all. The outcomes are in the order of the transfers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllOrNone {
    /// The transaction was committed: each transfer was posted now or earlier.
    Posted(Vec<Outcome>),
    /// The transaction was rolled back, because a transfer was rejected or the caller cancelled it. Nothing was recorded:
    /// `Posted` is what the transfer would have been.
    RolledBack(Vec<Outcome>),
}

impl Bank {
    /// Posts transfers in order, in one database transaction, and rolls it back if any of them is rejected. A transfer that
    /// was posted earlier is replayed, which stops nothing.
    ///
    /// # Errors
    ///
    /// As for [`Bank::post_batch`].
    pub fn post_all_or_none<'a, R>(&self, requests: &'a [R]) -> Result<AllOrNone, BankError>
    where
        PostRequest: From<&'a R>,
    {
        self.post_all_or_none_unless(requests, |_| Ok(false))
    }

    /// Does what [`Bank::post_all_or_none`] does, and also rolls back if `is_cancelled` says so just before COMMIT. It is
    /// asked in the transaction if all transfers are in effect there, as often as the transaction is tried, and may write.
    ///
    /// # Errors
    ///
    /// As for [`Bank::post_batch`].
    pub fn post_all_or_none_unless<'a, R>(
        &self,
        requests: &'a [R],
        is_cancelled: impl Fn(&mut DbConnection) -> Result<bool, BankError> + Send + Sync + 'static,
    ) -> Result<AllOrNone, BankError>
    where
        PostRequest: From<&'a R>,
    {
        let requests: Arc<[PostRequest]> = requests.iter().map(PostRequest::from).collect();
        let keys = Arc::clone(&self.keys);
        self.query("looking at the journal's keys", {
            let (keys, transfers) = (Arc::clone(&keys), requests.len());
            move |connection| keys.before(connection, transfers)
        })?;
        let decided = self.write_or_roll_back("posting", {
            let requests = Arc::clone(&requests);
            move |connection| {
                let outcomes = posting::post(connection, &requests)?;
                keys.within(connection, &outcomes)?;
                let is_rejected = outcomes.iter().any(|outcome| matches!(outcome, Outcome::Rejected(_)));
                let must_roll_back = is_rejected || is_cancelled(connection)?;
                Ok(if must_roll_back { Decision::RollBack(outcomes) } else { Decision::Commit(outcomes) })
            }
        });
        match decided.map_err(|error| with_ids(error, &requests))? {
            Decision::Commit(outcomes) => Ok(AllOrNone::Posted(outcomes)),
            Decision::RollBack(outcomes) => Ok(AllOrNone::RolledBack(outcomes)),
        }
    }
}
