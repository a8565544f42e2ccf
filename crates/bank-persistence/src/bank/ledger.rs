//! Accounts, transfers and the audit.

use bank_domain::{Account, AccountId, AccountName, AccountVersion, NewAccount, Outcome, Reversal, TransferId};

use bank_db::Retryable;
use chrono::{DateTime, Utc};

use super::Bank;
use crate::accounts;
use crate::as_of::{self, BalanceAt, Period};
use crate::audit::{self, AuditReport};
use crate::error::BankError;
use crate::journal::{self, HistoryEntry, RecordedTransfer, Reversed};
use crate::totals::{self, Totals};

impl Bank {
    /// Opens an account.
    ///
    /// # Errors
    ///
    /// [`BankError::AccountExists`] if the name is taken, or was an account's name; [`BankError::CurrencyUnknown`] if neither the
    /// ledger nor ISO 4217 has the currency. After [`BankError::OutcomeUnknown`] the account may be there.
    pub fn open_account(&self, new: &NewAccount) -> Result<Account, BankError> {
        let new = new.clone();
        self.write("opening an account", move |connection| accounts::open(connection, &new))
    }

    /// Returns the account of this name.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn find_account(&self, name: &AccountName) -> Result<Option<Account>, BankError> {
        let name = name.clone();
        self.query("finding an account", move |connection| accounts::find_by_name(connection, &name))
    }

    /// Returns the accounts that have these names, or had them before, each with the name that was asked for, in no order;
    /// names without an account are left out.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn find_accounts(&self, names: &[&AccountName]) -> Result<Vec<(AccountName, Account)>, BankError> {
        let names: Vec<AccountName> = names.iter().copied().cloned().collect();
        self.query("finding accounts", move |connection| accounts::find_by_names(connection, &names))
    }

    /// Returns a bounded number of names that look like the given one, for a hint; see [`accounts::similar_names`].
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn similar_names(&self, name: &AccountName) -> Result<Vec<AccountName>, BankError> {
        let name = name.clone();
        self.query("finding similar names", move |connection| accounts::similar_names(connection, &name))
    }

    /// Hands all accounts, or the first `limit`, to `each`, ordered by id. All belong to one snapshot; memory use does
    /// not grow with their number. Stops at the first error of `each`. Is not retried.
    ///
    /// # Errors
    ///
    /// The database's, or that of `each`.
    pub fn list_accounts<E: From<BankError>>(
        &self,
        limit: Option<u64>,
        mut each: impl FnMut(Account) -> Result<(), E>,
    ) -> Result<(), E> {
        self.snapshot(|snapshot| snapshot.accounts(limit, |recorded| each(recorded.account)))
    }

    /// Counts all accounts.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn count_accounts(&self) -> Result<u64, BankError> {
        self.query("counting the accounts", accounts::count)
    }

    /// Counts and sums all accounts in one snapshot.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn totals(&self) -> Result<Totals, BankError> {
        self.query("summing the accounts", totals::totals)
    }

    /// Returns the transfer of this id.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn find_transfer(&self, id: TransferId) -> Result<Option<RecordedTransfer>, BankError> {
        self.query("finding a transfer", move |connection| journal::find(connection, id))
    }

    /// Posts the transfer that moves back what the original moved, at most once however often it is called, whatever the note.
    /// Returns `None` if the original does not exist.
    ///
    /// # Errors
    ///
    /// As for [`Bank::post_batch`].
    pub fn reverse(&self, reversal: &Reversal) -> Result<Option<Reversed>, BankError> {
        // Rows of the journal never change: finding and posting need no common transaction.
        let Some(original) = self.find_transfer(reversal.original)? else {
            return Ok(None);
        };
        let outcome = match reversal.of(&original.posted.transfer) {
            Ok(transfer) => self.post(transfer)?,
            Err(reason) => Outcome::Rejected(reason),
        };
        Ok(Some(Reversed { original, outcome }))
    }

    /// Returns the transfer that reverses the one of this id, if it was reversed.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn find_reversal(&self, original: TransferId) -> Result<Option<RecordedTransfer>, BankError> {
        self.query("finding a reversal", move |connection| journal::find_reversal(connection, original))
    }

    /// Returns the ids of up to `limit` transfers whose ids are above `after`, in the order of the ids.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn transfer_ids_after(&self, after: TransferId, limit: u32) -> Result<Vec<TransferId>, BankError> {
        self.query("listing transfers", move |connection| journal::ids_after(connection, after, limit))
    }

    /// Returns up to `limit` entries of an account's history, at most 10,000, of versions below `before` if given, the newest
    /// first.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn history(
        &self,
        account: AccountId,
        before: Option<AccountVersion>,
        limit: u32,
    ) -> Result<Vec<HistoryEntry>, BankError> {
        self.history_within(account, Period::default(), before, limit)
    }

    /// Does what [`Bank::history`] does, for transfers that were posted within a period. Passes over those outside of it.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn history_within(
        &self,
        account: AccountId,
        period: Period,
        before: Option<AccountVersion>,
        limit: u32,
    ) -> Result<Vec<HistoryEntry>, BankError> {
        self.read("reading a history", |connection| journal::history(connection, account, period, before, limit))
    }

    /// Returns the balance of the account of this name at a point in time: that after the greatest of its versions that was
    /// posted then or before. `None` if the account does not exist. Its cost grows with the number of later transfers.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn balance_at(&self, name: &AccountName, at: DateTime<Utc>) -> Result<Option<BalanceAt>, BankError> {
        self.read("reading a past balance", |connection| as_of::balance_at(connection, name, at))
    }

    /// Checks every invariant in one snapshot. Its cost grows with the number of accounts and transfers.
    ///
    /// # Errors
    ///
    /// Returns an error if a query fails; what breaks an invariant is in the report.
    pub fn audit(&self) -> Result<AuditReport, BankError> {
        // Another engine's catalogue may not answer, which must not end the snapshot.
        let missing_keys = match self.missing_keys() {
            Err(error) if error.transient().is_some() => return Err(error),
            known => known.ok(),
        };
        self.read("auditing", |connection| audit::audit(connection, missing_keys.as_deref()))
    }
}
