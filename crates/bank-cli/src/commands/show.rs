//! `bank-cli show`

use clap::Args;

use crate::args::input;
use crate::commands::Context;
use crate::failure::{Failure, not_found};
use crate::output::{RecordFormat, TransferRecord};

/// Show one transfer with the balances right after it
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLE:\n  bank-cli show 019b76da-a800-7000-8000-000000000001")]
pub(crate) struct ShowArgs {
    /// Id of the transfer, as `transfer` and `history` print it
    #[arg(value_name = "TRANSFER_ID")]
    id: String,
    /// Format of the output
    #[arg(long, value_enum, default_value = "text")]
    output: RecordFormat,
}

/// Shows one transfer.
pub(crate) fn run(args: &ShowArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    let id = input::transfer_id(&args.id)?;
    let bank = context.connect()?;
    let recorded = bank.find_transfer(id)?.ok_or_else(|| not_found::transfer(id))?;
    let reversal = bank.find_reversal(id)?;

    let record = TransferRecord::from_recorded(&recorded, reversal.as_ref());
    Ok(args.output.write(context.out, &record, TransferRecord::write_lines)?)
}
