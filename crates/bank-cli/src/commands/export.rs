//! `bank-cli export`

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bank_persistence::{Period, RecordedAccount, RecordedTransfer, Snapshot};
use clap::{Args, ValueEnum};
use indicatif::ProgressBar;

use crate::args::{input, time_arg};
use crate::commands::Context;
use crate::failure::{Failure, not_found};
use crate::files::{ExportFile, is_standard_output, refuse_database};
use crate::output::{CsvRows, HledgerJournal, JournalRow, OUTPUT_ID, write_json};

/// The number of transfers between two updates of the progress.
const PROGRESS_TRANSFERS: u64 = 1_000;

const PART_NOTE: &str = "the journal begins in the middle: there are no opening balances in it";

/// Write all transfers for other programs, from one snapshot
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLE:
  bank-cli export --format hledger --out bank.journal

Transfers are ordered by id, or with --account by that account's version, so that
the same journal gives the same text. Memory use does not grow with their number.

csv and jsonl have one line for each transfer and do not change texts, so a
spreadsheet takes a name such as =1+1 for a formula. hledger also declares the
accounts with their opening balances, and asserts their balances at the end; in
names and memos it writes ; | : and double spaces as %XX.

A date means the whole day in UTC; a time needs its offset, as in
2026-07-01T12:00:00+02:00.")]
pub(crate) struct ExportArgs {
    /// Format of the export
    #[arg(long = "format", id = OUTPUT_ID, value_name = "FORMAT", value_enum, default_value = "csv")]
    format: ExportFormat,
    /// Export only transfers posted at or after this date or time
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Export only transfers posted at or before this date or time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Export only transfers of this account
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Write to this file, which appears only once it is complete, or to - [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Overwrite the file if it exists
    #[arg(long, requires = "out")]
    force: bool,
}

/// The values of `--format`; see `output/format.rs` for the reason why their comments are plain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    // Comma-separated values with a header
    Csv,
    // One JSON object a line
    Jsonl,
    // hledger's journal
    Hledger,
}

/// Exports the journal; an unusable file fails before anything connects to the database.
pub(crate) fn run(args: &ExportArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    let period = time_arg::period(args.since.as_deref(), args.until.as_deref())?;
    let account = args.account.as_deref().map(input::account_name).transpose()?;
    let location = context.locate()?;
    let create = |path: &Path| {
        refuse_database(&location.url, path)?;
        ExportFile::create(path, args.force)
    };
    let mut file = args.out.as_deref().filter(|path| !is_standard_output(path)).map(create).transpose()?;
    let path = file.as_ref().map(|file| file.path().to_owned());
    let unwritable = |error: io::Error| match &path {
        Some(path) => ExportFile::unwritable(path, &error),
        None => Failure::from(error),
    };
    let bank = context.connect_to(&location, context.settings())?;
    let bar = context.messages.progress("{spinner} {msg}", None);
    let out: &mut dyn Write = match &mut file {
        Some(file) => file.writer(),
        None => &mut context.out,
    };
    let exported = bank.snapshot(|snapshot| {
        let account = match &account {
            Some(name) => match snapshot.find_account(name)? {
                None => return Ok(Err(name)),
                found => found,
            },
            None => None,
        };
        let mut rows = SelectedRows { snapshot, account, period, bar: &bar, unwritable: &unwritable, written: 0 };
        export(&mut rows, args.format, out)?;
        Ok::<_, Failure>(Ok(rows.written))
    });
    bar.finish_and_clear();
    let transfers = exported?.map_err(|name| not_found::account(&bank, name))?;
    if let Some(file) = file {
        file.finish()?;
    }
    if args.format == ExportFormat::Hledger && period.since.is_some() {
        context.note_after_data(PART_NOTE)?;
    }
    match transfers {
        0 => context.note_after_data("no transfers to export"),
        _ => Ok(()),
    }
}

/// The selected rows of a snapshot, and how to report them.
struct SelectedRows<'a, 'b> {
    snapshot: &'a mut Snapshot<'b>,
    account: Option<RecordedAccount>,
    period: Period,
    bar: &'a ProgressBar,
    /// Returns the failure for a write that failed.
    unwritable: &'a dyn Fn(io::Error) -> Failure,
    written: u64,
}

fn export(rows: &mut SelectedRows<'_, '_>, format: ExportFormat, out: &mut dyn Write) -> Result<(), Failure> {
    match format {
        ExportFormat::Csv => {
            let mut csv = CsvRows::begin::<JournalRow<'_>>(out).map_err(rows.unwritable)?;
            rows.transfers(|recorded| csv.write(&JournalRow::from(recorded)))?;
            csv.finish().map_err(rows.unwritable)
        }
        ExportFormat::Jsonl => rows.transfers(|recorded| write_json(out, &JournalRow::from(recorded))),
        ExportFormat::Hledger => hledger(rows, &mut HledgerJournal::begin(out).map_err(rows.unwritable)?),
    }
}

/// Writes opening balances only from the beginning of the journal on, and the assertion only for the whole journal.
fn hledger(rows: &mut SelectedRows<'_, '_>, journal: &mut HledgerJournal<'_>) -> Result<(), Failure> {
    let Period { since, until } = rows.period;
    rows.accounts(|recorded| {
        journal.declare(&recorded.account)?;
        let is_open = until.is_none_or(|until| recorded.opened_at <= until);
        if since.is_none() && is_open { journal.open(recorded) } else { Ok(()) }
    })?;
    rows.transfers(|recorded| journal.transfer(recorded))?;
    if rows.period == Period::default() {
        rows.accounts(|recorded| journal.assert(&recorded.account))?;
    }
    Ok(())
}

impl SelectedRows<'_, '_> {
    fn accounts(&mut self, mut each: impl FnMut(&RecordedAccount) -> io::Result<()>) -> Result<(), Failure> {
        match &self.account {
            Some(recorded) => each(recorded).map_err(self.unwritable),
            None => self.snapshot.accounts(None, |recorded| each(&recorded).map_err(self.unwritable)),
        }
    }

    fn transfers(&mut self, mut each: impl FnMut(&RecordedTransfer) -> io::Result<()>) -> Result<(), Failure> {
        let write = |recorded: RecordedTransfer| {
            each(&recorded).map_err(self.unwritable)?;
            self.written = self.written.saturating_add(1);
            if self.written.is_multiple_of(PROGRESS_TRANSFERS) {
                self.bar.set_message(format!("{} transfers", self.written));
                self.bar.tick();
            }
            Ok(())
        };
        match &self.account {
            Some(recorded) => self.snapshot.transfers_of(&recorded.account, self.period, write),
            None => self.snapshot.transfers(self.period, write),
        }
    }
}
