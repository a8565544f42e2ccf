//! The design of pgledger, a ledger in PostgreSQL: two sorted row locks, two updates and three inserts a transfer, in
//! tables of its own; statement by statement, and as the function that its users call.

use std::time::Duration;

use bank_persistence::Backend;

use super::pgbench;
use crate::failure::Failure;
use crate::measure::{Form, Load, Sample, Spread};
use crate::scale::Scale;
use crate::stage::{Ledger, OPENING_BALANCE, Stage};

const TABLES: &str = include_str!("../../sql/pgledger_tables.sql");
const STATEMENTS: &str = include_str!("../../sql/pgledger_statements.sql");
const FUNCTION: &str = include_str!("../../sql/pgledger_function.sql");

/// Makes a ledger of that design, with as many accounts and transfers as bank's.
pub(crate) fn load(stage: &Stage, scale: &Scale) -> Result<Ledger, Failure> {
    let &Scale { accounts, posted_before: posted, .. } = scale;
    let ledger = stage.create(Backend::Postgres, "pgledger", accounts)?;
    ledger.plain().try_execute(&format!(
        "{TABLES}; \
         INSERT INTO accounts (id, name, balance) SELECT 'account_' || n, 'account ' || n, {OPENING_BALANCE} \
         FROM generate_series(1, {accounts}) AS n; \
         SELECT post_transfer('account_' || 1 + n % {accounts}, 'account_' || 1 + (n + 1) % {accounts}, 1) \
         FROM generate_series(1, {posted}) AS n"
    ))?;
    stage.vacuum(&ledger)?;
    Ok(Ledger { posted: posted.into(), ..ledger })
}

/// Runs pgbench on a fresh copy, and checks that it did what it counted.
pub(crate) fn run(
    stage: &Stage,
    original: &Ledger,
    form: Form,
    clients: u16,
    time: Duration,
) -> Result<Sample, Failure> {
    let mut ledger = stage.copy(original)?;
    let load = Load { threads: clients, spread: Spread::Uniform };
    let script = match form {
        Form::Statements => STATEMENTS,
        Form::Function => FUNCTION,
    };
    let sample = pgbench::run(stage, &mut ledger, load, time, script)?;
    ledger.check()?;
    Ok(sample)
}
