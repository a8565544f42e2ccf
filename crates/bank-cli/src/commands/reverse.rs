//! `bank-cli reverse`

use bank_domain::{AccountId, AccountName, GroupId, Outcome, Rejection, Reversal, Transfer, TransferField};
use bank_persistence::{BankError, RecordedTransfer, ReversedGroup};
use clap::Args;

use crate::args::input;
use crate::commands::Context;
use crate::failure::{ExitCode, Failure, not_found, rejection};
use crate::output::{GroupRecord, RecordFormat, TransferRecord};

const REPLAYED_NOTE: &str = "it was reversed before: no money moved; the balances are from the original posting";

/// Move the money of a transfer back, at most once
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLE:
  bank-cli reverse 019b76da-a800-7000-8000-000000000001 --memo \"wrong account\"

The reversal is a transfer of its own. It moves the whole amount from the receiver
back to the payer, if the receiver has enough. `show` names it next to the
original. Reversing a transfer again moves nothing and names its reversal.")]
pub(crate) struct ReverseArgs {
    /// Id of the transfer to reverse, as `transfer` and `history` print it
    #[arg(value_name = "TRANSFER_ID", required_unless_present = "group")]
    id: Option<String>,
    /// Reverse all transfers of this group instead, together or not at all
    #[arg(long, value_name = "GROUP_ID", conflicts_with = "id")]
    group: Option<String>,
    /// Undo a reversal; the account that received the money must still have enough of it
    #[arg(long)]
    force: bool,
    /// Reason for the reversal
    #[arg(long, value_name = "TEXT")]
    memo: Option<String>,
    /// Format of the output
    #[arg(long, value_enum, default_value = "text")]
    output: RecordFormat,
}

/// Reverses one transfer or one group.
pub(crate) fn run(args: &ReverseArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    if let Some(group) = &args.group {
        return reverse_group(input::group_id(group)?, args, context);
    }
    let reversal = Reversal {
        original: input::transfer_id(args.id.as_deref().unwrap_or_default())?,
        memo: args.memo.as_deref().map(input::memo).transpose()?,
        force: args.force,
    };
    let bank = context.connect()?;
    let reversed = bank.reverse(&reversal).map_err(not_reversed)?;
    let reversed = reversed.ok_or_else(|| not_found::transfer(reversal.original))?;

    let original = &reversed.original;
    let (status, posting) = match reversed.outcome {
        Outcome::Posted(posting) => ("posted", posting),
        Outcome::Replayed(posting) => ("replayed", posting),
        Outcome::Rejected(reason) => return Err(rejected(&reason, original)),
    };
    let record =
        TransferRecord::from_outcome(status, &posting, original.currency, &original.to_name, &original.from_name);
    args.output.write(context.out, &record, |record, out| {
        let (original, id) = (original.posted.transfer.id, posting.transfer.id);
        match status {
            "posted" => writeln!(out, "Reversed transfer {original}.")?,
            _ => writeln!(out, "Transfer {original} is already reversed by {id}.")?,
        }
        record.write_lines(out)
    })?;
    if status == "replayed" { context.note_after_data(REPLAYED_NOTE) } else { Ok(()) }
}

fn not_reversed(error: BankError) -> Failure {
    let is_unknown = matches!(error, BankError::OutcomeUnknown { .. });
    let failure = Failure::from(error);
    if is_unknown { failure.hint("run the same command again: a transfer is never reversed twice") } else { failure }
}

fn reverse_group(id: GroupId, args: &ReverseArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    let memo = args.memo.as_deref().map(input::memo).transpose()?;
    let bank = context.connect()?;
    let reversed = bank.reverse_group(id, memo.as_ref(), args.force).map_err(not_reversed)?;
    let ReversedGroup { originals, outcomes } = reversed.ok_or_else(|| not_found::group(id))?;
    for (original, outcome) in originals.iter().zip(&outcomes) {
        match outcome {
            Outcome::Posted(_) | Outcome::Replayed(_) | Outcome::Rejected(Rejection::GroupRejected { .. }) => {}
            Outcome::Rejected(reason) => return Err(member_rejected(reason, original)),
        }
    }
    let record = GroupRecord::of_reversals(&originals, &outcomes);
    args.output.write(context.out, &record, |record, out| {
        writeln!(out, "Reversed group {id}.")?;
        record.write_lines(out)
    })?;
    let is_replayed = outcomes.iter().all(|outcome| matches!(outcome, Outcome::Replayed(_)));
    if is_replayed { context.note_after_data(REPLAYED_NOTE) } else { Ok(()) }
}

/// Returns the failure for a group of which one member cannot be reversed.
fn member_rejected(reason: &Rejection, original: &RecordedTransfer) -> Failure {
    let id = original.posted.transfer.id;
    match reason {
        Rejection::IdConflict { field: TransferField::Group, .. } => Failure::new(
            ExitCode::Rejected,
            "reversed_singly",
            format!("the transfer {id} of the group is reversed already"),
        )
        .hint("reverse the others one by one, with `bank-cli reverse TRANSFER_ID`"),
        reason => rejected(reason, original),
    }
}

/// Returns the failure for a rejected reversal. It moves the whole amount or nothing, so its hints differ from those of a
/// transfer.
fn rejected(reason: &Rejection, original: &RecordedTransfer) -> Failure {
    let Transfer { from, .. } = original.posted.transfer;
    let name_of = |id: AccountId| -> &AccountName { if id == from { &original.from_name } else { &original.to_name } };
    let failure = rejection::failure(reason, original.currency, |id| name_of(id).to_string());
    match reason {
        Rejection::InsufficientFunds { account, .. } => failure
            .hint(format!("a reversal moves the whole amount back: pay something into `{}` first", name_of(*account))),
        Rejection::BalanceOverflow { account } => {
            failure.hint(format!("pay something out of `{}` first", name_of(*account)))
        }
        Rejection::IdConflict { id, .. } => failure.hint(format!(
            "another transfer has the id that belongs to the reversal: see it with `bank-cli show {id}`"
        )),
        _ => failure,
    }
}
