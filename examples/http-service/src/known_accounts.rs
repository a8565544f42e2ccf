//! A cache of account names and their ids.
//!
//! A name leads to the same account for ever, even after the account was renamed. So the cache never goes stale, and a
//! transfer needs no query for its names.
//! Balances change, so they are never cached.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use bank_domain::{AccountId, AccountName};

/// The largest number of names, so that memory is limited to some 100 MB. When it is reached, the cache is cleared.
const NAMES_MAX: usize = 1_000_000;

/// The ids of the accounts that were looked up before.
#[derive(Debug, Default)]
pub struct KnownAccounts(RwLock<HashMap<AccountName, AccountId>>);

impl KnownAccounts {
    /// Returns the account's id if it is cached; if not, ask the database.
    pub fn get(&self, name: &AccountName) -> Option<AccountId> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }

    /// Caches a name of an account.
    pub fn remember(&self, name: &AccountName, id: AccountId) {
        let mut ids = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if ids.len() >= NAMES_MAX {
            ids.clear();
        }
        ids.insert(name.clone(), id);
    }
}
