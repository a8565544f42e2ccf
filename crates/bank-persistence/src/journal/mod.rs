//! The journal: finding a transfer and an account's history. What is in it never changes.

use bank_domain::{
    AccountId, AccountName, AccountVersion, Amount, Balance, Entry, InvalidInput, Memo, Outcome, PostedTransfer,
    Transfer, TransferId,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::accounts;
use crate::as_of::Period;
use crate::error::BankError;
use crate::schema::{accounts as account_table, transfers};
use bank_db::DbConnection;
use bank_db::sql_types::{StoredTime, StoredUuid};

/// Restricts a query on transfers to a period. An open end is no condition at all: on tables without statistics, a server
/// would take it for one that few rows fulfil, and sort what it could read in order.
macro_rules! within {
    ($period:expr, $query:expr) => {{
        let Period { since, until } = $period;
        let mut query = $query.into_boxed();
        if let Some(since) = since {
            query = query.filter(transfers::posted_at.ge(StoredTime(since)));
        }
        if let Some(until) = until {
            query = query.filter(transfers::posted_at.le(StoredTime(until)));
        }
        query
    }};
}

mod pages;

pub(crate) use pages::last_of_page;
pub use pages::{JOURNAL_LIMIT_MAX, page, page_of_account};

/// The largest number of entries in a page of history.
pub const HISTORY_LIMIT_MAX: u32 = 10_000;

/// A transfer as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedTransfer {
    /// The transfer and what it left in both accounts.
    pub posted: PostedTransfer,
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

/// Says on which side of a transfer an account stood.
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
    /// When it was posted, by the database's clock; on SQLite, by that of the machine.
    pub posted_at: DateTime<Utc>,
}

impl HistoryEntry {
    /// Returns the amount as this account felt it: negative for a debit.
    #[must_use]
    pub const fn signed_amount(&self) -> i64 {
        match self.direction {
            Direction::Debit => -self.amount.get(),
            Direction::Credit => self.amount.get(),
        }
    }
}

#[derive(Queryable)]
pub(crate) struct PostingRow {
    id: StoredUuid,
    from_account_id: i64,
    to_account_id: i64,
    amount: i64,
    from_version: i64,
    to_version: i64,
    from_balance_after: i64,
    to_balance_after: i64,
    memo: Option<String>,
}

pub(crate) type PostingColumns = (
    transfers::id,
    transfers::from_account_id,
    transfers::to_account_id,
    transfers::amount,
    transfers::from_version,
    transfers::to_version,
    transfers::from_balance_after,
    transfers::to_balance_after,
    transfers::memo,
);

impl PostingRow {
    pub(crate) const COLUMNS: PostingColumns = (
        transfers::id,
        transfers::from_account_id,
        transfers::to_account_id,
        transfers::amount,
        transfers::from_version,
        transfers::to_version,
        transfers::from_balance_after,
        transfers::to_balance_after,
        transfers::memo,
    );
}

impl TryFrom<PostingRow> for PostedTransfer {
    type Error = BankError;

    fn try_from(row: PostingRow) -> Result<Self, BankError> {
        let id = row.id;
        let posting = || -> Result<Self, InvalidInput> {
            Ok(Self {
                transfer: Transfer {
                    id: TransferId::from_uuid(row.id.0),
                    from: AccountId::new(row.from_account_id),
                    to: AccountId::new(row.to_account_id),
                    amount: Amount::new(row.amount)?,
                    memo: row.memo.map(Memo::new).transpose()?,
                },
                debit: entry(row.from_version, row.from_balance_after),
                credit: entry(row.to_version, row.to_balance_after),
            })
        };
        posting().map_err(|reason| corrupt(id, &reason))
    }
}

const fn entry(version: i64, balance_after: i64) -> Entry {
    Entry { version: AccountVersion::new(version), balance_after: Balance::new(balance_after) }
}

fn corrupt(id: StoredUuid, reason: &InvalidInput) -> BankError {
    BankError::Corrupt { table: "transfers", id: id.0.to_string(), reason: reason.to_string() }
}

/// Returns the transfer of this id.
///
/// # Errors
///
/// The database's; [`BankError::Corrupt`] if a row breaks the rules.
pub fn find(connection: &mut DbConnection, id: TransferId) -> Result<Option<RecordedTransfer>, BankError> {
    let row = transfers::table
        .find(StoredUuid(id.as_uuid()))
        .select((PostingRow::COLUMNS, transfers::posted_at))
        .get_result::<(PostingRow, StoredTime)>(connection)
        .optional()?;
    let Some((row, posted_at)) = row else {
        return Ok(None);
    };
    let posted = PostedTransfer::try_from(row)?;
    Ok(Some(RecordedTransfer {
        from_name: name_of(connection, posted.transfer.from)?,
        to_name: name_of(connection, posted.transfer.to)?,
        posted_at: posted_at.0,
        posted,
    }))
}

