//! The domain alone, without a database: what it decides is written into a map.

use std::collections::BTreeMap;

use bank_domain::{
    Account, AccountChange, AccountState, Outcome, PostRequest, PostedTransfer, Reversal, TransferId, apply_batch,
};

use super::code;
use super::step::Step;
use super::translation::Translation;

/// Accounts and a journal in memory.
pub(super) struct Domain<'a> {
    translation: &'a Translation,
    pub(super) accounts: Vec<Account>,
    journal: BTreeMap<TransferId, PostedTransfer>,
    /// Every name, and the account that it leads to.
    names: BTreeMap<String, usize>,
}

impl<'a> Domain<'a> {
    pub(super) fn new(translation: &'a Translation) -> Self {
        let names = translation.accounts.iter().map(|account| account.name.to_string()).zip(0..).collect();
        Self { translation, accounts: translation.accounts.clone(), journal: BTreeMap::new(), names }
    }

    /// Takes a step and returns what becomes of it.
    pub(super) fn take(&mut self, step: &Step) -> Vec<&'static str> {
        match step {
            Step::Pay(payments) => {
                let requests: Vec<PostRequest> = payments.iter().map(|of| self.translation.request(of)).collect();
                self.post(&requests)
            }
            Step::PayTogether { before, group, after } => self.post(&self.translation.batch(before, group, after)),
            Step::Reverse { key, force } => {
                let reversal = Reversal { original: self.translation.id(*key), memo: None, force: *force };
                let Some(original) = self.journal.get(&reversal.original) else { return vec!["no transfer"] };
                match reversal.of(&original.transfer) {
                    Ok(transfer) => self.post(&[transfer.into()]),
                    Err(reason) => vec![reason.code()],
                }
            }
            Step::Change { account, change } => match self.accounts.get(*account) {
                None => vec!["no account"],
                Some(_) => vec![self.change(*account, &self.translation.change(change))],
            },
        }
    }

    fn post(&mut self, requests: &[PostRequest]) -> Vec<&'static str> {
        let states = self.accounts.iter().map(state).collect();
        let known = requests.iter().filter_map(|request| self.journal.get(&request.transfer.id).cloned()).collect();
        let applied = apply_batch(states, known, requests);
        for now in applied.changed {
            let account = self.accounts.iter_mut().find(|account| account.id == now.id).unwrap();
            (account.balance, account.version) = (now.balance, now.version);
        }
        for outcome in &applied.outcomes {
            if let Outcome::Posted(posted) = outcome {
                self.journal.insert(posted.transfer.id, posted.clone());
            }
        }
        applied.outcomes.iter().map(code).collect()
    }

    fn change(&mut self, place: usize, change: &AccountChange) -> &'static str {
        let after = match self.accounts[place].changed(change) {
            Ok(after) => after,
            Err(reason) => return reason.code(),
        };
        // Whether a name is free only the ledger knows.
        if *self.names.entry(after.name.to_string()).or_insert(place) != place {
            return "name_taken";
        }
        self.accounts[place] = after;
        "changed"
    }
}

fn state(account: &Account) -> AccountState {
    AccountState {
        id: account.id,
        currency: account.currency.code,
        status: account.status,
        held: account.held,
        balance: account.balance,
        overdraft_limit: account.overdraft_limit,
        version: account.version,
    }
}
