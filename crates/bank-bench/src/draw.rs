//! Drawing transfers.

use bank_domain::{AccountId, Amount, Transfer, TransferId};
use bank_persistence::new_transfer_id;

use crate::failure::Failure;
use crate::measure::Spread;

/// What every account is opened with: so much that nothing is ever rejected.
pub(crate) const OPENING_BALANCE: i64 = 1_000_000_000;

/// The largest amount of a transfer.
const AMOUNT_MAX: i64 = 100;

/// The account that takes part in every transfer, if one does.
const HOT: i64 = 1;

/// Draws valid transfers between the accounts from 1 to a number.
pub(crate) struct Draw {
    random: fastrand::Rng,
    accounts: i64,
    spread: Spread,
}

impl Draw {
    /// Returns a source of transfers, another one each time.
    pub(crate) fn new(accounts: u32, spread: Spread) -> Self {
        Self { random: fastrand::Rng::new(), accounts: accounts.into(), spread }
    }

    /// Returns a transfer with a fresh id that grows with time.
    pub(crate) fn transfer(&mut self) -> Result<Transfer, Failure> {
        self.transfer_with(new_transfer_id())
    }

    /// Returns a transfer with an id that is in no order, as derived ids are.
    pub(crate) fn transfer_of_random_id(&mut self) -> Result<Transfer, Failure> {
        let id = uuid::Builder::from_random_bytes(self.random.u128(..).to_be_bytes()).into_uuid();
        self.transfer_with(TransferId::from_uuid(id))
    }

    /// Returns this number of transfers with ids that grow.
    pub(crate) fn transfers(&mut self, count: u32) -> Result<Vec<Transfer>, Failure> {
        (0..count).map(|_| self.transfer()).collect()
    }

    fn transfer_with(&mut self, id: TransferId) -> Result<Transfer, Failure> {
        let (from, to) = self.accounts();
        let amount = Amount::new(self.random.i64(1..=AMOUNT_MAX))?;
        Ok(Transfer::new(id, AccountId::new(from), AccountId::new(to), amount))
    }

    fn accounts(&mut self) -> (i64, i64) {
        let one = match self.spread {
            Spread::Uniform => self.random.i64(1..=self.accounts),
            Spread::Hot => HOT,
        };
        // Evenly one of the others: those from the first account on move up by one.
        let other = self.random.i64(1..self.accounts);
        let other = if other >= one { other.saturating_add(1) } else { other };
        if self.random.bool() { (one, other) } else { (other, one) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_accounts_is_drawn_and_no_other() {
        let mut draw = Draw::new(3, Spread::Uniform);
        let mut pairs: Vec<(i64, i64)> = (0..1000).map(|_| draw.accounts()).collect();
        pairs.sort_unstable();
        pairs.dedup();
        assert_eq!(pairs, [(1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2)]);
    }

    #[test]
    fn the_hot_account_takes_part_in_every_transfer() {
        let mut draw = Draw::new(4, Spread::Hot);
        let mut pairs: Vec<(i64, i64)> = (0..1000).map(|_| draw.accounts()).collect();
        pairs.sort_unstable();
        pairs.dedup();
        assert_eq!(pairs, [(1, 2), (1, 3), (1, 4), (2, 1), (3, 1), (4, 1)]);
    }
}
