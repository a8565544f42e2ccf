//! The one function that decides what a batch of transfers does.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use crate::account::{AccountId, AccountStatus, AccountVersion};
use crate::currency::CurrencyCode;
use crate::group::{is_whole, units};
use crate::money::{Balance, Held, OverdraftLimit};
use crate::outcome::{Entry, Outcome, PostedTransfer, Rejection};
use crate::transfer::{PostRequest, Transfer, TransferField};
use crate::transfer_id::TransferId;

/// The part of an account that posting reads and changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountState {
    /// Identifies the account.
    pub id: AccountId,
    /// The currency of its money.
    pub currency: CurrencyCode,
    /// What it may be used for.
    pub status: AccountStatus,
    /// Its balance.
    pub balance: Balance,
    /// How much of the balance is held for transfers to come.
    pub held: Held,
    /// How far below zero the balance may go.
    pub overdraft_limit: OverdraftLimit,
    /// How many transfers have touched it.
    pub version: AccountVersion,
}

/// The result of applying a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppliedBatch {
    /// One outcome for each transfer, in the order of the transfers.
    pub outcomes: Vec<Outcome>,
    /// The accounts that changed, as they are now, in the order in which they were given.
    pub changed: Vec<AccountState>,
}

/// Applies transfers in order; each sees the effects of those before it. The members of a group stand one after the other,
/// and take effect together or not at all.
///
/// `accounts` are the existing accounts that the transfers name; `already_posted` are the posted transfers that have one of
/// the transfers' ids. The caller must make sure that neither changes until the result is stored. Takes time linear in the
/// three lengths.
#[must_use]
pub fn apply_batch(
    accounts: Vec<AccountState>,
    already_posted: Vec<PostedTransfer>,
    requests: &[PostRequest],
) -> AppliedBatch {
    let mut batch = Batch::new(accounts, already_posted, requests.len());
    let mut outcomes = Vec::with_capacity(requests.len());
    for unit in units(requests) {
        match unit {
            [single] if single.transfer.group().is_none() => outcomes.push(batch.apply(single)),
            members => outcomes.extend(batch.apply_group(members)),
        }
    }
    AppliedBatch { outcomes, changed: batch.into_changed() }
}

/// The accounts and ids that a batch touches while it is applied.
struct Batch {
    accounts: Vec<AccountState>,
    touched: Vec<bool>,
    place_of: HashMap<AccountId, usize>,
    posted: HashMap<TransferId, PostedTransfer>,
    /// While a group is applied: what its accounts were before it.
    before: Option<HashMap<usize, Before>>,
}

/// An account before a group, and whether anything before the group had touched it.
#[derive(Clone, Copy)]
struct Before {
    account: AccountState,
    touched: bool,
}

impl Batch {
    fn new(accounts: Vec<AccountState>, already_posted: Vec<PostedTransfer>, transfers: usize) -> Self {
        let place_of = (0..).zip(&accounts).map(|(i, a)| (a.id, i)).collect();
        let mut posted = HashMap::with_capacity(transfers.max(already_posted.len()));
        posted.extend(already_posted.into_iter().map(|p| (p.transfer.id, p)));
        Self { touched: vec![false; accounts.len()], accounts, place_of, posted, before: None }
    }

    fn apply(&mut self, request: &PostRequest) -> Outcome {
        let transfer = &request.transfer;
        if transfer.id.for_new_transfer().is_err() {
            return Outcome::Rejected(Rejection::NilId);
        }
        // The id comes first: a retry must hear what became of the original, whatever has happened to the accounts since.
        if let Slot::Occupied(earlier) = self.posted.entry(transfer.id) {
            return match earlier.get().transfer.difference(transfer) {
                None => Outcome::Replayed(earlier.get().clone()),
                Some(field) => Outcome::Rejected(Rejection::IdConflict { id: transfer.id, field }),
            };
        }
        match self.post(request) {
            Ok(posting) => {
                self.posted.insert(transfer.id, posting.clone());
                Outcome::Posted(posting)
            }
            Err(rejection) => Outcome::Rejected(rejection),
        }
    }

    /// Applies a group: as a whole, or not at all.
    fn apply_group(&mut self, members: &[PostRequest]) -> Vec<Outcome> {
        if let Some(outcomes) = self.known_group(members) {
            return outcomes;
        }
        self.before = Some(HashMap::new());
        let mut posted = Vec::with_capacity(members.len());
        let mut rejected = None;
        for (place, member) in members.iter().enumerate() {
            match self.post(member) {
                Ok(posting) => posted.push(posting),
                Err(reason) => {
                    rejected = Some((place, reason));
                    break;
                }
            }
        }
        let before = self.before.take().unwrap_or_default();
        match rejected {
            None => {
                self.posted.extend(posted.iter().map(|posting| (posting.transfer.id, posting.clone())));
                posted.into_iter().map(Outcome::Posted).collect()
            }
            Some((place, reason)) => {
                for (account, Before { account: state, touched }) in before {
                    self.accounts[account] = state;
                    self.touched[account] = touched;
                }
                all_rejected(members, place, reason)
            }
        }
    }

