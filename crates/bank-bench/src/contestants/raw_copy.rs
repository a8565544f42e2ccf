//! PostgreSQL's floor for batches: binary COPY of the journal rows, in a transaction, and nothing else.

use std::time::Instant;

use bank_domain::PostedTransfer;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::failure::Failure;
use crate::measure::{Latencies, Sample, rate};
use crate::stage::Ledger;

diesel::table! {
    // In binary form a UUID is its 16 bytes and a time a number, so these types need not be known here.
    transfers (id) {
        id -> Binary,
        from_account_id -> BigInt,
        to_account_id -> BigInt,
        amount -> BigInt,
        from_version -> BigInt,
        to_version -> BigInt,
        from_balance_after -> BigInt,
        to_balance_after -> BigInt,
        memo -> Nullable<Text>,
        posted_at -> BigInt,
    }
}

#[derive(Insertable)]
#[diesel(table_name = transfers, treat_none_as_default_value = false)]
struct JournalRow {
    id: Vec<u8>,
    from_account_id: i64,
    to_account_id: i64,
    amount: i64,
    from_version: i64,
    to_version: i64,
    from_balance_after: i64,
    to_balance_after: i64,
    memo: Option<String>,
    posted_at: i64,
}

/// The time in all rows, in microseconds since 2000: bank sends one for a batch and leaves nothing to the column's default.
const POSTED_AT: i64 = 836_222_400_000_000;

/// Copies the batches, of which the first is not measured, and checks that all rows are there.
pub(crate) fn run(ledger: &Ledger, batches: Vec<Vec<PostedTransfer>>) -> Result<Sample, Failure> {
    let mut batches: Vec<Vec<JournalRow>> =
        batches.into_iter().map(|batch| batch.into_iter().map(JournalRow::from).collect()).collect();
    let all: usize = batches.iter().map(Vec::len).sum();
    let measured = batches.split_off(1);
    let mut connection = PgConnection::establish(&ledger.url)?;
    batches.into_iter().try_for_each(|batch| copy(&mut connection, batch))?;
    let mut latencies = Latencies::new()?;
    let rows: usize = measured.iter().map(Vec::len).sum();
    let started = Instant::now();
    for batch in measured {
        let began = Instant::now();
        copy(&mut connection, batch)?;
        latencies.add(began.elapsed());
    }
    let transfers_per_second = rate(u64::try_from(rows).unwrap_or(u64::MAX), started.elapsed());
    let found = ledger.journal_rows();
    if found != ledger.posted + u64::try_from(all).unwrap_or(u64::MAX) {
        return Err(Failure::Broken(format!("COPY left {found} rows")));
    }
    Ok(Sample { latency: latencies.summary(), ..Sample::of_rate(transfers_per_second) })
}

fn copy(connection: &mut PgConnection, rows: Vec<JournalRow>) -> Result<(), Failure> {
    connection.batch_execute("BEGIN")?;
    diesel::copy_from(transfers::table).from_insertable(rows).execute(connection)?;
    Ok(connection.batch_execute("COMMIT")?)
}

impl From<PostedTransfer> for JournalRow {
    fn from(PostedTransfer { transfer, debit, credit }: PostedTransfer) -> Self {
        Self {
            id: transfer.id.as_uuid().as_bytes().to_vec(),
            from_account_id: transfer.from.get(),
            to_account_id: transfer.to.get(),
            amount: transfer.amount.get(),
            from_version: debit.version.get(),
            to_version: credit.version.get(),
            from_balance_after: debit.balance_after.get(),
            to_balance_after: credit.balance_after.get(),
            memo: transfer.memo.map(|memo| memo.as_str().to_owned()),
            posted_at: POSTED_AT,
        }
    }
}