/// Returns the transfer that reverses the one of this id.
///
/// # Errors
///
/// The database's; [`BankError::Corrupt`] if a row breaks the rules.
pub fn find_reversal(
    connection: &mut DbConnection,
    original: TransferId,
) -> Result<Option<RecordedTransfer>, BankError> {
    let found = find(connection, original.of_reversal())?;
    // Somebody may have used the id for another transfer.
    Ok(found.filter(|recorded| recorded.posted.transfer.reverses() == Some(original)))
}

/// Returns the ids of up to `limit` transfers whose ids are above `after`, in the order of the ids.
///
/// # Errors
///
/// The database's.
pub fn ids_after(connection: &mut DbConnection, after: TransferId, limit: u32) -> Result<Vec<TransferId>, BankError> {
    let ids = transfers::table
        .filter(transfers::id.gt(StoredUuid(after.as_uuid())))
        .order(transfers::id)
        .limit(limit.into())
        .select(transfers::id)
        .load::<StoredUuid>(connection)?;
    Ok(ids.into_iter().map(|id| TransferId::from_uuid(id.0)).collect())
}

fn name_of(connection: &mut DbConnection, account: AccountId) -> Result<AccountName, BankError> {
    let name = account_table::table
        .find(account.get())
        .select(account_table::name)
        .get_result::<String>(connection)
        .optional()?;
    let name = name.ok_or_else(|| orphan(account))?;
    AccountName::new(name).map_err(|reason| accounts::corrupt(account.get(), &reason))
}

fn orphan(account: AccountId) -> BankError {
    BankError::InvariantViolation { detail: format!("the journal names account {account}, which does not exist") }
}

#[derive(Queryable)]
struct HistoryRow {
    version: i64,
    transfer_id: StoredUuid,
    counterparty_id: i64,
    counterparty: String,
    amount: i64,
    balance_after: i64,
    memo: Option<String>,
    posted_at: StoredTime,
}

impl HistoryRow {
    fn into_entry(self, direction: Direction) -> Result<HistoryEntry, BankError> {
        let id = self.transfer_id;
        let entry = || -> Result<HistoryEntry, InvalidInput> {
            Ok(HistoryEntry {
                version: AccountVersion::new(self.version),
                transfer_id: TransferId::from_uuid(self.transfer_id.0),
                counterparty_id: AccountId::new(self.counterparty_id),
                counterparty: AccountName::new(self.counterparty)?,
                direction,
                amount: Amount::new(self.amount)?,
                balance_after: Balance::new(self.balance_after),
                memo: self.memo.map(Memo::new).transpose()?,
                posted_at: self.posted_at.0,
            })
        };
        entry().map_err(|reason| corrupt(id, &reason))
    }
}

/// Returns up to `limit` entries of an account's history, the newest first, of versions below `before` if given, posted
/// within the period.
///
/// The journal has an index for either side; a page reads at most `limit` rows from each, however long the history, and
/// those outside the period that it has to pass over.
///
/// # Errors
///
/// The database's; [`BankError::Corrupt`] if a row breaks the rules.
pub fn history(
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
            .select((
                transfers::from_version,
                transfers::id,
                transfers::to_account_id,
                account_table::name,
                transfers::amount,
                transfers::from_balance_after,
                transfers::memo,
                transfers::posted_at,
            ))
    )
    .load::<HistoryRow>(connection)?;
    let credits = within!(
        period,
        transfers::table
            .inner_join(account_table::table.on(account_table::id.eq(transfers::from_account_id)))
            .filter(transfers::to_account_id.eq(account.get()))
            .filter(transfers::to_version.lt(before))
            .order(transfers::to_version.desc())
            .limit(limit.into())
            .select((
                transfers::to_version,
                transfers::id,
                transfers::from_account_id,
                account_table::name,
                transfers::amount,
                transfers::to_balance_after,
                transfers::memo,
                transfers::posted_at,
            ))
    )
    .load::<HistoryRow>(connection)?;
    let debits = debits.into_iter().map(|row| row.into_entry(Direction::Debit));
    let credits = credits.into_iter().map(|row| row.into_entry(Direction::Credit));
    let mut entries = debits.chain(credits).collect::<Result<Vec<_>, _>>()?;
    entries.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.version));
    entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(entries)
}