    /// Returns the outcomes of a group that cannot be posted whatever its accounts are: it is not whole, an id is nil, or one of
    /// its ids was posted before. If all were posted as this group, they are replayed.
    fn known_group(&self, members: &[PostRequest]) -> Option<Vec<Outcome>> {
        if let Some(place) = members.iter().position(|member| member.transfer.id.for_new_transfer().is_err()) {
            return Some(all_rejected(members, place, Rejection::NilId));
        }
        if !is_whole(members) {
            let group = members.first()?.transfer.group()?;
            return Some(members.iter().map(|_| Outcome::Rejected(Rejection::GroupIncomplete { group })).collect());
        }
        let earlier: Vec<Option<&PostedTransfer>> =
            members.iter().map(|member| self.posted.get(&member.transfer.id)).collect();
        let difference = |(member, earlier): (&PostRequest, &Option<&PostedTransfer>)| {
            earlier.and_then(|earlier| earlier.transfer.difference(&member.transfer))
        };
        let differs = members.iter().zip(&earlier).map(difference).enumerate();
        let conflict = differs.filter_map(|(place, field)| Some((place, field?))).next();
        if conflict.is_none() && earlier.iter().all(Option::is_some) {
            return Some(earlier.into_iter().flatten().cloned().map(Outcome::Replayed).collect());
        }
        // In a journal that has only some of the members, these were not posted as the group.
        let in_part = || Some((earlier.iter().position(Option::is_some)?, TransferField::Group));
        let (place, field) = conflict.or_else(in_part)?;
        let id = members.get(place)?.transfer.id;
        Some(all_rejected(members, place, Rejection::IdConflict { id, field }))
    }

    fn post(&mut self, PostRequest { transfer, expected_version }: &PostRequest) -> Result<PostedTransfer, Rejection> {
        if transfer.from == transfer.to {
            return Err(Rejection::SameAccount);
        }
        let from = self.place(transfer.from)?;
        let to = self.place(transfer.to)?;
        usable(&self.accounts[from])?;
        usable(&self.accounts[to])?;
        same_currency(&self.accounts[from], &self.accounts[to])?;
        // Before the funds: a caller that expects another version has decided on another balance.
        expect_version(self.before_group(from), *expected_version)?;
        let debit = debited(&self.accounts[from], transfer)?;
        let credit = credited(&self.accounts[to], transfer)?;
        for (place, entry) in [(from, debit), (to, credit)] {
            let before = Before { account: self.accounts[place], touched: self.touched[place] };
            if let Some(group) = &mut self.before {
                group.entry(place).or_insert(before);
            }
            self.accounts[place].balance = entry.balance_after;
            self.accounts[place].version = entry.version;
            self.touched[place] = true;
        }
        Ok(PostedTransfer { transfer: transfer.clone(), debit, credit })
    }

    /// Returns the account as it was before the group that is applied, if any.
    fn before_group(&self, place: usize) -> &AccountState {
        let before = self.before.as_ref().and_then(|group| group.get(&place));
        before.map_or(&self.accounts[place], |before| &before.account)
    }

    fn place(&self, account: AccountId) -> Result<usize, Rejection> {
        self.place_of.get(&account).copied().ok_or(Rejection::AccountNotFound { account })
    }

    fn into_changed(self) -> Vec<AccountState> {
        let touched = self.touched.into_iter();
        let pairs = self.accounts.into_iter().zip(touched);
        pairs.filter_map(|(a, touched)| touched.then_some(a)).collect()
    }
}

/// Returns the outcomes of a group of which one member is rejected for a reason of its own.
fn all_rejected(members: &[PostRequest], place: usize, reason: Rejection) -> Vec<Outcome> {
    let member = members.get(place).map(|member| member.transfer.id);
    let mut outcomes: Vec<Outcome> = members
        .iter()
        .filter_map(|_| member)
        .map(|member| Outcome::Rejected(Rejection::GroupRejected { member }))
        .collect();
    if let Some(outcome) = outcomes.get_mut(place) {
        *outcome = Outcome::Rejected(reason);
    }
    outcomes
}

fn usable(AccountState { id, status, .. }: &AccountState) -> Result<(), Rejection> {
    match status {
        AccountStatus::Open => Ok(()),
        AccountStatus::Frozen => Err(Rejection::AccountFrozen { account: *id }),
        AccountStatus::Closed => Err(Rejection::AccountClosed { account: *id }),
    }
}

fn same_currency(from: &AccountState, to: &AccountState) -> Result<(), Rejection> {
    if from.currency == to.currency {
        Ok(())
    } else {
        Err(Rejection::CurrencyMismatch { from: from.currency, to: to.currency })
    }
}

fn expect_version(account: &AccountState, expected: Option<AccountVersion>) -> Result<(), Rejection> {
    let found = account.version;
    match expected {
        Some(expected) if expected != found => Err(Rejection::VersionMismatch { account: account.id, expected, found }),
        Some(_) | None => Ok(()),
    }
}

fn debited(account: &AccountState, transfer: &Transfer) -> Result<Entry, Rejection> {
    let available = account.balance.available(account.held, account.overdraft_limit);
    if available.get() < transfer.amount.get() {
        return Err(Rejection::InsufficientFunds { account: account.id, available, requested: transfer.amount });
    }
    entry(account, account.balance.debit(transfer.amount))
}

fn credited(account: &AccountState, transfer: &Transfer) -> Result<Entry, Rejection> {
    entry(account, account.balance.credit(transfer.amount))
}

fn entry(account: &AccountState, balance_after: Option<Balance>) -> Result<Entry, Rejection> {
    balance_after
        .zip(account.version.next())
        .map(|(balance_after, version)| Entry { version, balance_after })
        .ok_or(Rejection::BalanceOverflow { account: account.id })
}
