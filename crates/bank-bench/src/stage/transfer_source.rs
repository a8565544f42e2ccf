//! The transfers that are posted: drawn by bank-workload, between accounts that are numbered from 1.

use bank_domain::{AccountId, Transfer, TransferId};
use bank_persistence::new_transfer_id;
use bank_workload::{Distribution, Draw, HotAccounts};

use crate::measure::Spread;

/// What every account is opened with: so much that nothing is ever rejected.
pub(crate) const OPENING_BALANCE: i64 = 1_000_000_000;

/// Draws valid transfers between the accounts from 1 to a number.
pub(crate) struct TransferSource(Draw);

impl TransferSource {
    /// Returns a source of transfers, another one each time.
    pub(crate) fn new(accounts: u32, spread: Spread) -> Self {
        let hot = match spread {
            Spread::Uniform => None,
            Spread::Hot => Some(HotAccounts { accounts: 1, percent: 100 }),
        };
        Self(Draw::new(accounts, Distribution::Uniform, fastrand::u64(..), 0).with_hot_accounts(hot))
    }

    /// Returns a transfer with a fresh id that grows with time.
    pub(crate) fn transfer(&mut self) -> Transfer {
        self.0.transfer(new_transfer_id(), account_id)
    }

    /// Returns a transfer with an id that is the neighbour of the one before, as derived ids are.
    pub(crate) fn transfer_of_line(&mut self, file: u128, line: u32) -> Transfer {
        const LINE_BITS: u32 = 42;
        let bytes = ((file << LINE_BITS) | u128::from(line)).to_be_bytes();
        let id = uuid::Builder::from_custom_bytes(bytes).into_uuid();
        self.0.transfer(TransferId::from_uuid(id), account_id)
    }

    /// Returns this number of transfers, with ids that grow.
    pub(crate) fn transfers(&mut self, count: u32) -> Vec<Transfer> {
        (0..count).map(|_| self.transfer()).collect()
    }
}

fn account_id(index: usize) -> AccountId {
    AccountId::new(i64::try_from(index).unwrap_or(i64::MAX).saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(mut source: TransferSource) -> Vec<(i64, i64)> {
        let pair = |transfer: &Transfer| (transfer.from.get(), transfer.to.get());
        let mut pairs: Vec<(i64, i64)> = source.transfers(1000).iter().map(pair).collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }

    #[test]
    fn every_pair_of_accounts_is_drawn_and_no_other() {
        let pairs = pairs(TransferSource::new(3, Spread::Uniform));
        assert_eq!(pairs, [(1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2)]);
    }

    #[test]
    fn the_hot_account_takes_part_in_every_transfer() {
        let pairs = pairs(TransferSource::new(4, Spread::Hot));
        assert_eq!(pairs, [(1, 2), (1, 3), (1, 4), (2, 1), (3, 1), (4, 1)]);
    }
}
