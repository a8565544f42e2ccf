//! The loop that tutorials show: two updates by name in a transaction, each statement sent as text, as psycopg2 does.
//!
//! There is no journal, nothing is locked in order, and no balance is looked at. The tutorial's own table has no index
//! on names, and so every update reads all accounts; bank's has one.

use std::time::{Duration, Instant};

use bank_persistence::Backend;

use crate::failure::Failure;
use crate::measure::{Names, Sample, Spread, time_calls};
use crate::stage::{Ledger, OPENING_BALANCE, Stage, TransferSource};

/// Makes the table of the tutorial.
pub(crate) fn load(stage: &Stage, accounts: u32) -> Result<Ledger, Failure> {
    let ledger = stage.create(Backend::Postgres, "tutorial", accounts)?;
    ledger.plain().try_execute(&format!(
        "CREATE TABLE DemoAccount (id int PRIMARY KEY, name varchar, age int, country varchar, balance int); \
         INSERT INTO DemoAccount SELECT n, 'account-' || lpad(n::text, 8, '0'), 30, 'USA', {OPENING_BALANCE} \
         FROM generate_series(1, {accounts}) AS n"
    ))?;
    stage.vacuum(&ledger)?;
    Ok(ledger)
}

/// Moves money for a time, then checks the total, because there is no journal.
pub(crate) fn run(ledger: &Ledger, names: Names, time: Duration) -> Result<Sample, Failure> {
    let table = match names {
        Names::Scanned => "DemoAccount",
        Names::Indexed => "accounts",
    };
    let mut source = TransferSource::new(ledger.accounts, Spread::Uniform);
    let mut plain = ledger.plain();
    let deadline = Instant::now() + time;
    let transfers = std::iter::from_fn(|| (Instant::now() < deadline).then(|| source.transfer()));
    let sample = time_calls(transfers, |transfer| {
        let (from, to, amount) = (transfer.from.get(), transfer.to.get(), transfer.amount.get());
        plain.try_execute("BEGIN")?;
        plain.try_execute(&format!(
            "UPDATE {table} SET balance = balance - {amount} WHERE name = 'account-{from:08}'"
        ))?;
        plain
            .try_execute(&format!("UPDATE {table} SET balance = balance + {amount} WHERE name = 'account-{to:08}'"))?;
        plain.try_execute("COMMIT")?;
        Ok(1)
    })?;
    ledger.check_total(table)?;
    Ok(sample)
}
