//! `bank-cli show`

use clap::Args;

use crate::args::input;
use crate::commands::Context;
use crate::failure::{Failure, not_found};
use crate::output::{GroupRecord, RecordFormat, TransferRecord};

/// Show one transfer, or a group of them, with the balances right after each
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLE:\n  bank-cli show 019b76da-a800-7000-8000-000000000001")]
pub(crate) struct ShowArgs {
    /// Id of the transfer, as `transfer` and `history` print it
    #[arg(value_name = "TRANSFER_ID", required_unless_present = "group")]
    id: Option<String>,
    /// Show the transfers of this group instead
    #[arg(long, value_name = "GROUP_ID", conflicts_with = "id")]
    group: Option<String>,
    /// Format of the output
    #[arg(long, value_enum, default_value = "text")]
    output: RecordFormat,
}

/// Shows one transfer or one group.
pub(crate) fn run(args: &ShowArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    if let Some(group) = &args.group {
        let id = input::group_id(group)?;
        let members = context.connect()?.find_group(id)?;
        if members.is_empty() {
            return Err(not_found::group(id));
        }
        let record = GroupRecord::from_recorded(id, &members);
        return Ok(args.output.write(context.out, &record, GroupRecord::write_lines)?);
    }
    let id = input::transfer_id(args.id.as_deref().unwrap_or_default())?;
    let bank = context.connect()?;
    let recorded = bank.find_transfer(id)?.ok_or_else(|| not_found::transfer(id))?;
    let reversal = bank.find_reversal(id)?;

    let record = TransferRecord::from_recorded(&recorded, reversal.as_ref());
    Ok(args.output.write(context.out, &record, TransferRecord::write_lines)?)
}
