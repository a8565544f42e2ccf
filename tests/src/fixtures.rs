//! Short functions for accounts and transfers.

use bank_domain::{
    Account, AccountId, AccountName, Age, Amount, Balance, Country, NewAccount, Outcome, OverdraftLimit, PostRequest,
    PostedTransfer, Rejection, Transfer, TransferId,
};
use bank_persistence::{Bank, CurrencyTotals, new_transfer_id};

/// Returns the name.
///
/// # Panics
///
/// If it is invalid, as for every function here.
#[must_use]
pub fn name(text: &str) -> AccountName {
    text.parse().expect("the test's name is valid")
}

/// Returns an account to be opened, without an overdraft.
#[must_use]
pub fn new_account(account: &str, balance: i64) -> NewAccount {
    new_account_with_limit(account, balance, 0)
}

/// Returns an account to be opened that may be overdrawn.
#[must_use]
pub fn new_account_with_limit(account: &str, balance: i64, limit: i64) -> NewAccount {
    let age = Age::new(28).expect("28 is an age");
    let country = Country::new("Canada").expect("Canada is a country");
    let limit = OverdraftLimit::new(limit).expect("the test's limit is valid");
    let new = NewAccount::new(name(account), Balance::new(balance), limit).expect("the test's account is valid");
    new.with_age(Some(age)).with_country(Some(country))
}

/// Opens an account without an overdraft.
pub fn open(bank: &Bank, account: &str, balance: i64) -> Account {
    bank.open_account(&new_account(account, balance)).expect("the account can be opened")
}

/// Opens an account that may be overdrawn.
pub fn open_with_limit(bank: &Bank, account: &str, balance: i64, limit: i64) -> Account {
    bank.open_account(&new_account_with_limit(account, balance, limit)).expect("the account can be opened")
}

/// Opens accounts `a0`, `a1`, … with the same balance.
pub fn open_many(bank: &Bank, count: usize, balance: i64) -> Vec<AccountId> {
    (0..count).map(|number| open(bank, &format!("a{number}"), balance).id).collect()
}

/// Returns a transfer with a fresh id.
#[must_use]
pub fn transfer(from: AccountId, to: AccountId, amount: i64) -> Transfer {
    transfer_with_id(new_transfer_id(), from, to, amount)
}

/// Returns a transfer with a given id.
#[must_use]
pub fn transfer_with_id(id: TransferId, from: AccountId, to: AccountId, amount: i64) -> Transfer {
    let amount = Amount::new(amount).expect("the test's amount is valid");
    Transfer::new(id, from, to, amount)
}

/// Returns the current balance of an account.
pub fn balance(bank: &Bank, account: &str) -> i64 {
    current(bank, account).balance.get()
}

/// Returns the current state of an account.
pub fn current(bank: &Bank, account: &str) -> Account {
    bank.find_account(&name(account)).expect("the database answers").expect("the account is there")
}

/// Returns the opening total and the total of the balances of a ledger that has one currency.
///
/// # Panics
///
/// If accounts have several currencies.
#[must_use]
pub fn only_totals(currencies: &[CurrencyTotals]) -> (i128, i128) {
    match currencies {
        [] => (0, 0),
        [of] => (of.opening_balance, of.balance),
        _ => panic!("accounts have several currencies: {currencies:?}"),
    }
}

/// Posts a transfer and returns its outcome.
pub fn post(bank: &Bank, request: impl Into<PostRequest>) -> Outcome {
    bank.post(request).expect("the database answers")
}

/// Returns the posting of an outcome that must be `Posted`.
pub fn posted(outcome: Outcome) -> PostedTransfer {
    match outcome {
        Outcome::Posted(posting) => posting,
        other => panic!("posted expected, got {other:?}"),
    }
}

/// Returns the posting of an outcome that must be `Replayed`.
pub fn replayed(outcome: Outcome) -> PostedTransfer {
    match outcome {
        Outcome::Replayed(posting) => posting,
        other => panic!("replayed expected, got {other:?}"),
    }
}

/// Returns the reason of an outcome that must be `Rejected`.
pub fn rejected(outcome: Outcome) -> Rejection {
    match outcome {
        Outcome::Rejected(reason) => reason,
        other => panic!("rejected expected, got {other:?}"),
    }
}

/// Returns transfers of 1 to `amount_max` between different accounts, the same for the same seed.
#[must_use]
pub fn random_transfers(seed: u64, accounts: &[AccountId], count: usize, amount_max: i64) -> Vec<Transfer> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..count)
        .map(|_| {
            let from = random.usize(..accounts.len());
            let to = (from + random.usize(1..accounts.len())) % accounts.len();
            transfer(accounts[from], accounts[to], random.i64(1..=amount_max))
        })
        .collect()
}
