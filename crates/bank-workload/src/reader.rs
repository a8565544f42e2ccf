//! Readers that sum all balances in one snapshot while money moves, and look for the four errors of Jepsen's bank test:
//! a wrong total, a balance below its limit, an unexpected account, a missing balance.

use std::time::{Duration, Instant};

use bank_persistence::{Bank, CurrencyTotals, Totals};

use crate::control::Control;
use crate::meter::Meter;

/// What every read must show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    /// What the accounts totalled at the beginning, if only the workload has accounts there.
    pub(crate) whole: Option<Totals>,
}

impl Expected {
    /// Returns what is wrong with the totals, in words.
    pub(crate) fn violations(&self, totals: &Totals) -> Vec<String> {
        let mut found: Vec<String> = totals.currencies.iter().filter_map(|of| self.wrong_total(of)).collect();
        if totals.below_limit > 0 {
            found.push(format!("negative value: {} balances are below their limits", totals.below_limit));
        }
        if let Some(Totals { accounts, .. }) = self.whole.as_ref().filter(|whole| whole.accounts != totals.accounts) {
            found.push(format!("unexpected account: there are {} accounts instead of {accounts}", totals.accounts));
        }
        if totals.without_balance > 0 {
            found.push(format!("nil balance: {} accounts have no balance", totals.without_balance));
        }
        found
    }

    fn wrong_total(&self, of: &CurrencyTotals) -> Option<String> {
        let is_same = |at_first: &&CurrencyTotals| at_first.currency == of.currency;
        let total = match &self.whole {
            Some(whole) => whole.currencies.iter().find(is_same).map_or(0, |at_first| at_first.opening_balance),
            None => of.opening_balance,
        };
        let (balance, expected) = (of.currency.text(of.balance), of.currency.text(total));
        (of.balance != total).then(|| format!("wrong total: the balances total {balance} instead of {expected}"))
    }
}

/// Reads until the run is stopped. After each read it rests for as long as the read took, so that it sees many moments
/// without keeping a core busy. While the server is away, it keeps trying.
pub(crate) fn read(bank: &Bank, expected: &Expected, meter: &Meter, control: &Control) {
    const REST_MIN: Duration = Duration::from_millis(20);
    while !control.is_stopped() {
        let began = Instant::now();
        if let Ok(totals) = bank.totals() {
            meter.read();
            for violation in expected.violations(&totals) {
                control.violation(format!("a reader saw a {violation}"));
            }
        }
        control.wait_until(Instant::now() + began.elapsed().max(REST_MIN));
    }
}

#[cfg(test)]
mod tests {
    use bank_domain::{Currency, CurrencyCode};

    use super::*;

    #[test]
    fn each_of_jepsens_errors_has_a_name() {
        let all = |opening_balance, balance| CurrencyTotals {
            currency: Currency::NONE,
            accounts: 3,
            opening_balance,
            balance,
        };
        let totals = |of: CurrencyTotals| Totals { accounts: 3, currencies: vec![of], ..Totals::default() };
        let good = totals(all(30, 30));
        let expected = Expected { whole: Some(good.clone()) };
        let first = |totals: Totals| expected.violations(&totals).first().cloned().unwrap_or_default();
        assert_eq!(first(good.clone()), "");
        assert_eq!(first(totals(all(30, 29))), "wrong total: the balances total 29 instead of 30");
        assert!(first(totals(all(29, 29))).starts_with("wrong total"));
        assert!(first(Totals { below_limit: 1, ..good.clone() }).starts_with("negative value"));
        assert!(first(Totals { accounts: 4, ..good.clone() }).starts_with("unexpected account"));
        assert!(first(Totals { without_balance: 1, ..good.clone() }).starts_with("nil balance"));
        let beside_others = Expected { whole: None };
        assert!(beside_others.violations(&Totals { accounts: 9, ..totals(all(29, 29)) }).is_empty());
        assert_eq!(beside_others.violations(&totals(all(30, 29))).len(), 1);
    }

    #[test]
    fn a_total_that_is_right_in_sum_only_is_wrong() {
        let euros = Currency::iso(CurrencyCode::new("EUR").unwrap()).unwrap();
        let of = |currency, balance| CurrencyTotals { currency, accounts: 2, opening_balance: 100, balance };
        let totals =
            Totals { accounts: 4, currencies: vec![of(euros, 101), of(Currency::NONE, 99)], ..Totals::default() };
        let violations = Expected { whole: None }.violations(&totals);
        assert_eq!(violations.len(), 2);
        assert_eq!(violations[0], "wrong total: the balances total 1.01 EUR instead of 1.00 EUR");
    }
}
