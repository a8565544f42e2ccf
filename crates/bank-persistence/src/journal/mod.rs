//! The journal: finding a transfer, pages of transfers, and an account's history. Its rows never change.

use std::collections::HashMap;

use bank_db::DbConnection;
use bank_db::sql_types::StoredUuid;
use bank_domain::{
    AccountId, AccountName, AccountVersion, Currency, Outcome, PostedTransfer, TransferId, TransferKind,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::currencies;
use crate::error::BankError;
use crate::rows::{TransferRow, corrupt_account};
use crate::schema::{accounts as account_table, transfers};

/// Restricts a query on transfers to a period. An open end adds no condition: on tables without statistics, a server would
/// expect few rows to meet it, and sort what it could read in order.
macro_rules! within {
    ($period:expr, $query:expr) => {{
        let Period { since, until } = $period;
        let mut query = $query.into_boxed();
        if let Some(since) = since {
            query = query.filter(transfers::posted_at.ge(bank_db::sql_types::StoredTime(since)));
        }
        if let Some(until) = until {
            query = query.filter(transfers::posted_at.le(bank_db::sql_types::StoredTime(until)));
        }
        query
    }};
}

mod history;
mod pages;

pub(crate) use history::history;
pub use history::{Direction, HistoryEntry};
pub(crate) use pages::{JOURNAL_LIMIT_MAX, find_group, last_of_page, page, page_of_account};

/// A transfer as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedTransfer {
    /// The transfer and what it left in both accounts.
    pub posted: PostedTransfer,
    /// The currency of its amount, which both accounts have.
    pub currency: Currency,
    /// The name of the account that paid.
    pub from_name: AccountName,
    /// The name of the account that received.
    pub to_name: AccountName,
    /// When it was posted, by the database's clock; on SQLite, by that of the machine.
    pub posted_at: DateTime<Utc>,
}

impl RecordedTransfer {
    /// Returns the version that the transfer left one of its accounts with.
    pub(crate) fn version_of(&self, account: AccountId) -> AccountVersion {
        let PostedTransfer { transfer, debit, credit } = &self.posted;
        if transfer.from == account { debit.version } else { credit.version }
    }
}

/// What became of a reversal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversed {
    /// The transfer that was to be reversed.
    pub original: RecordedTransfer,
    /// What became of the transfer that reverses it; `Replayed` if it was reversed before.
    pub outcome: Outcome,
}

/// What became of the reversal of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReversedGroup {
    /// The members of the group that was to be reversed, the last to take effect first.
    pub originals: Vec<RecordedTransfer>,
    /// What became of the transfer that reverses each of them, in the same order.
    pub outcomes: Vec<Outcome>,
}

/// Returns the transfer of this id.
pub(crate) fn find(connection: &mut DbConnection, id: TransferId) -> Result<Option<RecordedTransfer>, BankError> {
    let row = transfers::table
        .find(StoredUuid(id.as_uuid()))
        .select(TransferRow::as_select())
        .get_result::<TransferRow>(connection)
        .optional()?;
    let Some(row) = row else {
        return Ok(None);
    };
    let posted_at = row.posted_at.0;
    let posted = PostedTransfer::try_from(row)?;
    let (from_name, code) = name_of(connection, posted.transfer.from)?;
    let (to_name, _) = name_of(connection, posted.transfer.to)?;
    let currency = CurrencyMap::read(connection)?.get(posted.transfer.from, &code)?;
    Ok(Some(RecordedTransfer { posted, currency, from_name, to_name, posted_at }))
}

/// Returns the transfer that reverses the one of this id.
pub(crate) fn find_reversal(
    connection: &mut DbConnection,
    original: TransferId,
) -> Result<Option<RecordedTransfer>, BankError> {
    let found = find(connection, original.of_reversal())?;
    // The id may belong to a transfer that was not made as a reversal.
    Ok(found.filter(|recorded| recorded.posted.transfer.kind() == TransferKind::Reversal { of: original }))
}

/// Returns the ids of up to `limit` transfers whose ids are above `after`, in the order of the ids.
pub(crate) fn ids_after(
    connection: &mut DbConnection,
    after: TransferId,
    limit: u32,
) -> Result<Vec<TransferId>, BankError> {
    let ids = transfers::table
        .filter(transfers::id.gt(StoredUuid(after.as_uuid())))
        .order(transfers::id)
        .limit(limit.into())
        .select(transfers::id)
        .load::<StoredUuid>(connection)?;
    Ok(ids.into_iter().map(|id| TransferId::from_uuid(id.0)).collect())
}

/// Returns the name of an account of the journal, and the code of its currency.
fn name_of(connection: &mut DbConnection, account: AccountId) -> Result<(AccountName, String), BankError> {
    let found: Option<(String, String)> = account_table::table
        .find(account.get())
        .select((account_table::name, account_table::currency))
        .get_result(connection)
        .optional()?;
    let (name, code) = found.ok_or_else(|| orphan(account))?;
    Ok((account_name(account, Some(name))?, code))
}

/// The currencies of a ledger, of which there are few.
struct CurrencyMap(HashMap<String, Currency>);

impl CurrencyMap {
    fn read(connection: &mut DbConnection) -> Result<Self, BankError> {
        let all = currencies::list(connection)?.into_iter();
        Ok(Self(all.map(|currency| (currency.code.to_string(), currency)).collect()))
    }

    /// Returns the currency of an account that has this code.
    fn get(&self, account: AccountId, code: &str) -> Result<Currency, BankError> {
        self.0.get(code).copied().ok_or_else(|| BankError::Corrupt {
            table: "accounts",
            id: account.to_string(),
            reason: format!("its currency {code} is not in the table of currencies"),
        })
    }
}

/// Returns the name that a query has found for an account of the journal.
fn account_name(account: AccountId, name: Option<String>) -> Result<AccountName, BankError> {
    let name = name.ok_or_else(|| orphan(account))?;
    AccountName::new(name).map_err(|reason| corrupt_account(account.get(), &reason))
}

fn orphan(account: AccountId) -> BankError {
    BankError::InvariantViolation { detail: format!("the journal names account {account}, which does not exist") }
}
