//! `bank-cli batch`

mod printer;
mod results_file;

use std::path::{Path, PathBuf};
use std::time::Duration;

use bank_persistence::{BankError, Settings};
use clap::Args;

use super::Context;
use crate::args::{Choice, input};
use crate::failure::{ExitCode, Failure};
use crate::interrupt;
use bank_batch::{
    BatchError, CONNECTIONS_MAX, Format, ImportMode, ImportOptions, ImportReport, Reference, Results, TransferFile,
    import,
};
use printer::Printer;

const AFTER_HELP: &str = "\
EXAMPLE:
  bank-cli batch payroll.csv --reference \"payroll 2026-07\" --results results.csv

INPUT:
  CSV with a header, columns in any order:   from,to,amount[,id][,memo]
  or JSON lines:   {\"from\": \"Jessica\", \"to\": \"John\", \"amount\": 800}
  UTF-8, one transfer a line, no line longer than 1 MiB. No value may contain a
  line break: a line that leaves a quoted field open is malformed, and so are
  the lines after it, up to the closing quote. Lines are posted in order: each
  transfer sees the effects of those before it.

IDS:
  Every line needs an id (a UUID), so that running the file again posts nothing
  twice: a line that was posted earlier is `replayed`. Without ids, name the run
  with --reference, such as \"payroll 2026-07\". Each id then is the UUIDv5 in
  the namespace 53ccf37b-bce8-567f-92b9-8133c0b1e525 of reference, from, to,
  amount, memo, and occurrence among equal lines (1, 2, ...), joined by line
  feeds. When you have fixed rejected lines, run the file again with the same
  reference. Give next month's payroll another one.

RESULTS:
  line,id,status,reason for each line of the input, as far as it was read.
  Status: posted, replayed, rejected, malformed, skipped (not posted because of
  other lines), checked (dry run).

Exit code 4 if any line was rejected or malformed. Ctrl-C stops between commits.
To go on, run the same command again, with another results file or --force:
posted lines are replayed.";

/// Post many transfers from a file of CSV or JSON lines
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct BatchArgs {
    /// File to read, or - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Format of the file [default: by its extension, else by its first character]
    #[arg(long, value_name = "FORMAT", value_parser = Choice(&FORMATS), help_heading = "Input")]
    format: Option<Format>,
    /// Text that names this run of payments, from which ids are derived
    #[arg(long, value_name = "TEXT", help_heading = "Input")]
    reference: Option<String>,
    /// On a bad line: go on, post nothing after it, or post nothing at all (then memory grows with the file)
    #[arg(long, value_name = "MODE", value_parser = Choice(&ON_REJECT), default_value = "continue", help_heading = "Posting")]
    on_reject: ImportMode,
    /// Most transfers in one transaction, 1 to 50000; has no meaning for atomic
    #[arg(long, value_name = "N", default_value = "8190", help_heading = "Posting")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=50_000))]
    chunk: u16,
    /// Read and check everything, but post nothing; balances are not checked, nor ids posted earlier
    #[arg(long, help_heading = "Posting")]
    dry_run: bool,
    /// Write what became of each line to this CSV file
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    results: Option<PathBuf>,
    /// Overwrite the results file if it exists
    #[arg(long, requires = "results", help_heading = "Results")]
    force: bool,
}

/// How the lines of the file are written, as typed.
const FORMATS: [(&str, Format); 2] = [("csv", Format::Csv), ("jsonl", Format::Jsonl)];

/// What to do when a line is rejected or malformed, as typed.
const ON_REJECT: [(&str, ImportMode); 3] =
    [("continue", ImportMode::Continue), ("stop", ImportMode::Stop), ("atomic", ImportMode::Atomic)];

impl BatchArgs {
    /// Returns the path of the file to read, `None` for standard input.
    fn path(&self) -> Option<&Path> {
        (self.file != Path::new("-")).then_some(&self.file)
    }

    fn mode(&self) -> ImportMode {
        if self.dry_run { ImportMode::DryRun } else { self.on_reject }
    }

    /// Returns the connection settings. A chunk takes longer than a single transfer, a whole file much longer.
    fn settings(&self, typed: Settings) -> Settings {
        const ANSWER_MIN: Duration = Duration::from_secs(30);
        const FILE_MAX: Duration = Duration::from_secs(60 * 60);
        let limit = match self.mode() {
            ImportMode::Atomic => FILE_MAX,
            _ => ANSWER_MIN + Duration::from_millis(self.chunk.into()),
        };
        Settings {
            answer_timeout: typed.answer_timeout.max(limit),
            statement_timeout: typed.statement_timeout.max(limit),
            pool_size: typed.pool_size.max(CONNECTIONS_MAX),
            ..typed
        }
    }

    /// Returns how to go on after a run that ended early.
    fn how_to_go_on(&self) -> String {
        let again = match self.path() {
            _ if self.dry_run => return "nothing was posted: run the same command again".to_owned(),
            Some(_) => "run the same command again",
            None => "send the same lines to the same command again",
        };
        let results = if self.results.is_some() && !self.force { ", with another results file or --force" } else { "" };
        format!("{again}{results}: posted lines are replayed, not posted twice")
    }

    /// Returns the failure of a run that ended early. Running again does not help if the database itself is wrong.
    fn ended_early(&self, error: BatchError) -> Failure {
        let is_broken =
            matches!(&error, BatchError::Bank(BankError::Corrupt { .. } | BankError::InvariantViolation { .. }));
        let failure = Failure::from(error);
        if is_broken { failure } else { failure.hint(self.how_to_go_on()) }
    }
}

/// Posts a file. Faults of the file as a whole, and of the results file, are found before a connection is made.
pub(crate) fn run(args: &BatchArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    const REFERENCE_HINT: &str = "a reference has 1 to 200 characters, no control characters";
    let reference = args.reference.as_deref().map(Reference::new).transpose();
    let reference = reference.map_err(|problem| input::invalid(problem, REFERENCE_HINT))?;
    let file = match args.path() {
        Some(path) => TransferFile::open(path, args.format, reference)?,
        None => TransferFile::stdin(args.format, reference)?,
    };
    let is_empty = file.is_empty();
    let location = context.locate()?;
    let open_results = |path: &PathBuf| results_file::open(path, args.force, args.path(), &file, &location.url);
    let results = args.results.as_ref().map(open_results).transpose()?;
    let bank = context.connect_to(&location, args.settings(context.settings()))?;
    let results = results.map(|out| Results::new(out.path().to_owned(), out)).transpose()?;
    let interrupted = interrupt::listen(context.messages)?;

    let mut printer = Printer::new(context.messages, file.length());
    let options = ImportOptions { mode: args.mode(), chunk_lines_max: args.chunk.into(), results, interrupted };
    let report = import(&bank, file, options, |event| printer.event(event));
    let ImportReport { tally, input_changed, result } = report;

    let summary = printer.finish(&tally, args.dry_run);
    let printed = writeln!(context.out, "{summary}").and_then(|()| context.out.flush());
    if is_empty {
        context.messages.note("there are no lines to post");
    }
    if input_changed && args.mode() != ImportMode::Atomic {
        let text = format!("{} changed while it was read: check that it was complete", args.file.display());
        context.messages.problem(&format!("warning: {text}"));
    }
    if args.dry_run {
        context.messages.note("balances were not checked, nor ids that were posted earlier");
    }
    result.map_err(|error| args.ended_early(error))?;
    if tally.bad() > 0 {
        return Err(bad_lines(args, tally.bad(), tally.lines()));
    }
    Ok(printed?)
}

fn bad_lines(args: &BatchArgs, bad: u64, lines: u64) -> Failure {
    let what = match args.mode() {
        ImportMode::Stop => "; nothing after them was posted",
        ImportMode::Atomic => "; nothing was posted",
        ImportMode::Continue | ImportMode::DryRun => "",
    };
    let message = format!("{bad} of {lines} lines were rejected or malformed{what}");
    let hint = match &args.results {
        Some(path) => format!("see them in {}; fix them and run the file again", path.display()),
        None => "fix them and run the file again; --results FILE lists every line".to_owned(),
    };
    Failure::new(ExitCode::Rejected, "lines_rejected", message).hint(hint)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::commands::Command;
    use crate::program::Cli;

    fn args(typed: &[&str]) -> BatchArgs {
        let cli = Cli::try_parse_from([&["bank-cli", "batch"], typed].concat()).unwrap();
        match cli.command {
            Command::Batch(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_dry_run_comes_before_every_mode() {
        assert_eq!(args(&["a.csv"]).mode(), ImportMode::Continue);
        assert_eq!(args(&["a.csv", "--on-reject=stop"]).mode(), ImportMode::Stop);
        assert_eq!(args(&["a.csv", "--on-reject=atomic"]).mode(), ImportMode::Atomic);
        assert_eq!(args(&["a.csv", "--on-reject=atomic", "--dry-run"]).mode(), ImportMode::DryRun);
    }

    #[test]
    fn how_to_go_on_depends_on_the_results_file() {
        assert!(args(&["a.csv"]).how_to_go_on().starts_with("run the same command again: "));
        assert!(args(&["a.csv", "--results=r"]).how_to_go_on().contains("--force"));
        assert!(!args(&["a.csv", "--results=r", "--force"]).how_to_go_on().contains("--force"));
        assert!(args(&["-"]).how_to_go_on().starts_with("send the same lines"));
    }

    #[test]
    fn chunks_have_bounds() {
        for chunk in ["0", "50001", "x"] {
            assert!(Cli::try_parse_from(["bank-cli", "batch", "a.csv", "--chunk", chunk]).is_err(), "{chunk}");
        }
        assert_eq!((args(&["a"]).chunk, args(&["a", "--chunk", "50000"]).chunk), (8190, 50_000));
    }
}
