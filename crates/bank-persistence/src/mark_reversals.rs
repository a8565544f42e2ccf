//! A step of the upgrade of a ledger of the first schema, which kept the link of a reversal in its memo: those transfers get
//! their kind and related transfer, and the memo keeps only the user's note.
//!
//! Telling a reversal from a typed memo takes the id that is derived from the original's, which SQL cannot compute. The step
//! goes through the journal in the order of the ids. Stopped and begun again, it finds only what is left.

use bank_db::CodedMigration;
use bank_db::sql_types::{StoredUuid, Uuid as SqlUuid};
use bank_domain::{TransferId, TransferKind, first_edition_reversal};
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, Nullable, SmallInt, Text};
use diesel::sqlite::SqliteConnection;
use uuid::Uuid;

use crate::rows::stored_kind;
use crate::schema::transfers;

pub(crate) const MIGRATION: CodedMigration =
    CodedMigration { name: "2026-11-27-000015_mark_reversals", postgres: mark_on_server, sqlite: mark_on_sqlite };

/// How many rows a chunk has.
const CHUNK: i64 = 1000;

/// A row that may be a reversal: its id and memo.
type Row = (StoredUuid, Option<String>);

/// A row that is one.
struct Reversal {
    id: StoredUuid,
    related: StoredUuid,
    memo: Option<String>,
}

/// Reads the next rows of payments whose memo begins as that of a reversal.
macro_rules! candidates {
    ($connection:expr, $after:expr) => {
        transfers::table
            .filter(transfers::kind.eq(stored_kind(TransferKind::Payment)))
            .filter(transfers::id.gt(StoredUuid($after)))
            .filter(transfers::memo.like("reverses %"))
            .order(transfers::id)
            .limit(CHUNK)
            .select((transfers::id, transfers::memo))
            .load::<Row>($connection)
    };
}

fn mark_on_server(connection: &mut PgConnection) -> QueryResult<()> {
    let mut after = Uuid::nil();
    loop {
        let rows = candidates!(connection, after)?;
        let Some(last) = rows.last().map(|row| row.0.0) else { return Ok(()) };
        Mark::new(reversals(rows)).execute(connection)?;
        after = last;
    }
}

fn mark_on_sqlite(connection: &mut SqliteConnection) -> QueryResult<()> {
    let mut after = Uuid::nil();
    loop {
        let rows = candidates!(connection, after)?;
        let Some(last) = rows.last().map(|row| row.0.0) else { return Ok(()) };
        for Reversal { id, related, memo } in reversals(rows) {
            let changed = (
                transfers::kind.eq(reversal_kind(related)),
                transfers::related_id.eq(related),
                transfers::memo.eq(memo),
            );
            diesel::update(transfers::table.find(id)).set(changed).execute(connection)?;
        }
        after = last;
    }
}

fn reversals(rows: Vec<Row>) -> impl Iterator<Item = Reversal> {
    rows.into_iter().filter_map(|(id, memo)| {
        let memo = memo?;
        let (original, note) = first_edition_reversal(TransferId::from_uuid(id.0), &memo)?;
        Some(Reversal { id, related: StoredUuid(original.as_uuid()), memo: note.map(str::to_owned) })
    })
}

const fn reversal_kind(related: StoredUuid) -> i16 {
    stored_kind(TransferKind::Reversal { of: TransferId::from_uuid(related.0) })
}

/// Marks a chunk in one statement, which is a transaction by itself.
#[derive(Default)]
struct Mark {
    ids: Vec<StoredUuid>,
    kinds: Vec<i16>,
    related: Vec<StoredUuid>,
    memos: Vec<Option<String>>,
}

impl Mark {
    fn new(reversals: impl Iterator<Item = Reversal>) -> Self {
        let mut statement = Self::default();
        for Reversal { id, related, memo } in reversals {
            statement.ids.push(id);
            statement.kinds.push(reversal_kind(related));
            statement.related.push(related);
            statement.memos.push(memo);
        }
        statement
    }
}

impl QueryFragment<Pg> for Mark {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "UPDATE transfers AS t SET kind = new.kind, related_id = new.related_id, memo = new.memo FROM unnest(",
        );
        out.push_bind_param::<Array<SqlUuid>, _>(&self.ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<SmallInt>, _>(&self.kinds)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<SqlUuid>, _>(&self.related)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.memos)?;
        out.push_sql(") AS new (id, kind, related_id, memo) WHERE t.id = new.id");
        Ok(())
    }
}

impl QueryId for Mark {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<PgConnection> for Mark {}
