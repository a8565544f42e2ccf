//! A ledger in a database.

use bank_domain::{Account, Outcome, PostRequest, Reversal};
use bank_persistence::{Bank, ChangeOutcome};

use super::code;
use super::step::Step;
use super::translation::Translation;

/// A bank, and the accounts of a sequence in it.
#[derive(Clone, Copy)]
pub(super) struct Store<'a> {
    pub(super) bank: &'a Bank,
    pub(super) translation: &'a Translation,
}

impl Store<'_> {
    /// Takes a step and returns what becomes of it.
    pub(super) fn take(&self, step: &Step) -> Vec<&'static str> {
        match step {
            Step::Pay(payments) => {
                let requests: Vec<PostRequest> = payments.iter().map(|of| self.translation.request(of)).collect();
                self.post(requests).iter().map(code).collect()
            }
            Step::PayTogether { before, group, after } => {
                self.post(self.translation.batch(before, group, after)).iter().map(code).collect()
            }
            Step::Reverse { key, force } => {
                let reversal = Reversal { original: self.translation.id(*key), memo: None, force: *force };
                vec![self.bank.reverse(&reversal).unwrap().map_or("no transfer", |reversed| code(&reversed.outcome))]
            }
            Step::Change { account, change } => {
                // By the name that it was opened with, which leads to it for ever.
                let Some(account) = self.translation.accounts.get(*account) else { return vec!["no account"] };
                let change = self.translation.change(change);
                match self.bank.change_account(&account.name, change, None).unwrap().unwrap() {
                    ChangeOutcome::Changed { .. } => vec!["changed"],
                    ChangeOutcome::Refused { reason, .. } => vec![reason.code()],
                }
            }
        }
    }

    /// Posts one request by itself and several in a batch: the paths differ.
    fn post(&self, mut requests: Vec<PostRequest>) -> Vec<Outcome> {
        match requests.len() {
            1 => vec![self.bank.post(requests.remove(0)).unwrap()],
            _ => self.bank.post_batch(&requests).unwrap(),
        }
    }

    /// Returns the accounts as they are now.
    pub(super) fn accounts(&self) -> Vec<Account> {
        let found = |account: &Account| self.bank.find_account(&account.name).unwrap().unwrap();
        self.translation.accounts.iter().map(found).collect()
    }
}
