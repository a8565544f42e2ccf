//! The tutorial's two accounts.

use bank_domain::NewAccount;
use bank_persistence::{Bank, BankError};

use crate::args::input;
use crate::failure::Failure;

/// Returns Jessica's and John's accounts, in this order.
pub(crate) fn all() -> Result<[NewAccount; 2], Failure> {
    Ok([account("Jessica", "USA", "10000")?, account("John", "Canada", "9000")?])
}

/// Opens an account unless its name is taken; returns whether it did.
pub(crate) fn open_if_missing(bank: &Bank, new: &NewAccount) -> Result<bool, Failure> {
    // A rejected insert would leave a gap in the ids, so look first.
    if bank.find_account(new.name())?.is_some() {
        return Ok(false);
    }
    match bank.open_account(new) {
        Ok(_) => Ok(true),
        // Another setup was faster.
        Err(BankError::AccountExists { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn account(name: &str, country: &str, balance: &str) -> Result<NewAccount, Failure> {
    let (name, balance) = (input::account_name(name)?, input::balance(balance)?);
    let new = NewAccount::new(name, balance, input::overdraft_limit("0")?)
        .map_err(|error| input::invalid(error, "the demo accounts are broken"))?;
    Ok(new.with_age(Some(input::age("28")?)).with_country(Some(input::country(country)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_accounts_are_valid() {
        assert!(all().is_ok());
    }
}
