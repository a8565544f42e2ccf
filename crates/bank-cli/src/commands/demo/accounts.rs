//! The tutorial's two accounts.

use bank_domain::{Currency, NewAccount, OverdraftLimit};
use bank_persistence::{Bank, BankError};

use crate::args::input;
use crate::failure::Failure;

/// Returns Jessica's and John's accounts in a currency, in this order.
pub(crate) fn all(currency: Currency) -> Result<[NewAccount; 2], Failure> {
    Ok([account("Jessica", "USA", "10000", currency)?, account("John", "Canada", "9000", currency)?])
}

/// Returns the currency in which the ledger opens accounts.
pub(crate) fn currency(bank: &Bank) -> Result<Currency, Failure> {
    let code = bank.default_currency()?;
    Ok(bank.find_currency(code)?.ok_or(BankError::CurrencyUnknown { code })?)
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

fn account(name: &str, country: &str, balance: &str, currency: Currency) -> Result<NewAccount, Failure> {
    let (name, balance) = (input::account_name(name)?, input::balance_in(input::decimal(balance)?, currency)?);
    let new = NewAccount::new(name, balance, OverdraftLimit::default())
        .map_err(|error| input::invalid(error, "the demo accounts are broken"))?;
    Ok(new
        .with_age(Some(input::age("28")?))
        .with_country(Some(input::country(country)?))
        .with_currency(Some(currency.code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_accounts_are_valid() {
        assert!(all(Currency::NONE).is_ok());
    }
}
