//! The posting primitives on PostgreSQL's protocol: one statement each, whatever the number of rows.
//!
//! The statements are query fragments of their own rather than `sql_query`, which Diesel prepares anew each time.

mod single;

use bank_domain::{AccountId, AccountState, Memo, Posting};
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Nullable, Text};

use crate::accounts::StateRow;
use crate::error::Error;
use crate::journal::PostingRow;
use crate::schema::transfers;
use crate::sql_types::{StoredUuid, Uuid};

pub(super) use single::lock_and_write;

/// Locks in ascending order of id. Joining a set, not `id = ANY(...)`: with two batch writers the array is searched
/// again for every row that had to be waited for, and both can come to a standstill.
struct LockAccounts {
    ids: Vec<i64>,
}

impl QueryFragment<Pg> for LockAccounts {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "SELECT a.id, a.balance, a.overdraft_limit, a.version \
             FROM accounts AS a JOIN unnest(",
        );
        out.push_bind_param::<Array<BigInt>, _>(&self.ids)?;
        out.push_sql(") AS wanted (id) ON a.id = wanted.id ORDER BY a.id FOR UPDATE OF a");
        Ok(())
    }
}

impl QueryId for LockAccounts {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for LockAccounts {
    type SqlType = (BigInt, BigInt, BigInt, BigInt);
}

impl RunQueryDsl<PgConnection> for LockAccounts {}

pub(super) fn lock_accounts(connection: &mut PgConnection, ids: &[AccountId]) -> Result<Vec<AccountState>, Error> {
    let ids = ids.iter().map(|id| id.get()).collect();
    let rows: Vec<StateRow> = LockAccounts { ids }.load(connection)?;
    rows.into_iter().map(AccountState::try_from).collect()
}

pub(super) fn find_postings(connection: &mut PgConnection, ids: Vec<StoredUuid>) -> QueryResult<Vec<PostingRow>> {
    transfers::table.filter(transfers::id.eq_any(ids)).select(PostingRow::COLUMNS).load(connection)
}

#[derive(Default)]
struct WriteBalances {
    ids: Vec<i64>,
    balances: Vec<i64>,
    versions: Vec<i64>,
}

impl QueryFragment<Pg> for WriteBalances {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("UPDATE accounts AS a SET balance = new.balance, version = new.version FROM unnest(");
        out.push_bind_param::<Array<BigInt>, _>(&self.ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.balances)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.versions)?;
        out.push_sql(") AS new (id, balance, version) WHERE a.id = new.id");
        Ok(())
    }
}

impl QueryId for WriteBalances {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<PgConnection> for WriteBalances {}

pub(super) fn write_balances(connection: &mut PgConnection, changed: &[AccountState]) -> QueryResult<usize> {
    let mut statement = WriteBalances::default();
    for account in changed {
        statement.ids.push(account.id.get());
        statement.balances.push(account.balance.get());
        statement.versions.push(account.version.get());
    }
    statement.execute(connection)
}

#[derive(Default)]
struct AppendToJournal {
    ids: Vec<StoredUuid>,
    from_accounts: Vec<i64>,
    to_accounts: Vec<i64>,
    amounts: Vec<i64>,
    from_versions: Vec<i64>,
    to_versions: Vec<i64>,
    from_balances: Vec<i64>,
    to_balances: Vec<i64>,
    memos: Vec<Option<String>>,
}

impl QueryFragment<Pg> for AppendToJournal {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO transfers (id, from_account_id, to_account_id, amount, from_version, to_version, \
             from_balance_after, to_balance_after, memo) SELECT * FROM unnest(",
        );
        out.push_bind_param::<Array<Uuid>, _>(&self.ids)?;
        for numbers in [
            &self.from_accounts,
            &self.to_accounts,
            &self.amounts,
            &self.from_versions,
            &self.to_versions,
            &self.from_balances,
            &self.to_balances,
        ] {
            out.push_sql(", ");
            out.push_bind_param::<Array<BigInt>, _>(numbers)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.memos)?;
        out.push_sql(")");
        Ok(())
    }
}

impl QueryId for AppendToJournal {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<PgConnection> for AppendToJournal {}

/// From so many rows on, binary COPY is faster than one INSERT with arrays.
const COPY_ROWS_MIN: usize = 1000;

pub(super) fn append_to_journal(connection: &mut PgConnection, postings: &[&Posting]) -> QueryResult<usize> {
    if postings.len() < COPY_ROWS_MIN { insert(connection, postings) } else { copy(connection, postings) }
}

fn insert(connection: &mut PgConnection, postings: &[&Posting]) -> QueryResult<usize> {
    let mut statement = AppendToJournal::default();
    for Posting { transfer, debit, credit } in postings {
        statement.ids.push(StoredUuid(transfer.id.as_uuid()));
        statement.from_accounts.push(transfer.from.get());
        statement.to_accounts.push(transfer.to.get());
        statement.amounts.push(transfer.amount.get());
        statement.from_versions.push(debit.version.get());
        statement.to_versions.push(credit.version.get());
        statement.from_balances.push(debit.balance_after.get());
        statement.to_balances.push(credit.balance_after.get());
        statement.memos.push(transfer.memo.as_ref().map(|memo| memo.as_str().to_owned()));
    }
    statement.execute(connection)
}

#[derive(Insertable)]
#[diesel(table_name = transfers, treat_none_as_default_value = false)]
struct JournalRow<'a> {
    id: StoredUuid,
    from_account_id: i64,
    to_account_id: i64,
    amount: i64,
    from_version: i64,
    to_version: i64,
    from_balance_after: i64,
    to_balance_after: i64,
    memo: Option<&'a str>,
}

fn copy(connection: &mut PgConnection, postings: &[&Posting]) -> QueryResult<usize> {
    let rows = postings.iter().map(|Posting { transfer, debit, credit }| JournalRow {
        id: StoredUuid(transfer.id.as_uuid()),
        from_account_id: transfer.from.get(),
        to_account_id: transfer.to.get(),
        amount: transfer.amount.get(),
        from_version: debit.version.get(),
        to_version: credit.version.get(),
        from_balance_after: debit.balance_after.get(),
        to_balance_after: credit.balance_after.get(),
        memo: transfer.memo.as_ref().map(Memo::as_str),
    });
    diesel::copy_from(transfers::table).from_insertable(rows.collect::<Vec<_>>()).execute(connection)
}
