//! Groups of transfers.

use bank_domain::{Group, GroupId, Memo, Outcome, Rejection, Reversal, Transfer};

use super::Bank;
use crate::error::BankError;
use crate::journal::{self, RecordedTransfer, ReversedGroup};

impl Bank {
    /// Posts the transfers of a group together or not at all, and returns their outcomes in their order. A group that was posted
    /// before is replayed as a whole.
    ///
    /// # Errors
    ///
    /// As for [`Bank::post_batch`].
    pub fn post_group(&self, group: &Group) -> Result<Vec<Outcome>, BankError> {
        self.post_batch(group.requests())
    }

    /// Returns the members of a group in an order in which they have taken effect: those of an account by its versions. None if
    /// the journal does not have the group.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn find_group(&self, id: GroupId) -> Result<Vec<RecordedTransfer>, BankError> {
        self.query("finding a group", move |connection| journal::find_group(connection, id))
    }

    /// Posts a group that moves back what the members of another have moved, the last first, at most once. Returns `None` if the
    /// journal does not have the group. A member that was reversed by itself before is an `id_conflict`.
    ///
    /// # Errors
    ///
    /// As for [`Bank::post_batch`].
    pub fn reverse_group(
        &self,
        id: GroupId,
        memo: Option<&Memo>,
        force: bool,
    ) -> Result<Option<ReversedGroup>, BankError> {
        let mut originals = self.find_group(id)?;
        if originals.is_empty() {
            return Ok(None);
        }
        originals.reverse();
        let reversal = |original: &RecordedTransfer| {
            let original = &original.posted.transfer;
            Reversal { original: original.id, memo: memo.cloned(), force }.of(original)
        };
        let reversals: Result<Vec<Transfer>, Rejection> = originals.iter().map(reversal).collect();
        let outcomes = match reversals {
            Ok(reversals) => {
                let group = Group::new(reversals)
                    .map_err(|reason| BankError::InvariantViolation { detail: format!("group {id}: {reason}") })?;
                self.post_group(&group)?
            }
            Err(reason) => originals.iter().map(|original| rejected_with(&reason, original)).collect(),
        };
        Ok(Some(ReversedGroup { originals, outcomes }))
    }
}

/// Returns the outcome of a member of a group that cannot be reversed for this reason, which one of the members has.
fn rejected_with(reason: &Rejection, original: &RecordedTransfer) -> Outcome {
    let own = original.posted.transfer.id;
    Outcome::Rejected(match reason {
        Rejection::ReversalOfReversal { id, .. } if *id != own => Rejection::GroupRejected { member: *id },
        reason => reason.clone(),
    })
}
