//! The posting primitives on PostgreSQL's protocol: few statements, whatever the number of rows.
//!
//! The statements are query fragments of their own rather than `sql_query`, which Diesel prepares anew each time.
//!
//! Arrays are written `(SELECT $1)`. Otherwise the planner looks into them, the first times also where statements are
//! prepared, and reads a whole table for a few thousand of its rows; so it sees nothing, and takes the index.

mod single;

use bank_domain::{AccountId, AccountState, Memo, Posting};
use diesel::dsl::SqlTypeOf;
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, BigInt, HasSqlType, Nullable, Text};

use crate::accounts::StateRow;
use crate::error::Error;
use crate::journal::{PostingColumns, PostingRow};
use crate::posting::RowsWritten;
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
        push_unseen::<Array<BigInt>, _>(&mut out, &self.ids)?;
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
    FindPostings { ids }.load(connection)
}

struct FindPostings {
    ids: Vec<StoredUuid>,
}

impl QueryFragment<Pg> for FindPostings {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "SELECT id, from_account_id, to_account_id, amount, from_version, to_version, \
             from_balance_after, to_balance_after, memo FROM transfers WHERE id = ANY (",
        );
        push_unseen::<Array<Uuid>, _>(&mut out, &self.ids)?;
        // Without the type it would be a set of arrays, not of ids.
        out.push_sql("::uuid[])");
        Ok(())
    }
}

impl QueryId for FindPostings {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for FindPostings {
    type SqlType = SqlTypeOf<PostingColumns>;
}

impl RunQueryDsl<PgConnection> for FindPostings {}

/// Writes a value of which the planner sees no more than its type.
fn push_unseen<'b, T, U>(out: &mut AstPass<'_, 'b, Pg>, value: &'b U) -> QueryResult<()>
where
    Pg: HasSqlType<T>,
    U: ToSql<T, Pg> + ?Sized,
{
    out.push_sql("(SELECT ");
    out.push_bind_param::<T, _>(value)?;
    out.push_sql(")");
    Ok(())
}

/// From so many rows on, binary COPY is faster than an INSERT with arrays.
const COPY_ROWS_MIN: usize = 1000;

/// Writes balances and journal, in one statement unless there are so many rows that COPY is worth a statement more.
pub(super) fn write(
    connection: &mut PgConnection,
    changed: &[AccountState],
    postings: &[&Posting],
) -> QueryResult<RowsWritten> {
    let balances = Balances::of(changed);
    if postings.len() < COPY_ROWS_MIN {
        let statement = WriteAll { balances, journal: Journal::of(postings) };
        let (balances, transfers): (i64, i64) = statement.get_result(connection)?;
        // A negative count cannot be; it would be found to differ from what was wanted.
        let count = |rows: i64| usize::try_from(rows).unwrap_or(usize::MAX);
        return Ok(RowsWritten { balances: count(balances), transfers: count(transfers) });
    }
    let balances = WriteBalances(balances).execute(connection)?;
    Ok(RowsWritten { balances, transfers: copy(connection, postings)? })
}

/// The accounts as they are to be, one array for each column.
#[derive(Default)]
struct Balances {
    ids: Vec<i64>,
    balances: Vec<i64>,
    versions: Vec<i64>,
}

impl Balances {
    fn of(changed: &[AccountState]) -> Self {
        let mut columns = Self::default();
        for account in changed {
            columns.ids.push(account.id.get());
            columns.balances.push(account.balance.get());
            columns.versions.push(account.version.get());
        }
        columns
    }

    fn push_update<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("UPDATE accounts AS a SET balance = new.balance, version = new.version FROM unnest(");
        push_arrays(out, [&self.ids, &self.balances, &self.versions])?;
        out.push_sql(") AS new (id, balance, version) WHERE a.id = new.id");
        Ok(())
    }
}

/// New rows of the journal, one array for each column.
#[derive(Default)]
struct Journal {
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

impl Journal {
    fn of(postings: &[&Posting]) -> Self {
        let mut columns = Self::default();
        for Posting { transfer, debit, credit } in postings {
            columns.ids.push(StoredUuid(transfer.id.as_uuid()));
            columns.from_accounts.push(transfer.from.get());
            columns.to_accounts.push(transfer.to.get());
            columns.amounts.push(transfer.amount.get());
            columns.from_versions.push(debit.version.get());
            columns.to_versions.push(credit.version.get());
            columns.from_balances.push(debit.balance_after.get());
            columns.to_balances.push(credit.balance_after.get());
            columns.memos.push(transfer.memo.as_ref().map(|memo| memo.as_str().to_owned()));
        }
        columns
    }

    fn push_insert<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO transfers (id, from_account_id, to_account_id, amount, from_version, to_version, \
             from_balance_after, to_balance_after, memo) SELECT * FROM unnest(",
        );
        out.push_bind_param::<Array<Uuid>, _>(&self.ids)?;
        out.push_sql(", ");
        let accounts = [&self.from_accounts, &self.to_accounts];
        let entries = [&self.from_versions, &self.to_versions, &self.from_balances, &self.to_balances];
        push_arrays(out, accounts.into_iter().chain([&self.amounts]).chain(entries))?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.memos)?;
        out.push_sql(")");
        Ok(())
    }
}

fn push_arrays<'b>(out: &mut AstPass<'_, 'b, Pg>, columns: impl IntoIterator<Item = &'b Vec<i64>>) -> QueryResult<()> {
    for (place, numbers) in columns.into_iter().enumerate() {
        if place > 0 {
            out.push_sql(", ");
        }
        push_unseen::<Array<BigInt>, _>(out, numbers)?;
    }
    Ok(())
}

struct WriteBalances(Balances);

impl QueryFragment<Pg> for WriteBalances {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.push_update(&mut out)
    }
}

impl QueryId for WriteBalances {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<PgConnection> for WriteBalances {}

/// Both in one round trip; answers with the numbers of rows.
struct WriteAll {
    balances: Balances,
    journal: Journal,
}

impl QueryFragment<Pg> for WriteAll {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH moved AS (");
        self.balances.push_update(&mut out)?;
        out.push_sql(" RETURNING 1), recorded AS (");
        self.journal.push_insert(&mut out)?;
        out.push_sql(" RETURNING 1) SELECT (SELECT count(*) FROM moved), (SELECT count(*) FROM recorded)");
        Ok(())
    }
}

impl QueryId for WriteAll {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for WriteAll {
    type SqlType = (BigInt, BigInt);
}

impl RunQueryDsl<PgConnection> for WriteAll {}

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
