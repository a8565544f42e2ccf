//! Changes of accounts that move no money.

use bank_db::Decision;
use bank_domain::{AccountChange, AccountName, Memo};

use super::Bank;
use crate::account_changes::{self, AccountDetails, ChangeOutcome};
use crate::error::BankError;

impl Bank {
    /// Changes the account that has this name, or had it before, and writes the change to its trail. Returns `None` if there
    /// is no account.
    ///
    /// The version of the account stays: it counts transfers. Transfers that are being posted are waited for.
    ///
    /// # Errors
    ///
    /// As for [`Bank::write`]. After [`BankError::OutcomeUnknown`], the account's trail tells.
    pub fn change_account(
        &self,
        name: &AccountName,
        change: AccountChange,
        note: Option<Memo>,
    ) -> Result<Option<ChangeOutcome>, BankError> {
        let name = name.clone();
        let body = move |connection: &mut bank_db::DbConnection| {
            let outcome = account_changes::change(connection, &name, &change, note.as_ref())?;
            Ok(match outcome {
                Some(ChangeOutcome::Changed { .. }) => Decision::Commit(outcome),
                Some(ChangeOutcome::Refused { .. }) | None => Decision::RollBack(outcome),
            })
        };
        match self.write_or_roll_back("changing an account", body)? {
            Decision::Commit(outcome) | Decision::RollBack(outcome) => Ok(outcome),
        }
    }

    /// Returns everything about the account that has this name, or had it before: its former names and its trail, too.
    ///
    /// # Errors
    ///
    /// Returns an error if a query fails.
    pub fn account_details(&self, name: &AccountName) -> Result<Option<AccountDetails>, BankError> {
        self.read("reading an account", |connection| account_changes::details(connection, name))
    }
}
