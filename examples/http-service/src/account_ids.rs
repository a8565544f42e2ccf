//! Account names and their ids, remembered.
//!
//! Accounts are neither renamed nor deleted, so what was true once stays true, and a transfer needs no query for its
//! names. Balances are another matter: they are never remembered.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use bank_domain::{Account, AccountId, AccountName};

/// How many names are kept, so that the memory is bounded: some 100 MB at most. Beyond it all are forgotten at once.
const NAMES_MAX: usize = 1_000_000;

/// The ids of the accounts that were looked up before.
#[derive(Debug, Default)]
pub struct AccountIds(RwLock<HashMap<AccountName, AccountId>>);

impl AccountIds {
    /// Returns the account's id, if it is known here; if not, ask the database.
    pub fn get(&self, name: &AccountName) -> Option<AccountId> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }

    /// Remembers an account.
    pub fn remember(&self, account: &Account) {
        let mut ids = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if ids.len() >= NAMES_MAX {
            ids.clear();
        }
        ids.insert(account.name.clone(), account.id);
    }
}
