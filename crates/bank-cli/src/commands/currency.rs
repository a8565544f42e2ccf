//! `bank-cli currency`

use bank_domain::Currency;
use clap::{Args, Subcommand};

use crate::args::input;
use crate::commands::Context;
use crate::failure::{ExitCode, Failure};
use crate::output::{CurrencyRow, RecordFormat, Row, RowWriter, RowsFormat};

/// List the currencies of the ledger, or add one that ISO 4217 does not have
#[derive(Debug, Args)]
#[command(
    disable_help_subcommand = true,
    after_help = "\
EXAMPLE:
  bank-cli currency add POINTS --scale 0
  bank-cli open Anna --currency POINTS

A currency of ISO 4217, such as EUR, is added by itself with its first account."
)]
pub(crate) struct CurrencyArgs {
    #[command(subcommand)]
    action: Action,
}

/// What to do with currencies.
#[derive(Debug, Subcommand)]
enum Action {
    /// Add a currency; its scale never changes
    #[command(after_help = "EXAMPLE:\n  bank-cli currency add POINTS --scale 0")]
    Add {
        /// Code, 3 to 12 characters of A-Z and 0-9
        #[arg(value_name = "CODE")]
        code: String,
        /// Number of decimals, 0 to 18
        #[arg(long, value_name = "DECIMALS", allow_negative_numbers = true)]
        scale: String,
        /// Format of the output
        #[arg(long, value_enum, default_value = "text")]
        output: RecordFormat,
    },
    /// List the currencies in the order of their codes
    #[command(after_help = "EXAMPLE:\n  bank-cli currency list --output table")]
    List {
        /// Format of the output
        #[arg(long, value_enum, default_value = "lines")]
        output: RowsFormat,
    },
}

/// Lists or adds currencies.
pub(crate) fn run(args: &CurrencyArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    match &args.action {
        Action::Add { code, scale, output } => add(code, scale, *output, context),
        Action::List { output } => {
            let bank = context.connect()?;
            let mut rows = RowWriter::begin::<CurrencyRow>(context.out, *output, context.terminal)?;
            for currency in bank.currencies()? {
                rows.write(&CurrencyRow::from(currency))?;
            }
            Ok(rows.finish()?)
        }
    }
}

fn add(code: &str, scale: &str, output: RecordFormat, context: &mut Context<'_>) -> Result<(), Failure> {
    let wanted = Currency::new(input::currency_code(code)?, input::scale(scale)?).map_err(|error| {
        input::invalid(error, &format!("leave it out: the first account with --currency {code} adds it"))
    })?;
    let bank = context.connect()?;
    let is_there = bank.currencies()?.contains(&wanted);
    let found = bank.add_currency(wanted)?;
    if found != wanted {
        let message = format!("the ledger has {} with {} decimals, not {}", found.code, found.scale, wanted.scale);
        return Err(Failure::new(ExitCode::Rejected, "currency_exists", message)
            .hint("the scale of a currency never changes: choose another code"));
    }
    Ok(output.write(context.out, &CurrencyRow::from(found), |row, out| {
        let what = if is_there { "is there already" } else { "was added" };
        writeln!(out, "The currency {} {what}.", found.code)?;
        row.write_line(out)?;
        writeln!(out)
    })?)
}
