//! The posting primitives on PostgreSQL's protocol: few statements, whatever the number of rows.
//!
//! The statements are query fragments of their own rather than `sql_query`, which Diesel prepares again each time.
//!
//! Arrays are written `(SELECT $1)`. Otherwise the planner looks into them, the first times also where statements are
//! prepared, and reads a whole table for a few thousand of its rows; so it sees nothing, and uses the index.

mod accounts;
pub(crate) mod fast;
mod journal;

use bank_db::sql_types::StoredTime;
use bank_domain::{AccountState, PostedTransfer};
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::AstPass;
use diesel::sql_types::{Array, BigInt};

use crate::posting::RowsWritten;

pub(super) use accounts::lock_accounts;
pub(super) use journal::find_transfers;

#[declare_sql_function]
extern "SQL" {
    fn clock_timestamp() -> bank_db::sql_types::Timestamptz;
}

/// Asks for the server's time.
fn now(connection: &mut PgConnection) -> QueryResult<StoredTime> {
    diesel::select(clock_timestamp()).get_result(connection)
}

/// Writes balances and versions of accounts that are locked, and appends to the journal.
pub(super) fn write(
    connection: &mut PgConnection,
    changed: &[AccountState],
    posted: &[&PostedTransfer],
) -> QueryResult<RowsWritten> {
    let balances = accounts::write_balances(connection, changed)?;
    Ok(RowsWritten { balances, transfers: journal::append(connection, posted)? })
}

/// Writes arrays of numbers, of which the planner sees no more than their type.
fn push_arrays<'b>(out: &mut AstPass<'_, 'b, Pg>, columns: impl IntoIterator<Item = &'b Vec<i64>>) -> QueryResult<()> {
    for (place, numbers) in columns.into_iter().enumerate() {
        out.push_sql(if place == 0 { "(SELECT " } else { ", (SELECT " });
        out.push_bind_param::<Array<BigInt>, _>(numbers)?;
        out.push_sql(")");
    }
    Ok(())
}
