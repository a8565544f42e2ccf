//! The loop that tutorials show: two updates by name in a transaction, each statement sent as text, as psycopg2 does.

use std::time::{Duration, Instant};

use crate::clock::{Latencies, rate};
use crate::contestant::Spread;
use crate::draw::Draw;
use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::sample::Sample;

/// Moves money on one connection for a time. There is no journal and nothing is locked in order.
pub(crate) fn run(ledger: &Ledger, time: Duration) -> Result<Sample, Failure> {
    let mut sql = ledger.sql()?;
    let mut draw = Draw::new(ledger.accounts, Spread::Uniform);
    let mut latencies = Latencies::new()?;
    let started = Instant::now();
    let mut transfers = 0;
    while started.elapsed() < time {
        let transfer = draw.transfer()?;
        let (from, to, amount) = (transfer.from.get(), transfer.to.get(), transfer.amount.get());
        let began = Instant::now();
        sql.execute("BEGIN")?;
        sql.execute(&format!("UPDATE accounts SET balance = balance - {amount} WHERE name = 'account-{from:08}'"))?;
        sql.execute(&format!("UPDATE accounts SET balance = balance + {amount} WHERE name = 'account-{to:08}'"))?;
        sql.execute("COMMIT")?;
        latencies.add(began.elapsed());
        transfers += 1;
    }
    let transfers_per_second = rate(transfers, started.elapsed());
    ledger.check_total()?;
    Ok(Sample { latency: latencies.summary(), ..Sample::of_rate(transfers_per_second) })
}
