//! Statements on accounts.

use bank_domain::{AccountId, AccountState};
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt};

use super::fast::net_change::Addition;
use super::{push_arrays, push_unseen};
use crate::accounts::StateRow;
use crate::error::BankError;

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

impl QueryId for WriteBalances {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<PgConnection> for WriteBalances {}

pub(super) fn write_balances(connection: &mut PgConnection, changed: &[AccountState]) -> QueryResult<usize> {
    let statement = WriteBalances {
        ids: changed.iter().map(|account| account.id.get()).collect(),
        balances: changed.iter().map(|account| account.balance.get()).collect(),
        versions: changed.iter().map(|account| account.version.get()).collect(),
    };
    statement.execute(connection)
}

/// Locks, reads and changes in one go. The order in which rows are locked is the plan's: nearly always that of the
/// array, but nothing says so.
struct MoveBalances {
    ids: Vec<i64>,
    sums: Vec<i64>,
    counts: Vec<i64>,
}

impl QueryFragment<Pg> for MoveBalances {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "UPDATE accounts AS a SET balance = a.balance + added.sum, version = a.version + added.count FROM unnest(",
        );
        push_arrays(&mut out, [&self.ids, &self.sums, &self.counts])?;
        out.push_sql(
            ") AS added (id, sum, count) WHERE a.id = added.id \
             RETURNING a.id, a.balance, a.overdraft_limit, a.version",
        );
        Ok(())
    }
}

impl QueryId for MoveBalances {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for MoveBalances {
    type SqlType = (BigInt, BigInt, BigInt, BigInt);
}

impl RunQueryDsl<PgConnection> for MoveBalances {}

/// Adds to balances and versions, and returns the accounts as they are then; missing ones are left out.
pub(in crate::posting) fn move_balances(
    connection: &mut PgConnection,
    additions: &[Addition],
) -> Result<Vec<AccountState>, BankError> {
    let statement = MoveBalances {
        ids: additions.iter().map(|addition| addition.account.get()).collect(),
        sums: additions.iter().map(|addition| addition.sum).collect(),
        counts: additions.iter().map(|addition| addition.count).collect(),
    };
    let rows: Vec<StateRow> = statement.load(connection)?;
    rows.into_iter().map(AccountState::try_from).collect()
}
