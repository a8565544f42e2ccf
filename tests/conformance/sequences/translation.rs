//! The way from the steps of a sequence to the ids, names and accounts of one ledger.

use bank_domain::{
    Account, AccountChange, AccountId, AccountName, AccountVersion, Amount, CurrencyCode, Group, OverdraftLimit,
    PostRequest, Transfer, TransferId,
};
use bank_persistence::{Bank, new_transfer_id};
use bank_tests::fixtures::new_account_with_limit;

use super::step::{CURRENCIES, Change, Key, Opening, PAYMENTS, Payment};

/// Accounts of a ledger, as they were opened, with ids and names of their own.
pub(super) struct Translation {
    pub(super) accounts: Vec<Account>,
    prefix: String,
    ids: Vec<TransferId>,
}

impl Translation {
    /// Opens accounts whose names begin with `prefix`.
    pub(super) fn open(bank: &Bank, prefix: String, openings: &[Opening]) -> Self {
        let open = |(number, opening): (usize, &Opening)| {
            let new = new_account_with_limit(&format!("{prefix} at first {number}"), opening.balance, opening.limit);
            let currency = CurrencyCode::new(CURRENCIES[opening.currency]).unwrap();
            bank.open_account(&new.with_currency(Some(currency))).unwrap()
        };
        let accounts = openings.iter().enumerate().map(open).collect();
        Self { accounts, prefix, ids: (0..PAYMENTS).map(|_| new_transfer_id()).collect() }
    }

    pub(super) fn id(&self, (number, reversed): Key) -> TransferId {
        (0..reversed).fold(self.ids[number], |id, _| id.of_reversal())
    }

    /// Returns the id of an account, or one that no account has.
    fn account(&self, number: usize) -> AccountId {
        let missing = || AccountId::new(i64::MAX - i64::try_from(number).unwrap());
        self.accounts.get(number).map_or_else(missing, |account| account.id)
    }

    pub(super) fn request(&self, payment: &Payment) -> PostRequest {
        let (from, to) = (self.account(payment.from), self.account(payment.to));
        let transfer = Transfer::new(self.id(payment.key), from, to, Amount::new(payment.amount).unwrap());
        PostRequest { transfer, expected_version: payment.expected_version.map(AccountVersion::new) }
    }

    /// Returns payments, a group and payments.
    pub(super) fn batch(&self, before: &[Payment], group: &[Payment], after: &[Payment]) -> Vec<PostRequest> {
        let group = Group::new(group.iter().map(|payment| self.request(payment))).unwrap();
        let alone = |payments: &[Payment]| payments.iter().map(|payment| self.request(payment)).collect::<Vec<_>>();
        [alone(before), group.into_iter().collect(), alone(after)].concat()
    }

    /// Returns one of the names that accounts are renamed to.
    pub(super) fn name(&self, number: usize) -> AccountName {
        AccountName::new(format!("{} {number}", self.prefix)).unwrap()
    }

    pub(super) fn change(&self, change: &Change) -> AccountChange {
        match change {
            Change::Freeze => AccountChange::Freeze,
            Change::Unfreeze => AccountChange::Unfreeze,
            Change::Close => AccountChange::Close,
            Change::Limit(limit) => AccountChange::Limit(OverdraftLimit::new(*limit).unwrap()),
            Change::Rename(number) => AccountChange::Rename(self.name(*number)),
        }
    }
}
