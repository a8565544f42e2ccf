//! PostgreSQL's floor for batches: binary COPY of the journal rows, in a transaction, and nothing else.

use bank_domain::PostedTransfer;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use crate::failure::Failure;
use crate::measure::{Sample, time_batches};
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
        kind -> SmallInt,
    }
}

/// The time in all rows, in microseconds since 2000: bank, too, sends one time for a batch.
const POSTED_AT: i64 = 836_222_400_000_000;

/// Copies the batches, of which the first is not measured.
pub(crate) fn run(ledger: &mut Ledger, batches: Vec<Vec<PostedTransfer>>) -> Result<Sample, Failure> {
    let row = |PostedTransfer { transfer, debit, credit }: PostedTransfer| {
        (
            transfers::id.eq(transfer.id.as_uuid().as_bytes().to_vec()),
            transfers::from_account_id.eq(transfer.from.get()),
            transfers::to_account_id.eq(transfer.to.get()),
            transfers::amount.eq(transfer.amount.get()),
            transfers::from_version.eq(debit.version.get()),
            transfers::to_version.eq(credit.version.get()),
            transfers::from_balance_after.eq(debit.balance_after.get()),
            transfers::to_balance_after.eq(credit.balance_after.get()),
            transfers::memo.eq(transfer.memo.map(|memo| memo.as_str().to_owned())),
            transfers::posted_at.eq(POSTED_AT),
            transfers::kind.eq(1_i16),
        )
    };
    let batches: Vec<Vec<_>> = batches.into_iter().map(|batch| batch.into_iter().map(row).collect()).collect();
    let mut connection = PgConnection::establish(&ledger.url)?;
    time_batches(batches, |batch| {
        let rows = batch.len();
        connection.batch_execute("BEGIN")?;
        diesel::copy_from(transfers::table).from_insertable(batch).execute(&mut connection)?;
        connection.batch_execute("COMMIT")?;
        Ok(ledger.add_rows(rows))
    })
}
