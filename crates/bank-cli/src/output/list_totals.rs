//! What the accounts of a list hold together, per currency.

use std::collections::BTreeMap;

use bank_domain::{Account, Currency, CurrencyCode};

/// The sum of the balances of the accounts that were listed, for each currency.
#[derive(Debug, Default)]
pub(crate) struct ListTotals {
    of: BTreeMap<CurrencyCode, (Currency, i128)>,
}

impl ListTotals {
    /// Adds an account.
    pub(crate) fn add(&mut self, account: &Account) {
        let (_, sum) = self.of.entry(account.currency.code).or_insert((account.currency, 0));
        // No 2⁶⁴ accounts fit a list.
        *sum += i128::from(account.balance.get());
    }

    /// Returns whether no account was added.
    pub(crate) fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// Returns a row for each currency, with the cells of a table of accounts.
    pub(crate) fn footer(&self) -> Vec<Vec<String>> {
        let row = |(currency, sum): &(Currency, i128)| {
            let total = if self.of.len() == 1 { "total".to_owned() } else { format!("total {}", currency.code) };
            vec![String::new(), total, String::new(), String::new(), currency.text(*sum)]
        };
        self.of.values().map(row).collect()
    }
}
