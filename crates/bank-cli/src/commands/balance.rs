//! `bank-cli balance`

use bank_persistence::BalanceAt;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;

use crate::args::{input, time_arg};
use crate::commands::Context;
use crate::failure::{ExitCode, Failure, not_found};
use crate::output::{BalanceRecord, RecordFormat};

/// Show the balance of an account, now or at an earlier time
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLE:
  bank-cli balance Jessica --at 2026-06-30

With --at, the balance is the one after the last transfer up to that time. A date
means its end in UTC, so the example shows the balance at the end of June. A time
needs its offset, as in 2026-06-30T12:00:00+02:00.")]
pub(crate) struct BalanceArgs {
    /// Name of the account
    #[arg(value_name = "NAME")]
    name: String,
    /// Date or time of the balance [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Format of the output
    #[arg(long, value_enum, default_value = "text")]
    output: RecordFormat,
}

/// Shows one balance.
pub(crate) fn run(args: &BalanceArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    let name = input::account_name(&args.name)?;
    let at = args.at.as_deref().map(time_arg::until).transpose()?;
    let bank = context.connect()?;
    let record = match at {
        None => bank.find_account(&name)?.map(|account| BalanceRecord::now(&account)),
        Some(at) => bank.balance_at(&name, at)?.map(|balance| record_at(&balance, at)).transpose()?,
    };
    let record = record.ok_or_else(|| not_found::account(&bank, &name))?;
    Ok(args.output.write(context.out, &record, BalanceRecord::write_line)?)
}

fn record_at(balance: &BalanceAt, at: DateTime<Utc>) -> Result<BalanceRecord, Failure> {
    let held = balance.balance.as_ref().ok_or_else(|| {
        let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Micros, true);
        let message = format!("there was no account `{}` yet at {}", balance.account.name, time(at));
        Failure::new(ExitCode::NotFound, "account_not_open_yet", message)
            .hint(format!("it was opened at {}", time(balance.opened_at)))
    })?;
    Ok(BalanceRecord::at(at, &balance.account, held))
}
