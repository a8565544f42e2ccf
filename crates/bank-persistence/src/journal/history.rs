//! An account's history.

use bank_db::DbConnection;
use bank_domain::{AccountId, AccountName, AccountVersion, Amount, Balance, GroupId, Memo, PostedTransfer, TransferId};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::account_name;
use crate::as_of::Period;
use crate::error::BankError;
use crate::rows::TransferRow;
use crate::schema::{accounts as account_table, transfers};

/// The largest number of entries in a page of history.
pub(crate) const HISTORY_LIMIT_MAX: u32 = 10_000;

/// The side of a transfer on which an account stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The account paid.
    Debit,
    /// The account received.
    Credit,
}

/// One line of an account's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The account's version after the transfer.
    pub version: AccountVersion,
    /// The transfer.
    pub transfer_id: TransferId,
    /// The account on the other side.
    pub counterparty_id: AccountId,
    /// The name of the account on the other side.
    pub counterparty: AccountName,
    /// Whether this account paid or received.
    pub direction: Direction,
    /// How much moved.
    pub amount: Amount,
    /// This account's balance after the transfer.
    pub balance_after: Balance,
    /// The transfer's note.
    pub memo: Option<Memo>,
    /// The transfers with which it took effect, if any.
    pub group: Option<GroupId>,
    /// When it was posted, by the database's clock; on SQLite, by that of the machine.
    pub posted_at: DateTime<Utc>,
}

impl HistoryEntry {
    /// Returns the amount with the sign of its effect on this account: negative for a debit.
    #[must_use]
    pub const fn signed_amount(&self) -> i64 {
        match self.direction {
            Direction::Debit => -self.amount.get(),
            Direction::Credit => self.amount.get(),
        }
    }
}

impl HistoryEntry {
    fn new(row: TransferRow, counterparty: String, direction: Direction) -> Result<Self, BankError> {
        let posted_at = row.posted_at.0;
        let PostedTransfer { transfer, debit, credit } = row.try_into()?;
        let (entry, counterparty_id) = match direction {
            Direction::Debit => (debit, transfer.to),
            Direction::Credit => (credit, transfer.from),
        };
        Ok(Self {
            version: entry.version,
            transfer_id: transfer.id,
            counterparty_id,
            counterparty: account_name(counterparty_id, Some(counterparty))?,
            direction,
            amount: transfer.amount,
            group: transfer.group(),
            balance_after: entry.balance_after,
            memo: transfer.memo,
            posted_at,
        })
    }
}

/// Returns up to `limit` entries of an account's history, the newest first, of versions below `before` if given, posted
/// within the period.
///
/// The journal has an index for either side; a page reads at most `limit` rows from each, however long the history, and
/// those outside the period that it has to pass over.
pub(crate) fn history(
    connection: &mut DbConnection,
    account: AccountId,
    period: Period,
    before: Option<AccountVersion>,
    limit: u32,
) -> Result<Vec<HistoryEntry>, BankError> {
    let before = before.map_or(i64::MAX, AccountVersion::get);
    let limit = limit.min(HISTORY_LIMIT_MAX);
    let debits = within!(
        period,
        transfers::table
            .inner_join(account_table::table.on(account_table::id.eq(transfers::to_account_id)))
            .filter(transfers::from_account_id.eq(account.get()))
            .filter(transfers::from_version.lt(before))
            .order(transfers::from_version.desc())
            .limit(limit.into())
            .select((TransferRow::as_select(), account_table::name))
    )
    .load::<(TransferRow, String)>(connection)?;
    let credits = within!(
        period,
        transfers::table
            .inner_join(account_table::table.on(account_table::id.eq(transfers::from_account_id)))
            .filter(transfers::to_account_id.eq(account.get()))
            .filter(transfers::to_version.lt(before))
            .order(transfers::to_version.desc())
            .limit(limit.into())
            .select((TransferRow::as_select(), account_table::name))
    )
    .load::<(TransferRow, String)>(connection)?;
    let debits = debits.into_iter().map(|(row, name)| HistoryEntry::new(row, name, Direction::Debit));
    let credits = credits.into_iter().map(|(row, name)| HistoryEntry::new(row, name, Direction::Credit));
    let mut entries = debits.chain(credits).collect::<Result<Vec<_>, _>>()?;
    entries.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.version));
    entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(entries)
}
