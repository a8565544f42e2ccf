//! SQLite's floor for batches: prepared inserts of the journal rows, in a transaction, and nothing else, through the
//! thinnest binding that is safe.

use bank_domain::PostedTransfer;
use bank_persistence::Bank;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use rusqlite::{Connection, params};

use crate::failure::Failure;
use crate::measure::{Sample, time_batches};
use crate::stage::Ledger;

/// Settings of a connection; the others are in the file.
const PRAGMAS: [&str; 3] = ["cache_size", "synchronous", "temp_store"];

const INSERT: &str = "INSERT INTO transfers (id, from_account_id, to_account_id, amount, from_version, to_version, \
                      from_balance_after, to_balance_after, memo, posted_at, kind) \
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 1)";

/// The time in all rows: bank, too, sends one time for a batch instead of using the column's default.
const POSTED_AT: &str = "2026-07-01T12:00:00.000000Z";

/// Inserts the batches, of which the first is not measured.
pub(crate) fn run(ledger: &mut Ledger, batches: &[Vec<PostedTransfer>]) -> Result<Sample, Failure> {
    let path = ledger.file.as_deref().ok_or_else(|| Failure::Program("the ledger has no file".to_owned()))?;
    let connection = Connection::open(path)?;
    for (name, value) in settings(&ledger.bank(1)?)? {
        connection.pragma_update(None, name, value)?;
    }
    let mut statement = connection.prepare(INSERT)?;
    time_batches(batches, |batch| {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for PostedTransfer { transfer, debit, credit } in batch {
            statement.execute(params![
                transfer.id.as_uuid().as_bytes(),
                transfer.from.get(),
                transfer.to.get(),
                transfer.amount.get(),
                debit.version.get(),
                credit.version.get(),
                debit.balance_after.get(),
                credit.balance_after.get(),
                transfer.memo.as_ref().map(|memo| memo.as_str()),
                POSTED_AT,
            ])?;
        }
        connection.execute_batch("COMMIT")?;
        Ok(ledger.add_rows(batch.len()))
    })
}

#[derive(QueryableByName)]
struct Autocheckpoint {
    #[diesel(sql_type = BigInt, column_name = wal_autocheckpoint)]
    pages: i64,
}

/// Returns the settings of bank's connections, so that both have the same.
fn settings(bank: &Bank) -> Result<Vec<(&'static str, i64)>, Failure> {
    Ok(bank.read("reading settings", |connection| {
        let mut settings = Vec::new();
        for name in PRAGMAS {
            let value = sql::<BigInt>(&format!("{name} FROM pragma_{name}"));
            settings.push((name, diesel::select(value).get_result(connection)?));
        }
        // SQLite has no table-valued function for this one.
        let row: Autocheckpoint = diesel::sql_query("PRAGMA wal_autocheckpoint").get_result(connection)?;
        settings.push(("wal_autocheckpoint", row.pages));
        Ok(settings)
    })?)
}
