//! The design of pgledger, a ledger in PostgreSQL: two sorted row locks, two updates and three inserts a transfer, in
//! tables of its own; statement by statement, and as the function that its users call.

use std::time::Duration;

use crate::contestants::pgbench;
use crate::draw::OPENING_BALANCE;
use crate::failure::Failure;
use crate::measure::{Form, Load, Sample, Spread};
use crate::scale::Scale;
use crate::stage::{Server, Stage};

const TABLES: &str = include_str!("../../sql/pgledger_tables.sql");
const STATEMENTS: &str = include_str!("../../sql/pgledger_statements.sql");
const FUNCTION: &str = include_str!("../../sql/pgledger_function.sql");

const ORIGINAL: &str = "pgledger";
const FRESH: &str = "pgledger_run";

/// A ledger of that design.
#[derive(Debug)]
pub(crate) struct Pgledger {
    accounts: u32,
    posted: u32,
    time: Duration,
}

impl Pgledger {
    /// Makes the ledger, as large as bank's.
    pub(crate) fn load(server: &Server, scale: &Scale) -> Result<Self, Failure> {
        let &Scale { accounts, posted_before: posted, time, .. } = scale;
        server.create(ORIGINAL)?;
        let mut plain = server.plain(ORIGINAL);
        plain.try_execute(TABLES)?;
        plain.try_execute(&format!(
            "INSERT INTO accounts (id, name, balance) SELECT 'account_' || n, 'account ' || n, {OPENING_BALANCE} \
             FROM generate_series(1, {accounts}) AS n"
        ))?;
        plain.try_execute(&format!(
            "SELECT post_transfer('account_' || 1 + n % {accounts}, 'account_' || 1 + (n + 1) % {accounts}, 1) \
             FROM generate_series(1, {posted}) AS n"
        ))?;
        plain.try_execute("VACUUM (ANALYZE)")?;
        Ok(Self { accounts, posted, time })
    }

    /// Runs pgbench on a fresh copy, and checks that it did what it counted.
    pub(crate) fn run(&self, stage: &Stage, form: Form, clients: u16) -> Result<Sample, Failure> {
        let server = &stage.server;
        server.copy(ORIGINAL, FRESH)?;
        server.checkpoint()?;
        let load = Load { threads: clients, spread: Spread::Uniform };
        let script = match form {
            Form::Statements => STATEMENTS,
            Form::Function => FUNCTION,
        };
        let command = server.pgbench(FRESH, stage.directory());
        let run = pgbench::run(command, stage.directory(), load, self.accounts, self.time, script)?;
        let mut plain = server.plain(FRESH);
        let transfers = plain.number("SELECT count(*) AS value FROM transfers").unsigned_abs();
        let total = plain.number("SELECT CAST(sum(balance) AS BIGINT) AS value FROM accounts");
        if transfers != run.transactions + u64::from(self.posted)
            || total != i64::from(self.accounts).saturating_mul(OPENING_BALANCE)
        {
            return Err(Failure::Broken(format!("pgledger's design has {transfers} transfers and a total of {total}")));
        }
        Ok(run.sample)
    }
}
