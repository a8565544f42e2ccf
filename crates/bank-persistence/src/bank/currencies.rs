//! The currencies of a ledger.

use bank_domain::{Currency, CurrencyCode};

use super::Bank;
use crate::currencies;
use crate::error::BankError;
use crate::ledger;

impl Bank {
    /// Returns the currencies of the ledger, in the order of their codes.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn currencies(&self) -> Result<Vec<Currency>, BankError> {
        self.query("listing the currencies", currencies::list)
    }

    /// Returns the currency of this code: the ledger's, or that of ISO 4217, which is added with its first account.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn find_currency(&self, code: CurrencyCode) -> Result<Option<Currency>, BankError> {
        let found = self.query("finding a currency", move |connection| currencies::find(connection, code))?;
        Ok(found.or_else(|| Currency::iso(code)))
    }

    /// Adds a currency, unless its code is taken, and returns what the ledger has under the code now. The caller compares the
    /// two: the scale of a currency never changes.
    ///
    /// # Errors
    ///
    /// As for [`Bank::write`]. After any error the currency may be there; adding it again is harmless.
    pub fn add_currency(&self, currency: Currency) -> Result<Currency, BankError> {
        self.write("adding a currency", move |connection| currencies::add(connection, currency))
    }

    /// Returns the currency of accounts that are opened without one.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn default_currency(&self) -> Result<CurrencyCode, BankError> {
        self.query("reading the default currency", ledger::default_currency)
    }

    /// Sets the currency of accounts that are opened without one from now on, and adds it first if ISO 4217 has it.
    ///
    /// # Errors
    ///
    /// [`BankError::CurrencyUnknown`] if neither the ledger nor ISO 4217 has the currency; otherwise as for [`Bank::write`].
    pub fn set_default_currency(&self, code: CurrencyCode) -> Result<Currency, BankError> {
        self.write("setting the default currency", move |connection| {
            let currency = currencies::find_or_add(connection, code)?;
            ledger::set_default_currency(connection, code)?;
            Ok(currency)
        })
    }
}
