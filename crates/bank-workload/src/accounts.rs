//! The accounts of a workload, recognised by their names.

use bank_domain::{AccountId, AccountName, Balance, NewAccount, OverdraftLimit};
use bank_persistence::{Bank, accounts};

use crate::error::WorkloadError;
use crate::site::Site;

/// How the names of all accounts of a workload begin.
const PREFIX: &str = "workload-";

/// The accounts that a run may use.
#[derive(Debug)]
pub struct Accounts {
    /// The workload's own, in ascending order.
    pub own: Vec<AccountId>,
    /// The number of other accounts in the same tables.
    pub others: u64,
}

impl Accounts {
    /// Finds the workload's accounts.
    ///
    /// # Errors
    ///
    /// Returns [`WorkloadError::ForeignAccounts`] if the workload's own tables hold other accounts, and an error if the
    /// query fails.
    pub fn find(bank: &Bank, site: &Site) -> Result<Self, WorkloadError> {
        let mut found = Self { own: Vec::new(), others: 0 };
        bank.list_accounts(None, |account| -> Result<(), WorkloadError> {
            if account.name.as_str().starts_with(PREFIX) {
                found.own.push(account.id);
            } else {
                found.others += 1;
            }
            Ok(())
        })?;
        if found.others > 0 && !site.is_inside() {
            return Err(WorkloadError::ForeignAccounts { site: site.to_string(), accounts: found.others });
        }
        Ok(found)
    }
}

/// Opens those of the workload's accounts from number 1 to `count` that are missing, and returns how many it opened.
///
/// # Errors
///
/// Returns an error if an account cannot have this balance, or if a statement fails.
pub fn open(bank: &Bank, count: u32, balance: Balance) -> Result<usize, WorkloadError> {
    const CHUNK: usize = 1000;
    let mut opened = 0;
    for first in (1..=count).step_by(CHUNK) {
        let wanted = (first..=count).take(CHUNK).map(|number| new(number, balance)).collect::<Result<Vec<_>, _>>()?;
        opened += bank.write("opening accounts", move |connection| {
            let names: Vec<AccountName> = wanted.iter().map(|new| new.name().clone()).collect();
            let there = accounts::find_by_names(connection, &names)?;
            let is_missing = |new: &&NewAccount| there.iter().all(|(name, _)| name != new.name());
            let missing: Vec<_> = wanted.iter().filter(is_missing).collect();
            for new in &missing {
                accounts::open(connection, new)?;
            }
            Ok(missing.len())
        })?;
    }
    Ok(opened)
}

fn new(number: u32, balance: Balance) -> Result<NewAccount, WorkloadError> {
    let name = AccountName::new(format!("{PREFIX}{number:07}"))?;
    Ok(NewAccount::new(name, balance, OverdraftLimit::default())?)
}
