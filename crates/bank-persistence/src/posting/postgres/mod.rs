//! The posting primitives on PostgreSQL's protocol: few statements, whatever the number of rows.
//!
//! The statements are query fragments of their own rather than `sql_query`, which Diesel prepares anew each time.
//!
//! Arrays are written `(SELECT $1)`. Otherwise the planner looks into them, the first times also where statements are
//! prepared, and reads a whole table for a few thousand of its rows; so it sees nothing, and takes the index.

mod accounts;
pub(super) mod fast;
mod journal;

use bank_domain::{AccountState, PostedTransfer};
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::AstPass;
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, BigInt, HasSqlType};

use crate::posting::RowsWritten;
use bank_db::sql_types::StoredTime;

pub(super) use accounts::{lock_accounts, move_balances};
pub(super) use fast::single::lock_and_write;
pub(super) use journal::{append, find_postings};

#[declare_sql_function]
extern "SQL" {
    fn clock_timestamp() -> bank_db::sql_types::Timestamptz;
}

/// Asks for the server's time.
pub(super) fn now(connection: &mut PgConnection) -> QueryResult<StoredTime> {
    diesel::select(clock_timestamp()).get_result(connection)
}

/// Writes balances and versions of accounts that are locked, and appends to the journal.
pub(super) fn write(
    connection: &mut PgConnection,
    changed: &[AccountState],
    postings: &[&PostedTransfer],
) -> QueryResult<RowsWritten> {
    let balances = accounts::write_balances(connection, changed)?;
    Ok(RowsWritten { balances, transfers: append(connection, postings)? })
}

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

fn push_arrays<'b>(out: &mut AstPass<'_, 'b, Pg>, columns: impl IntoIterator<Item = &'b Vec<i64>>) -> QueryResult<()> {
    for (place, numbers) in columns.into_iter().enumerate() {
        if place > 0 {
            out.push_sql(", ");
        }
        push_unseen::<Array<BigInt>, _>(out, numbers)?;
    }
    Ok(())
}
