//! SQLite's floor for batches: prepared inserts of the journal rows, in a transaction, and nothing else, through the
//! thinnest binding that is safe.

use std::time::Instant;

use bank_domain::PostedTransfer;
use bank_persistence::Bank;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use rusqlite::{Connection, Statement, params};

use crate::failure::Failure;
use crate::measure::{Latencies, Sample, rate};
use crate::stage::Ledger;

/// What each connection sets for itself; the rest is in the file.
const PRAGMAS: [&str; 3] = ["cache_size", "synchronous", "temp_store"];

const INSERT: &str = "INSERT INTO transfers (id, from_account_id, to_account_id, amount, from_version, to_version, \
                      from_balance_after, to_balance_after, memo, posted_at) \
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

/// The time in all rows: bank reads the clock once for a batch, and does not leave it to the column's default, either.
const POSTED_AT: &str = "2026-07-01T12:00:00.000000Z";

/// Inserts the batches, of which the first is not measured, and checks that all rows are there.
pub(crate) fn run(ledger: &Ledger, batches: &[Vec<PostedTransfer>]) -> Result<Sample, Failure> {
    let path = ledger.file.as_deref().ok_or_else(|| Failure::Program("there is no file".to_owned()))?;
    let connection = Connection::open(path)?;
    for (name, value) in settings_of(&ledger.bank(1)?)? {
        connection.pragma_update(None, name, value)?;
    }
    let mut statement = connection.prepare(INSERT)?;
    let (warm_up, measured) = batches.split_at(1);
    warm_up.iter().try_for_each(|batch| insert(&connection, &mut statement, batch))?;
    let mut latencies = Latencies::new()?;
    let started = Instant::now();
    for batch in measured {
        let began = Instant::now();
        insert(&connection, &mut statement, batch)?;
        latencies.add(began.elapsed());
    }
    let elapsed = started.elapsed();
    let rows = |batches: &[Vec<PostedTransfer>]| {
        u64::try_from(batches.iter().map(Vec::len).sum::<usize>()).unwrap_or(u64::MAX)
    };
    let found = ledger.journal_rows();
    if found != ledger.posted + rows(batches) {
        return Err(Failure::Broken(format!("the inserts left {found} rows")));
    }
    Ok(Sample { latency: latencies.summary(), ..Sample::of_rate(rate(rows(measured), elapsed)) })
}

fn insert(connection: &Connection, statement: &mut Statement<'_>, postings: &[PostedTransfer]) -> Result<(), Failure> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    for PostedTransfer { transfer, debit, credit } in postings {
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
    Ok(connection.execute_batch("COMMIT")?)
}

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct Autocheckpoint {
    #[diesel(sql_type = BigInt, column_name = wal_autocheckpoint)]
    pages: i64,
}

/// Returns how bank sets its connections, so that both are set alike.
fn settings_of(bank: &Bank) -> Result<Vec<(&'static str, i64)>, Failure> {
    let mut settings = Vec::new();
    for name in PRAGMAS {
        let sql = format!("SELECT {name} AS value FROM pragma_{name}");
        let rows =
            bank.read("reading a setting", |connection| Ok(diesel::sql_query(&sql).load::<Setting>(connection)?))?;
        settings.extend(rows.into_iter().map(|row| (name, row.value)));
    }
    // This one cannot be selected from.
    let rows = bank.read("reading a setting", |connection| {
        Ok(diesel::sql_query("PRAGMA wal_autocheckpoint").load::<Autocheckpoint>(connection)?)
    })?;
    settings.extend(rows.into_iter().map(|row| ("wal_autocheckpoint", row.pages)));
    Ok(settings)
}
