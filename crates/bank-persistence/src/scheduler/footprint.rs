//! What transfers that are on their way have to themselves: the one rule of which others may be posted beside them.

use std::collections::HashSet;

use bank_domain::{AccountId, Transfer, TransferId};

/// The accounts and ids of some transfers. Whatever has none of these in common with them does not see their effects, nor
/// they its, so it is all the same which is posted first.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    accounts: HashSet<AccountId>,
    ids: HashSet<TransferId>,
}

impl Claims {
    /// Returns the claims of these transfers.
    pub(crate) fn of<'a>(transfers: impl IntoIterator<Item = &'a Transfer>) -> Self {
        let mut claims = Self::default();
        transfers.into_iter().for_each(|transfer| claims.add(transfer));
        claims
    }

    /// Adds those of a further transfer.
    pub(crate) fn add(&mut self, transfer: &Transfer) {
        self.accounts.extend([transfer.from, transfer.to]);
        self.ids.insert(transfer.id);
    }

    /// Returns whether the transfer has to wait for these.
    pub(crate) fn concern(&self, transfer: &Transfer) -> bool {
        self.accounts.contains(&transfer.from)
            || self.accounts.contains(&transfer.to)
            || self.ids.contains(&transfer.id)
    }

    /// Counts the accounts.
    pub(crate) fn account_count(&self) -> usize {
        self.accounts.len()
    }
}
