//! The loop that tutorials show: two updates by name in a transaction, each statement sent as text, as psycopg2 does.
//!
//! There is no journal, nothing is locked in order, and no balance is looked at. The tutorial's own table has no index
//! on names, and so every update reads all accounts; bank's has one.

use std::time::{Duration, Instant};

use bank_tests::plain::Plain;

use crate::draw::{Draw, OPENING_BALANCE};
use crate::failure::Failure;
use crate::measure::{Latencies, Sample, Spread, rate};
use crate::scale::Scale;
use crate::stage::{Ledger, Server, Stage};

/// The table as the tutorial makes it.
const TABLE: &str =
    "CREATE TABLE DemoAccount (id int PRIMARY KEY, name varchar, age int, country varchar, balance int)";

const ORIGINAL: &str = "tutorial";
const FRESH: &str = "tutorial_run";

/// A database with the tutorial's own table.
#[derive(Debug)]
pub(crate) struct Tutorial {
    accounts: u32,
    time: Duration,
}

impl Tutorial {
    /// Makes the table, with as many accounts as bank has.
    pub(crate) fn load(server: &Server, scale: &Scale) -> Result<Self, Failure> {
        let &Scale { accounts, time, .. } = scale;
        server.create(ORIGINAL)?;
        let mut plain = server.plain(ORIGINAL);
        plain.try_execute(TABLE)?;
        plain.try_execute(&format!(
            "INSERT INTO DemoAccount SELECT n, 'account-' || lpad(n::text, 8, '0'), 30, 'USA', {OPENING_BALANCE} \
             FROM generate_series(1, {accounts}) AS n"
        ))?;
        plain.try_execute("VACUUM (ANALYZE)")?;
        Ok(Self { accounts, time })
    }

    /// Moves money in a fresh copy of the tutorial's table for a time.
    pub(crate) fn run(&self, stage: &Stage) -> Result<Sample, Failure> {
        stage.server.copy(ORIGINAL, FRESH)?;
        stage.server.checkpoint()?;
        let mut plain = stage.server.plain(FRESH);
        let sample = self.move_money(&mut plain, "DemoAccount", self.accounts)?;
        let total = plain.number("SELECT CAST(sum(balance) AS BIGINT) AS value FROM DemoAccount");
        if total != i64::from(self.accounts).saturating_mul(OPENING_BALANCE) {
            return Err(Failure::Broken(format!("the balances of the tutorial's table total {total}")));
        }
        Ok(sample)
    }

    /// Moves money between bank's accounts for a time.
    pub(crate) fn run_on(&self, ledger: &Ledger) -> Result<Sample, Failure> {
        let sample = self.move_money(&mut ledger.plain(), "accounts", ledger.accounts)?;
        ledger.check_total()?;
        Ok(sample)
    }

    fn move_money(&self, plain: &mut Plain, table: &str, accounts: u32) -> Result<Sample, Failure> {
        let mut draw = Draw::new(accounts, Spread::Uniform);
        let mut latencies = Latencies::new()?;
        let started = Instant::now();
        let mut transfers = 0;
        while started.elapsed() < self.time {
            let transfer = draw.transfer()?;
            let (from, to, amount) = (transfer.from.get(), transfer.to.get(), transfer.amount.get());
            let began = Instant::now();
            plain.try_execute("BEGIN")?;
            plain.try_execute(&format!(
                "UPDATE {table} SET balance = balance - {amount} WHERE name = 'account-{from:08}'"
            ))?;
            plain.try_execute(&format!(
                "UPDATE {table} SET balance = balance + {amount} WHERE name = 'account-{to:08}'"
            ))?;
            plain.try_execute("COMMIT")?;
            latencies.add(began.elapsed());
            transfers += 1;
        }
        let transfers_per_second = rate(transfers, started.elapsed());
        Ok(Sample { latency: latencies.summary(), ..Sample::of_rate(transfers_per_second) })
    }
}
