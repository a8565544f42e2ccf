//! Looking back: spans of time, and what an account held at some moment.
//!
//! The time of a transfer is that of the database's clock when it was written, shortly before its commit. Clocks can be
//! set back, and the rows of one commit are not written in the order of the transfers: an account's versions, not the
//! times, say what came after what.

use bank_domain::{Account, AccountId, AccountName, AccountVersion, Balance};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::accounts::{self, RecordedAccount};
use crate::error::BankError;
use crate::schema::transfers;
use bank_db::DbConnection;
use bank_db::sql_types::StoredTime;

/// A span of time, both ends included, to the microsecond; an end that is missing is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// The first moment that belongs to it.
    pub since: Option<DateTime<Utc>>,
    /// The last moment that belongs to it.
    pub until: Option<DateTime<Utc>>,
}

/// What an account held at some moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceAt {
    /// The account as it is now.
    pub account: Account,
    /// When it was opened, by the database's clock.
    pub opened_at: DateTime<Utc>,
    /// What it held then; `None` if it was not open yet.
    pub held: Option<Held>,
}

/// A balance, and what it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The balance.
    pub balance: Balance,
    /// The account's version that had it.
    pub version: AccountVersion,
    /// When the transfer that left it was posted; `None` for the opening balance.
    pub posted_at: Option<DateTime<Utc>>,
}

#[derive(Queryable)]
struct HeldRow {
    version: i64,
    balance: i64,
    posted_at: StoredTime,
}

impl From<HeldRow> for Held {
    fn from(row: HeldRow) -> Self {
        Self {
            balance: Balance::new(row.balance),
            version: AccountVersion::new(row.version),
            posted_at: Some(row.posted_at.0),
        }
    }
}

/// Returns what the account of this name held at a moment: the balance after the greatest of its versions that was
/// posted then or before, or the opening balance if there is none.
///
/// Goes back through the account's transfers, so its cost grows with the number of those after the moment. Call it
/// within [`transaction::read`](bank_db::transaction::read), so that the answers belong together.
///
/// # Errors
///
/// The database's; [`BankError::Corrupt`] if a row breaks the rules.
pub fn balance_at(
    connection: &mut DbConnection,
    name: &AccountName,
    at: DateTime<Utc>,
) -> Result<Option<BalanceAt>, BankError> {
    let Some(RecordedAccount { account, opened_at }) = accounts::find_recorded(connection, name)? else {
        return Ok(None);
    };
    let opening = Held { balance: account.opening_balance, version: AccountVersion::default(), posted_at: None };
    let left_by_transfer = last_held(connection, account.id, StoredTime(at))?;
    let held = left_by_transfer.or((opened_at <= at).then_some(opening));
    Ok(Some(BalanceAt { account, opened_at, held }))
}

fn last_held(connection: &mut DbConnection, account: AccountId, at: StoredTime) -> Result<Option<Held>, BankError> {
    let debit = transfers::table
        .filter(transfers::from_account_id.eq(account.get()))
        .filter(transfers::posted_at.le(at))
        .order(transfers::from_version.desc())
        .select((transfers::from_version, transfers::from_balance_after, transfers::posted_at))
        .first::<HeldRow>(connection)
        .optional()?;
    let credit = transfers::table
        .filter(transfers::to_account_id.eq(account.get()))
        .filter(transfers::posted_at.le(at))
        .order(transfers::to_version.desc())
        .select((transfers::to_version, transfers::to_balance_after, transfers::posted_at))
        .first::<HeldRow>(connection)
        .optional()?;
    Ok([debit, credit].into_iter().flatten().map(Held::from).max_by_key(|held| held.version))
}
