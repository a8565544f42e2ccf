//! Readers that sum all balances in one snapshot while money moves, and look for the four errors of Jepsen's bank test:
//! a wrong total, a balance below its limit, an unexpected account, a missing balance.

use std::time::{Duration, Instant};

use bank_persistence::{Bank, Totals};

use crate::control::Control;
use crate::meter::Meter;

/// What every read must show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    /// The number of accounts and their total, if only the workload has accounts there.
    pub(crate) whole: Option<(u64, i128)>,
}

impl Expected {
    /// Returns what is wrong with the totals, in words.
    pub(crate) fn violations(self, totals: &Totals) -> Vec<String> {
        let Totals { accounts, opening_balance, balance, below_limit, without_balance } = *totals;
        let mut found = Vec::new();
        let total = self.whole.map_or(opening_balance, |(_, total)| total);
        if balance != total {
            found.push(format!("wrong total: the balances total {balance} instead of {total}"));
        }
        if below_limit > 0 {
            found.push(format!("negative value: {below_limit} balances are below their limits"));
        }
        if let Some((expected, _)) = self.whole.filter(|(expected, _)| *expected != accounts) {
            found.push(format!("unexpected account: there are {accounts} accounts instead of {expected}"));
        }
        if without_balance > 0 {
            found.push(format!("nil balance: {without_balance} accounts have no balance"));
        }
        found
    }
}

/// Reads until the run is stopped. After each read it rests for as long as the read took, so that it sees many moments
/// without keeping a core busy. While the server is away, it keeps trying.
pub(crate) fn read(bank: &Bank, expected: Expected, meter: &Meter, control: &Control) {
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
    use super::*;

    #[test]
    fn each_of_jepsens_errors_has_a_name() {
        let good = Totals { accounts: 3, opening_balance: 30, balance: 30, below_limit: 0, without_balance: 0 };
        let expected = Expected { whole: Some((3, 30)) };
        let first = |totals: Totals| expected.violations(&totals).first().cloned().unwrap_or_default();
        assert_eq!(first(good), "");
        assert!(first(Totals { balance: 29, ..good }).starts_with("wrong total"));
        assert!(first(Totals { opening_balance: 29, balance: 29, ..good }).starts_with("wrong total"));
        assert!(first(Totals { below_limit: 1, ..good }).starts_with("negative value"));
        assert!(first(Totals { accounts: 4, ..good }).starts_with("unexpected account"));
        assert!(first(Totals { without_balance: 1, ..good }).starts_with("nil balance"));
        let beside_others = Expected { whole: None };
        assert!(beside_others.violations(&Totals { opening_balance: 29, balance: 29, accounts: 9, ..good }).is_empty());
        assert_eq!(beside_others.violations(&Totals { balance: 29, ..good }).len(), 1);
    }
}
