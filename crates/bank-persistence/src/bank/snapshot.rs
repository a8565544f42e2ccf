//! [`Snapshot`]: reading a database as it was at one point in time.

use bank_db::{DbConnection, DbError, transaction};
use bank_domain::{Account, AccountName, AccountVersion, TransferId};

use super::Bank;
use crate::accounts::{self, RecordedAccount};
use crate::as_of::Period;
use crate::error::BankError;
use crate::journal::{self, JOURNAL_LIMIT_MAX, RecordedTransfer};

/// A database at one point in time: everything read through it belongs together, whatever is posted meanwhile.
pub struct Snapshot<'a> {
    connection: &'a mut DbConnection,
}

impl Bank {
    /// Hands a snapshot of the database to the body. Is not retried: the body may have used the first rows already.
    ///
    /// # Errors
    ///
    /// Returns an error if a query fails, or that of the body.
    pub fn snapshot<T, E: From<BankError>>(
        &self,
        body: impl FnOnce(&mut Snapshot<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut failed = None;
        let read = |connection: &mut DbConnection| {
            transaction::read(connection, self.database.settings(), |connection| {
                body(&mut Snapshot { connection }).map_err(|error| {
                    failed = Some(error);
                    // Only ends the transaction; the body's own error takes its place.
                    BankError::from(DbError::GivenUp)
                })
            })
        };
        let read = self.database.with_connection(read).map_err(BankError::from)?;
        read.map_err(|error| failed.unwrap_or_else(|| error.into()))
    }
}

impl Snapshot<'_> {
    /// Returns the account of this name.
    ///
    /// # Errors
    ///
    /// Returns an error if the query fails.
    pub fn find_account(&mut self, name: &AccountName) -> Result<Option<RecordedAccount>, BankError> {
        accounts::find_recorded(self.connection, name)
    }

    /// Hands all accounts, or the first `limit`, to `each`, ordered by id. Memory use does not grow with their number.
    /// Stops at the first error of `each`.
    ///
    /// # Errors
    ///
    /// The database's, or that of `each`.
    pub fn accounts<E: From<BankError>>(
        &mut self,
        limit: Option<u64>,
        mut each: impl FnMut(RecordedAccount) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut left = limit.unwrap_or(u64::MAX);
        let mut after = None;
        while left > 0 {
            let size = u16::try_from(left).unwrap_or(accounts::PAGE_SIZE).min(accounts::PAGE_SIZE);
            let page = accounts::list_page(self.connection, after, size)?;
            let is_last = page.len() < usize::from(size);
            for recorded in page {
                after = Some(recorded.account.id);
                left = left.saturating_sub(1);
                each(recorded)?;
            }
            if is_last {
                break;
            }
        }
        Ok(())
    }

    /// Hands all transfers that were posted within a period to `each`, ordered by id. Memory use does not grow with
    /// their number. Stops at the first error of `each`.
    ///
    /// # Errors
    ///
    /// The database's, or that of `each`.
    pub fn transfers<E: From<BankError>>(
        &mut self,
        period: Period,
        mut each: impl FnMut(RecordedTransfer) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut after: Option<TransferId> = None;
        loop {
            let page = journal::page(self.connection, period, after, JOURNAL_LIMIT_MAX)?;
            let is_last = page.len() < usize::from(JOURNAL_LIMIT_MAX);
            for recorded in page {
                after = Some(recorded.posted.transfer.id);
                each(recorded)?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Hands all transfers of one account, up to the version that it has here, that were posted within a period to
    /// `each`, the oldest first. Memory use does not grow with their number. Stops at the first error of `each`.
    ///
    /// # Errors
    ///
    /// The database's, or that of `each`.
    pub fn transfers_of<E: From<BankError>>(
        &mut self,
        account: &Account,
        period: Period,
        mut each: impl FnMut(RecordedTransfer) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut after = AccountVersion::default();
        while after < account.version {
            for recorded in journal::page_of_account(self.connection, account.id, period, after)? {
                if recorded.version_of(account.id) <= account.version {
                    each(recorded)?;
                }
            }
            after = journal::last_of_page(after);
        }
        Ok(())
    }
}
