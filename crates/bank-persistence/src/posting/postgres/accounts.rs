//! Statements on accounts.

use bank_domain::{AccountId, AccountState};
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sql_types::{Array, BigInt};

use crate::error::BankError;
use crate::posting::statement::statement;
use crate::rows::{StateColumns, StateRow};

/// Locks in ascending order of id. Joins a set instead of `id = ANY(...)`: with two batch writers the array is searched again
/// for every row that had to be waited for, and both can come to a standstill.
struct LockAccounts {
    ids: Vec<i64>,
}

impl QueryFragment<Pg> for LockAccounts {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        out.push_sql(StateRow::COLUMNS);
        out.push_sql(" FROM accounts AS a JOIN unnest(");
        push_arrays(&mut out, [&self.ids])?;
        out.push_sql(") AS wanted (id) ON a.id = wanted.id ORDER BY a.id FOR UPDATE OF a");
        Ok(())
    }
}

statement!(LockAccounts on PgConnection, returns StateColumns);

pub(in crate::posting) fn lock_accounts(
    connection: &mut PgConnection,
    ids: &[AccountId],
) -> Result<Vec<AccountState>, BankError> {
    let ids = ids.iter().map(|id| id.get()).collect();
    let rows: Vec<StateRow> = LockAccounts { ids }.load(connection)?;
    rows.into_iter().map(AccountState::try_from).collect()
}

/// Writes balances and versions of accounts that are locked.
struct WriteBalances {
    ids: Vec<i64>,
    balances: Vec<i64>,
    versions: Vec<i64>,
}

impl QueryFragment<Pg> for WriteBalances {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("UPDATE accounts AS a SET balance = new.balance, version = new.version FROM unnest(");
        push_arrays(&mut out, [&self.ids, &self.balances, &self.versions])?;
        out.push_sql(") AS new (id, balance, version) WHERE a.id = new.id");
        Ok(())
    }
}

statement!(WriteBalances on PgConnection);

pub(in crate::posting) fn write_balances(
    connection: &mut PgConnection,
    changed: &[AccountState],
) -> QueryResult<usize> {
    let statement = WriteBalances {
        ids: changed.iter().map(|account| account.id.get()).collect(),
        balances: changed.iter().map(|account| account.balance.get()).collect(),
        versions: changed.iter().map(|account| account.version.get()).collect(),
    };
    statement.execute(connection)
}

/// Writes arrays of numbers, of which the planner sees no more than their type.
pub(super) fn push_arrays<'b>(
    out: &mut AstPass<'_, 'b, Pg>,
    columns: impl IntoIterator<Item = &'b Vec<i64>>,
) -> QueryResult<()> {
    for (place, numbers) in columns.into_iter().enumerate() {
        out.push_sql(if place == 0 { "(SELECT " } else { ", (SELECT " });
        out.push_bind_param::<Array<BigInt>, _>(numbers)?;
        out.push_sql(")");
    }
    Ok(())
}
