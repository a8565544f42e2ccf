//! Statements on the journal.

use bank_domain::{Memo, PostedTransfer};
use diesel::dsl::SqlTypeOf;
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, Nullable, Text};

use super::{now, push_arrays, push_unseen};
use crate::journal::{PostingColumns, PostingRow};
use crate::schema::transfers;
use bank_db::sql_types::{StoredTime, StoredUuid, Uuid};

/// From so many rows on, binary COPY is faster than an INSERT with arrays.
const COPY_ROWS_MIN: usize = 1000;

pub(in crate::posting) fn find_postings(
    connection: &mut PgConnection,
    ids: Vec<StoredUuid>,
) -> QueryResult<Vec<PostingRow>> {
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

/// Appends postings to the journal, and returns how many.
pub(in crate::posting) fn append(connection: &mut PgConnection, postings: &[&PostedTransfer]) -> QueryResult<usize> {
    if postings.len() < COPY_ROWS_MIN { Append::of(postings).execute(connection) } else { copy(connection, postings) }
}

/// New rows of the journal, one array for each column.
#[derive(Default)]
struct Append {
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

impl Append {
    fn of(postings: &[&PostedTransfer]) -> Self {
        let mut columns = Self::default();
        for PostedTransfer { transfer, debit, credit } in postings {
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
}

impl QueryFragment<Pg> for Append {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO transfers (id, from_account_id, to_account_id, amount, from_version, to_version, \
             from_balance_after, to_balance_after, memo, posted_at) \
             SELECT new.*, (SELECT clock_timestamp()) FROM unnest(",
        );
        out.push_bind_param::<Array<Uuid>, _>(&self.ids)?;
        out.push_sql(", ");
        let accounts = [&self.from_accounts, &self.to_accounts];
        let entries = [&self.from_versions, &self.to_versions, &self.from_balances, &self.to_balances];
        push_arrays(&mut out, accounts.into_iter().chain([&self.amounts]).chain(entries))?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.memos)?;
        out.push_sql(") AS new");
        Ok(())
    }
}

impl QueryId for Append {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<PgConnection> for Append {}

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
    posted_at: StoredTime,
}

fn copy(connection: &mut PgConnection, postings: &[&PostedTransfer]) -> QueryResult<usize> {
    let posted_at = now(connection)?;
    let rows = postings.iter().map(|PostedTransfer { transfer, debit, credit }| JournalRow {
        id: StoredUuid(transfer.id.as_uuid()),
        from_account_id: transfer.from.get(),
        to_account_id: transfer.to.get(),
        amount: transfer.amount.get(),
        from_version: debit.version.get(),
        to_version: credit.version.get(),
        from_balance_after: debit.balance_after.get(),
        to_balance_after: credit.balance_after.get(),
        memo: transfer.memo.as_ref().map(Memo::as_str),
        posted_at,
    });
    diesel::copy_from(transfers::table).from_insertable(rows.collect::<Vec<_>>()).execute(connection)
}
