//! A cache of account names, with what never changes about their accounts.
//!
//! A name leads to the same account for ever, even after the account was renamed, and an account keeps its currency. So the
//! cache never goes stale, and a transfer needs no query for its names. Balances and statuses change, so they are never cached.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use bank_domain::{Account, AccountId, AccountName, Currency};

/// The largest number of names, so that memory is limited to some 100 MB. When it is reached, the cache is cleared.
const NAMES_MAX: usize = 1_000_000;

/// What never changes about an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownAccount {
    /// The id.
    pub id: AccountId,
    /// The currency of its amounts.
    pub currency: Currency,
}

impl From<&Account> for KnownAccount {
    fn from(account: &Account) -> Self {
        Self { id: account.id, currency: account.currency }
    }
}

/// The accounts that were looked up before.
#[derive(Debug, Default)]
pub struct KnownAccounts(RwLock<HashMap<AccountName, KnownAccount>>);

impl KnownAccounts {
    /// Returns the account if it is cached; if not, ask the database.
    pub fn get(&self, name: &AccountName) -> Option<KnownAccount> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }

    /// Caches a name of an account.
    pub fn remember(&self, name: &AccountName, account: KnownAccount) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= NAMES_MAX {
            known.clear();
        }
        known.insert(name.clone(), account);
    }
}
