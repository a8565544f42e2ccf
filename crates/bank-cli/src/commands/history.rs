//! `bank-cli history`

use bank_domain::{Account, AccountVersion};
use bank_persistence::{Bank, Period};
use clap::Args;

use crate::args::{input, time_arg};
use crate::commands::Context;
use crate::failure::{Failure, not_found, shell};
use crate::output::{HistoryRow, RowWriter, RowsFormat};

/// The number of entries in a query, so that memory does not grow with the limit.
const PAGE_ENTRIES: u32 = 1_000;

/// List the transfers of an account, newest first
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLE:
  bank-cli history Jessica --since 2026-07-01 --until 2026-07-31

A date means the whole day in UTC: --since starts at its beginning, --until stops at
its end. A time needs its offset, as in 2026-07-01T12:00:00+02:00.")]
pub(crate) struct HistoryArgs {
    /// Name of the account
    #[arg(value_name = "NAME")]
    name: String,
    /// List at most this many transfers
    #[arg(long, value_name = "N", default_value = "20", allow_negative_numbers = true)]
    limit: String,
    /// List only transfers older than this version of the account
    #[arg(long, value_name = "VERSION", allow_negative_numbers = true)]
    before: Option<String>,
    /// List only transfers posted at or after this date or time
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// List only transfers posted at or before this date or time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Format of the output
    #[arg(long, value_enum, default_value = "table")]
    output: RowsFormat,
}

/// Lists the transfers of one account.
pub(crate) fn run(args: &HistoryArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    let name = input::account_name(&args.name)?;
    let limit = input::limit(&args.limit)?;
    let typed_before = args.before.as_deref();
    let before = typed_before.map(input::account_version).transpose()?;
    let period = time_arg::period(args.since.as_deref(), args.until.as_deref())?;
    let bank = context.connect()?;
    let Some(account) = bank.find_account(&name)? else {
        return Err(not_found::account(&bank, &name));
    };

    let mut rows = RowWriter::begin::<HistoryRow>(context.out, args.output, context.terminal)?;
    let printed = print_pages(&bank, (&account, period), before, limit, &mut rows)?;
    rows.finish()?;
    match printed {
        (0, _) if period != Period::default() => context.note_after_data("no transfers in this period"),
        (0, _) if before.is_none() => context.note_after_data("no transfers yet"),
        (0, _) => context.note_after_data("no older transfers"),
        (_, Some(version)) => context.note_after_data(&more_note(args, version)),
        (_, None) => Ok(()),
    }
}

/// Prints page by page, and returns the number of entries and the oldest printed version if there are older ones.
///
/// The journal grows only at its newer end, so older pages fit together without a snapshot.
fn print_pages(
    bank: &Bank,
    (account, period): (&Account, Period),
    mut before: Option<AccountVersion>,
    limit: u32,
    rows: &mut RowWriter<'_>,
) -> Result<(u32, Option<AccountVersion>), Failure> {
    let mut entries = 0;
    loop {
        let wanted = (limit - entries).min(PAGE_ENTRIES);
        // One entry more than is printed tells whether there are older ones.
        let page = bank.history_within(account.id, period, before, wanted + 1)?;
        for (entry, _) in page.iter().zip(0..wanted) {
            rows.write(&HistoryRow::new(entry, account.currency))?;
            before = Some(entry.version);
            entries += 1;
        }
        let is_last = u32::try_from(page.len()).is_ok_and(|length| length <= wanted);
        if is_last || entries == limit {
            return Ok((entries, before.filter(|_| !is_last)));
        }
    }
}

/// Returns the note that says how to list the next page.
fn more_note(args: &HistoryArgs, before: AccountVersion) -> String {
    let mut command = format!("bank-cli history {} --before {before}", shell::quote(&args.name));
    for (option, typed) in [("--since", &args.since), ("--until", &args.until)] {
        if let Some(typed) = typed {
            command.push_str(&format!(" {option} {}", shell::quote(typed)));
        }
    }
    format!("there are older transfers: `{command}`")
}
