//! `bank-cli export`

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bank_domain::AccountName;
use bank_persistence::{BankError, Period, RecordedAccount, RecordedTransfer, Snapshot};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::{input, time_arg};
use crate::commands::Context;
use crate::failure::{Failure, not_found};
use crate::files::{ExportFile, refuse_database};
use crate::output::{CsvJournal, HledgerJournal, OUTPUT_ID, write_json_transfer};

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
    /// Write to this file, which appears only once it is complete [default: standard output]
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

/// The part of the journal that is exported.
struct Selection {
    period: Period,
    account: Option<AccountName>,
}

/// The reason why an export failed.
enum ExportError {
    /// Writing the export failed.
    Write(io::Error),
    /// The database failed.
    Read(BankError),
    /// The selected account does not exist.
    NoAccount(AccountName),
}

impl From<io::Error> for ExportError {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

impl From<BankError> for ExportError {
    fn from(error: BankError) -> Self {
        Self::Read(error)
    }
}

/// Exports the journal; an unusable file fails before anything connects to the database.
pub(crate) fn run(args: &ExportArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    let selection = Selection {
        period: time_arg::period(args.since.as_deref(), args.until.as_deref())?,
        account: args.account.as_deref().map(input::account_name).transpose()?,
    };
    let location = context.locate()?;
    let create = |path: &Path| {
        refuse_database(&location.url, path)?;
        ExportFile::create(path, args.force)
    };
    let mut file = args.out.as_deref().map(create).transpose()?;
    let bank = context.connect_to(&location, context.settings())?;
    let is_quiet = context.messages.is_quiet();
    let exported = {
        let out: &mut dyn Write = match &mut file {
            Some(file) => file.writer(),
            None => &mut context.out,
        };
        bank.snapshot(|snapshot| export(snapshot, &selection, args.format, out, &ExportProgress::new(is_quiet)))
    };
    let transfers = exported.map_err(|stopped| match stopped {
        ExportError::Write(error) => match &file {
            Some(file) => file.failure(&error),
            None => Failure::from(error),
        },
        ExportError::Read(error) => Failure::from(error),
        ExportError::NoAccount(name) => not_found::account(&bank, &name),
    })?;
    if let Some(file) = file {
        file.finish()?;
    }
    if args.format == ExportFormat::Hledger && selection.period.since.is_some() {
        context.note_after_data(PART_NOTE)?;
    }
    match transfers {
        0 => context.note_after_data("no transfers to export"),
        _ => Ok(()),
    }
}

fn export(
    snapshot: &mut Snapshot<'_>,
    selection: &Selection,
    format: ExportFormat,
    out: &mut dyn Write,
    progress: &ExportProgress,
) -> Result<u64, ExportError> {
    let account = match &selection.account {
        Some(name) => Some(snapshot.find_account(name)?.ok_or_else(|| ExportError::NoAccount(name.clone()))?),
        None => None,
    };
    let mut rows = SelectedRows { snapshot, account, period: selection.period, progress, written: 0 };
    match format {
        ExportFormat::Csv => {
            let mut journal = CsvJournal::begin(out)?;
            rows.transfers(|recorded| journal.write(recorded))?;
            journal.finish()?;
        }
        ExportFormat::Jsonl => rows.transfers(|recorded| write_json_transfer(out, recorded))?,
        ExportFormat::Hledger => hledger(&mut rows, &mut HledgerJournal::begin(out)?)?,
    }
    Ok(rows.written)
}

/// Writes opening balances only from the beginning of the journal on, and the assertion only for the whole journal.
fn hledger(rows: &mut SelectedRows<'_, '_>, journal: &mut HledgerJournal<'_>) -> Result<(), ExportError> {
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

/// The selected rows of a snapshot.
struct SelectedRows<'a, 'b> {
    snapshot: &'a mut Snapshot<'b>,
    account: Option<RecordedAccount>,
    period: Period,
    progress: &'a ExportProgress,
    written: u64,
}

impl SelectedRows<'_, '_> {
    fn accounts(&mut self, mut each: impl FnMut(&RecordedAccount) -> io::Result<()>) -> Result<(), ExportError> {
        match &self.account {
            Some(recorded) => Ok(each(recorded)?),
            None => self.snapshot.accounts(None, |recorded| each(&recorded).map_err(ExportError::from)),
        }
    }

    fn transfers(&mut self, mut each: impl FnMut(&RecordedTransfer) -> io::Result<()>) -> Result<(), ExportError> {
        let (written, progress) = (&mut self.written, self.progress);
        let write = |recorded: RecordedTransfer| -> Result<(), ExportError> {
            each(&recorded)?;
            *written = written.saturating_add(1);
            if written.is_multiple_of(PROGRESS_TRANSFERS) {
                progress.show(*written);
            }
            Ok(())
        };
        match &self.account {
            Some(recorded) => self.snapshot.transfers_of(&recorded.account, self.period, write),
            None => self.snapshot.transfers(self.period, write),
        }
    }
}

/// Shows the number of exported transfers, on a terminal only.
struct ExportProgress {
    bar: ProgressBar,
}

impl ExportProgress {
    fn new(is_quiet: bool) -> Self {
        // Draws nothing if stderr is not a terminal.
        let target = if is_quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let style = ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        Self { bar: ProgressBar::with_draw_target(None, target).with_style(style) }
    }

    fn show(&self, transfers: u64) {
        self.bar.set_message(format!("{transfers} transfers"));
        self.bar.tick();
    }
}

impl Drop for ExportProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
