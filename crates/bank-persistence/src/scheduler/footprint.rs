//! The accounts and ids that in-flight transfers touch: decides which others may run alongside.

use std::collections::HashSet;

use bank_domain::{AccountId, Transfer, TransferId};

/// The accounts and ids of some transfers. A transfer that shares none of them does not see their effects, nor they its, so
/// the order in which they commit does not matter.
#[derive(Debug, Default)]
pub(super) struct Footprint {
    accounts: HashSet<AccountId>,
    ids: HashSet<TransferId>,
}

impl Footprint {
    /// Adds a transfer.
    pub(super) fn add(&mut self, transfer: &Transfer) {
        self.accounts.extend([transfer.from, transfer.to]);
        self.ids.insert(transfer.id);
    }

    /// Returns whether the transfer has to wait for these.
    pub(super) fn conflicts_with(&self, transfer: &Transfer) -> bool {
        self.accounts.contains(&transfer.from)
            || self.accounts.contains(&transfer.to)
            || self.ids.contains(&transfer.id)
    }

    /// Counts the accounts.
    pub(super) fn account_count(&self) -> usize {
        self.accounts.len()
    }
}

impl<'a> FromIterator<&'a Transfer> for Footprint {
    fn from_iter<I: IntoIterator<Item = &'a Transfer>>(transfers: I) -> Self {
        let mut footprint = Self::default();
        transfers.into_iter().for_each(|transfer| footprint.add(transfer));
        footprint
    }
}
