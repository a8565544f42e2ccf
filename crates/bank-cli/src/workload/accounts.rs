//! The accounts of a workload, known by their names.

use bank_domain::{AccountId, AccountName, Age, Balance, Country, NewAccount, OverdraftLimit};
use bank_persistence::{Bank, accounts};

use super::target::Target;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// How the names of all accounts of a workload begin.
const PREFIX: &str = "workload-";

/// The accounts that a run may use.
#[derive(Debug)]
pub(crate) struct Accounts {
    /// The workload's own, in ascending order.
    pub(crate) own: Vec<AccountId>,
    /// How many belong to others.
    pub(crate) others: u64,
}

impl Accounts {
    /// Finds the workload's accounts, and refuses those of others unless the workload is to work beside them.
    pub(crate) fn find(bank: &Bank, target: &Target) -> Result<Self, Failure> {
        let mut found = Self { own: Vec::new(), others: 0 };
        bank.list_accounts(None, |account| -> Result<(), Failure> {
            if account.name.as_str().starts_with(PREFIX) {
                found.own.push(account.id);
            } else {
                found.others += 1;
            }
            Ok(())
        })?;
        if found.others > 0 && !target.is_here() {
            let message = format!("{} holds {} accounts that are not the workload's", target.describe(), found.others);
            return Err(Failure::new(ExitCode::Other, "real_accounts", message)
                .hint("a workload leaves the accounts of others alone: drop them, or work beside them with --here"));
        }
        Ok(found)
    }
}

/// Opens accounts number 1 to `count` where they are missing, and returns how many were.
pub(crate) fn open(bank: &Bank, count: u32, balance: Balance) -> Result<u32, Failure> {
    const CHUNK: u32 = 1000;
    let mut opened = 0;
    let mut first = 1;
    while first <= count {
        let last = count.min(first + CHUNK - 1);
        let wanted = (first..=last).map(|number| new(number, balance)).collect::<Result<Vec<_>, _>>()?;
        opened += bank.write("opening accounts", move |connection| {
            let names: Vec<AccountName> = wanted.iter().map(|new| new.name().clone()).collect();
            let there = accounts::find_by_names(connection, &names)?;
            let mut opened = 0;
            for new in wanted.iter().filter(|new| there.iter().all(|account| account.name != *new.name())) {
                accounts::open(connection, new)?;
                opened += 1;
            }
            Ok(opened)
        })?;
        first = last + 1;
    }
    Ok(opened)
}

fn new(number: u32, balance: Balance) -> Result<NewAccount, Failure> {
    let account = || {
        let name = AccountName::new(format!("{PREFIX}{number:07}"))?;
        NewAccount::new(name, Age::new(30)?, Country::new("Nowhere")?, balance, OverdraftLimit::default())
    };
    account().map_err(|error| crate::input::invalid(error, "an opening balance is a whole number of 0 or more"))
}
