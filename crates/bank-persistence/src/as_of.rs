//! Looking back: periods, and an account's balance at a point in time.
//!
//! The time of a transfer is that of the database's clock when it was written, shortly before its commit. Clocks can be set
//! back, and the rows of one commit are not written in the order of the transfers. So the order of events is that of an
//! account's versions, not of the times.

use bank_db::DbConnection;
use bank_db::sql_types::StoredTime;
use bank_domain::{Account, AccountId, AccountName, AccountVersion, Balance, Entry, PostedTransfer};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::accounts::{self, RecordedAccount};
use crate::error::BankError;
use crate::rows::TransferRow;
use crate::schema::transfers;

/// A span of time, both ends included, to the microsecond; an end that is missing is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// The first moment that belongs to it.
    pub since: Option<DateTime<Utc>>,
    /// The last moment that belongs to it.
    pub until: Option<DateTime<Utc>>,
}

/// An account and its balance at a point in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceAt {
    /// The account as it is now.
    pub account: Account,
    /// When it was opened, by the database's clock.
    pub opened_at: DateTime<Utc>,
    /// Its balance then; `None` if it was not open yet.
    pub balance: Option<BalanceAsOf>,
}

/// A balance at a point in time, and the transfer that left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BalanceAsOf {
    /// The balance.
    pub balance: Balance,
    /// The account's version that had it.
    pub version: AccountVersion,
    /// When the transfer that left it was posted; `None` for the opening balance.
    pub posted_at: Option<DateTime<Utc>>,
}

/// Returns the balance of the account of this name at a point in time: that after the greatest of its versions that was
/// posted then or before, or the opening balance if no transfer was.
///
/// Goes back through the account's transfers, so its cost grows with the number of those after that time. Call it within
/// [`transaction::read`](bank_db::transaction::read), so that the answers belong together.
pub(crate) fn balance_at(
    connection: &mut DbConnection,
    name: &AccountName,
    at: DateTime<Utc>,
) -> Result<Option<BalanceAt>, BankError> {
    let Some(RecordedAccount { account, opened_at }) = accounts::find_recorded(connection, name)? else {
        return Ok(None);
    };
    let opening = BalanceAsOf { balance: account.opening_balance, version: AccountVersion::default(), posted_at: None };
    let left_by_transfer = last_left(connection, account.id, StoredTime(at))?;
    let balance = left_by_transfer.or((opened_at <= at).then_some(opening));
    Ok(Some(BalanceAt { account, opened_at, balance }))
}

/// Returns what the account's last transfer until then left.
fn last_left(
    connection: &mut DbConnection,
    account: AccountId,
    at: StoredTime,
) -> Result<Option<BalanceAsOf>, BankError> {
    let debit = transfers::table
        .filter(transfers::from_account_id.eq(account.get()))
        .filter(transfers::posted_at.le(at))
        .order(transfers::from_version.desc())
        .select(TransferRow::as_select())
        .first::<TransferRow>(connection)
        .optional()?;
    let credit = transfers::table
        .filter(transfers::to_account_id.eq(account.get()))
        .filter(transfers::to_version.is_not_null())
        .filter(transfers::posted_at.le(at))
        .order(transfers::to_version.desc())
        .select(TransferRow::as_select())
        .first::<TransferRow>(connection)
        .optional()?;
    let debit = debit.map(|row| left(row, |posted| posted.debit)).transpose()?;
    let credit = credit.map(|row| left(row, |posted| posted.credit)).transpose()?;
    Ok([debit, credit].into_iter().flatten().max_by_key(|left| left.version))
}

fn left(row: TransferRow, side: impl Fn(&PostedTransfer) -> Entry) -> Result<BalanceAsOf, BankError> {
    let posted_at = Some(row.posted_at.0);
    let Entry { version, balance_after: balance } = side(&row.try_into()?);
    Ok(BalanceAsOf { balance, version, posted_at })
}
