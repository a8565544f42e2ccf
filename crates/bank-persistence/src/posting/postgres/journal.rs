//! Statements on the journal.

use bank_db::sql_types::{StoredTime, StoredUuid, Uuid};
use bank_domain::PostedTransfer;
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sql_types::Array;

use crate::posting::statement::statement;
use crate::rows::{TransferColumns, TransferRow};
use crate::schema::transfers;

/// From this number of rows on, binary COPY is faster than an INSERT with arrays.
const COPY_ROWS_MIN: usize = 1000;

pub(in crate::posting) fn find_transfers(
    connection: &mut PgConnection,
    ids: Vec<StoredUuid>,
) -> QueryResult<Vec<TransferRow>> {
    FindTransfers { ids }.load(connection)
}

struct FindTransfers {
    ids: Vec<StoredUuid>,
}

impl QueryFragment<Pg> for FindTransfers {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        TransferRow::push_names(&mut out);
        out.push_sql(" FROM transfers WHERE id = ANY ((SELECT ");
        out.push_bind_param::<Array<Uuid>, _>(&self.ids)?;
        // Without the type it would be a set of arrays, not of ids.
        out.push_sql(")::uuid[])");
        Ok(())
    }
}

statement!(FindTransfers on PgConnection, returns diesel::dsl::SqlTypeOf<diesel::dsl::AsSelect<TransferRow, Pg>>);

/// Appends to the journal, and returns the number of rows.
pub(in crate::posting) fn append(connection: &mut PgConnection, posted: &[&PostedTransfer]) -> QueryResult<usize> {
    if posted.len() < COPY_ROWS_MIN {
        // The server reads its clock in the statement.
        let rows = posted.iter().map(|posted| TransferRow::new(posted, StoredTime::FIRST));
        return Append(rows.collect()).execute(connection);
    }
    let posted_at = now(connection)?;
    let rows: Vec<TransferRow> = posted.iter().map(|posted| TransferRow::new(posted, posted_at)).collect();
    diesel::copy_from(transfers::table).from_insertable(rows).execute(connection)
}

/// New rows of the journal, one array for each column.
struct Append(TransferColumns);

impl QueryFragment<Pg> for Append {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("INSERT INTO transfers (");
        TransferRow::push_names(&mut out);
        out.push_sql(") SELECT new.*, (SELECT clock_timestamp()) FROM unnest(");
        self.0.push_arrays(&mut out)?;
        out.push_sql(") AS new");
        Ok(())
    }
}

statement!(Append on PgConnection);

#[declare_sql_function]
extern "SQL" {
    fn clock_timestamp() -> bank_db::sql_types::Timestamptz;
}

/// Asks for the server's time.
pub(super) fn now(connection: &mut PgConnection) -> QueryResult<StoredTime> {
    diesel::select(clock_timestamp()).get_result(connection)
}
