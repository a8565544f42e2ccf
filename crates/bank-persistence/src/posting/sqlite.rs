//! The posting primitives on SQLite: accounts are read with one statement, rows are written with prepared ones. There is
//! no round trip to save, and the transaction holds the write lock from its beginning, so there is nothing to lock.
//!
//! The statements are query fragments of their own, which Diesel walks faster than those of its query builder.

use bank_domain::{AccountId, AccountState, Memo, PostedTransfer};
use chrono::Utc;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::sqlite::{Sqlite, SqliteConnection};

use crate::accounts::StateRow;
use crate::error::BankError;
use crate::journal::PostingRow;
use crate::posting::RowsWritten;
use crate::schema::transfers;
use bank_db::sql_types::{StoredTime, StoredUuid, Uuid};

/// The ids as a JSON array, which SQLite joins as a table.
struct ReadAccounts {
    ids: String,
}

impl QueryFragment<Sqlite> for ReadAccounts {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("SELECT a.id, a.balance, a.overdraft_limit, a.version FROM json_each(");
        out.push_bind_param::<Text, _>(&self.ids)?;
        out.push_sql(") AS wanted CROSS JOIN accounts AS a ON a.id = wanted.value");
        Ok(())
    }
}

impl QueryId for ReadAccounts {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for ReadAccounts {
    type SqlType = (BigInt, BigInt, BigInt, BigInt);
}

impl RunQueryDsl<SqliteConnection> for ReadAccounts {}

pub(super) fn read_accounts(
    connection: &mut SqliteConnection,
    ids: &[AccountId],
) -> Result<Vec<AccountState>, BankError> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let rows: Vec<StateRow> = ReadAccounts { ids: format!("[{}]", ids.join(",")) }.load(connection)?;
    rows.into_iter().map(AccountState::try_from).collect()
}

pub(super) fn find_postings(connection: &mut SqliteConnection, ids: &[StoredUuid]) -> QueryResult<Vec<PostingRow>> {
    let mut postings = Vec::new();
    for id in ids {
        let row = transfers::table.find(id).select(PostingRow::COLUMNS).get_result(connection).optional()?;
        postings.extend(row);
    }
    Ok(postings)
}

pub(super) fn write(
    connection: &mut SqliteConnection,
    changed: &[AccountState],
    postings: &[&PostedTransfer],
) -> QueryResult<RowsWritten> {
    let balances = write_balances(connection, changed)?;
    let transfers = append_to_journal(connection, postings)?;
    Ok(RowsWritten { balances, transfers })
}

fn write_balances(connection: &mut SqliteConnection, changed: &[AccountState]) -> QueryResult<usize> {
    let mut rows: usize = 0;
    for account in changed {
        let statement =
            WriteBalance { id: account.id.get(), balance: account.balance.get(), version: account.version.get() };
        rows = rows.saturating_add(statement.execute(connection)?);
    }
    Ok(rows)
}

/// How many rows a statement appends: each statement costs Diesel and SQLite as much as half a row.
const ROWS_A_STATEMENT: usize = 16;

/// The column's default would compute the time for each row, which takes a twelfth of a large batch's time.
fn append_to_journal(connection: &mut SqliteConnection, postings: &[&PostedTransfer]) -> QueryResult<usize> {
    let posted_at = StoredTime(Utc::now()).sqlite_text();
    let row_of = |posting| Row::of(posting, &posted_at);
    let (full, rest) = postings.as_chunks::<ROWS_A_STATEMENT>();
    let mut rows: usize = 0;
    for postings in full {
        rows = rows.saturating_add(Append(postings.map(row_of)).execute(connection)?);
    }
    for posting in rest {
        rows = rows.saturating_add(Append([row_of(posting)]).execute(connection)?);
    }
    Ok(rows)
}

/// A row of the journal.
struct Row<'a> {
    id: StoredUuid,
    numbers: [i64; 7],
    memo: Option<&'a str>,
    posted_at: &'a str,
}

impl<'a> Row<'a> {
    fn of(posting: &'a PostedTransfer, posted_at: &'a str) -> Self {
        let PostedTransfer { transfer, debit, credit } = posting;
        Self {
            id: StoredUuid(transfer.id.as_uuid()),
            numbers: [
                transfer.from.get(),
                transfer.to.get(),
                transfer.amount.get(),
                debit.version.get(),
                credit.version.get(),
                debit.balance_after.get(),
                credit.balance_after.get(),
            ],
            memo: transfer.memo.as_ref().map(Memo::as_str),
            posted_at,
        }
    }
}

/// Appends some rows.
///
/// `OR FAIL` leaves those there that were appended before one was refused. Nothing is lost by that, as every error of
/// posting ends in a rollback; otherwise SQLite would keep the old pages for each statement of several rows, which costs
/// more than the statements saved.
struct Append<'a, const N: usize>([Row<'a>; N]);

impl<const N: usize> QueryFragment<Sqlite> for Append<'_, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(
            "INSERT OR FAIL INTO transfers (id, from_account_id, to_account_id, amount, from_version, to_version, \
             from_balance_after, to_balance_after, memo, posted_at) VALUES ",
        );
        for (place, row) in self.0.iter().enumerate() {
            out.push_sql(if place == 0 { "(" } else { ", (" });
            out.push_bind_param::<Uuid, _>(&row.id)?;
            for number in &row.numbers {
                out.push_sql(", ");
                out.push_bind_param::<BigInt, _>(number)?;
            }
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Text>, _>(&row.memo)?;
            out.push_sql(", ");
            out.push_bind_param::<Text, _>(row.posted_at)?;
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

impl QueryId for WriteBalance {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<SqliteConnection> for WriteBalance {}
