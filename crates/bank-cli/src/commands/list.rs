//! `bank-cli list`

use clap::Args;

use crate::args::input;
use crate::commands::Context;
use crate::failure::Failure;
use crate::output::{AccountRow, ListTotals, RowWriter, RowsFormat};

/// List the accounts in the order in which they were opened
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLE:\n  bank-cli list --limit 10 --output table")]
pub(crate) struct ListArgs {
    /// List at most this many accounts [default: all]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    limit: Option<String>,
    /// Format of the output
    #[arg(long, value_enum, default_value = "lines")]
    output: RowsFormat,
}

/// Lists the accounts, page by page.
pub(crate) fn run(args: &ListArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    let limit = args.limit.as_deref().map(input::limit).transpose()?;
    let bank = context.connect()?;

    let mut totals = ListTotals::default();
    let mut rows = RowWriter::begin::<AccountRow>(context.out, args.output, context.terminal)?;
    bank.list_accounts(limit, |account| {
        totals.add(&account);
        rows.write(&AccountRow::from(&account)).map_err(Failure::from)
    })?;
    for cells in totals.footer() {
        rows.footer(cells)?;
    }
    rows.finish()?;
    if totals.is_empty() {
        context.note_after_data("no accounts yet")?;
        context.messages.hint("add the demo accounts with `bank-cli setup`, or your own with `bank-cli open`");
    }
    Ok(())
}
