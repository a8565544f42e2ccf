//! The posting primitives on SQLite: accounts are read with one statement, rows are written with prepared ones. There is
//! no round trip to save, and the transaction holds the write lock from its beginning, so there is nothing to lock.

use bank_db::sql_types::{StoredTime, StoredUuid};
use bank_domain::{AccountId, AccountState, PostedTransfer};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::{Sqlite, SqliteConnection};

use crate::error::BankError;
use crate::posting::statement::statement;
use crate::rows::{StateColumns, StateRow, TransferRow};
use crate::schema::transfers;

/// The ids as a JSON array, which SQLite joins as a table.
struct ReadAccounts {
    ids: String,
}

impl QueryFragment<Sqlite> for ReadAccounts {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        out.push_sql(StateRow::COLUMNS);
        out.push_sql(" FROM json_each(");
        out.push_bind_param::<Text, _>(&self.ids)?;
        out.push_sql(") AS wanted CROSS JOIN accounts AS a ON a.id = wanted.value");
        Ok(())
    }
}

statement!(ReadAccounts on SqliteConnection, returns StateColumns);

pub(super) fn read_accounts(
    connection: &mut SqliteConnection,
    ids: &[AccountId],
) -> Result<Vec<AccountState>, BankError> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let rows: Vec<StateRow> = ReadAccounts { ids: format!("[{}]", ids.join(",")) }.load(connection)?;
    rows.into_iter().map(AccountState::try_from).collect()
}

pub(super) fn find_transfers(connection: &mut SqliteConnection, ids: &[StoredUuid]) -> QueryResult<Vec<TransferRow>> {
    let mut found = Vec::new();
    for id in ids {
        let row: Option<TransferRow> =
            transfers::table.find(id).select(TransferRow::as_select()).get_result(connection).optional()?;
        found.extend(row);
    }
    Ok(found)
}

/// Writes balances and versions.
pub(super) fn write_balances(connection: &mut SqliteConnection, changed: &[AccountState]) -> QueryResult<usize> {
    let mut rows: usize = 0;
    for account in changed {
        let statement =
            WriteBalance { id: account.id.get(), balance: account.balance.get(), version: account.version.get() };
        rows = rows.saturating_add(statement.execute(connection)?);
    }
    Ok(rows)
}

/// How many rows a statement appends: each statement costs Diesel and SQLite as much as half a row.
const ROWS_PER_STATEMENT: usize = 16;

/// Appends to the journal, and returns the number of rows.
///
/// The column's default would compute the time for each row, which takes a twelfth of a large batch's time.
pub(super) fn append(connection: &mut SqliteConnection, posted: &[&PostedTransfer]) -> QueryResult<usize> {
    let now = StoredTime::now();
    let posted_at = &now.sqlite_text();
    let row = |posted: &PostedTransfer| TransferRow::new(posted, now);
    let (full, rest) = posted.as_chunks::<ROWS_PER_STATEMENT>();
    let mut rows: usize = 0;
    for posted in full {
        rows = rows.saturating_add(Append { rows: posted.map(row), posted_at }.execute(connection)?);
    }
    for posted in rest {
        rows = rows.saturating_add(Append { rows: [row(posted)], posted_at }.execute(connection)?);
    }
    Ok(rows)
}

/// Appends some rows.
///
/// `OR FAIL` leaves those there that were appended before one was rejected. Nothing is lost by that, as every error of
/// posting ends in a rollback; otherwise SQLite would keep the old pages for each statement of several rows, which costs
/// more than the statements saved.
struct Append<'a, const N: usize> {
    rows: [TransferRow; N],
    /// The time of all rows, as SQLite keeps it.
    posted_at: &'a str,
}

impl<const N: usize> QueryFragment<Sqlite> for Append<'_, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("INSERT OR FAIL INTO transfers (");
        TransferRow::push_names(&mut out);
        out.push_sql(") VALUES ");
        for (place, row) in self.rows.iter().enumerate() {
            out.push_sql(if place == 0 { "(" } else { ", (" });
            row.push_values(&mut out)?;
            out.push_bind_param::<Text, _>(self.posted_at)?;
            out.push_sql(")");
        }
        Ok(())
    }
}

impl<const N: usize> QueryId for Append<'_, N> {
    type QueryId = Append<'static, N>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<const N: usize> RunQueryDsl<SqliteConnection> for Append<'_, N> {}

struct WriteBalance {
    id: i64,
    balance: i64,
    version: i64,
}

impl QueryFragment<Sqlite> for WriteBalance {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("UPDATE accounts SET balance = ");
        out.push_bind_param::<BigInt, _>(&self.balance)?;
        out.push_sql(", version = ");
        out.push_bind_param::<BigInt, _>(&self.version)?;
        out.push_sql(" WHERE id = ");
        out.push_bind_param::<BigInt, _>(&self.id)
    }
}

statement!(WriteBalance on SqliteConnection);
