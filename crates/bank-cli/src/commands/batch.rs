//! `bank-cli batch`

mod output_file;
mod printer;

use std::path::{Path, PathBuf};
use std::time::Duration;

use bank_persistence::{BankError, Batch, Settings};
use clap::{ArgGroup, Args};

use super::Context;
use crate::args::{Choice, input};
use crate::failure::{ExitCode, Failure, shell};
use crate::files::is_standard_output;
use crate::interrupt;
use bank_batch::{
    BatchError, CONNECTIONS_MAX, Format, ImportMode, ImportOptions, ImportReport, Reference, RejectedLines, Results,
    TransferFile, import,
};
use output_file::OutputKind;
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
  with --reference, such as \"payroll 2026-07\". Each id then follows from the
  reference and the place of the line. The database remembers which content a
  reference belongs to: another file under the same reference is refused (exit
  code 4) before anything is posted. Give next month's payroll another one.

BAD LINES:
  --rejected FILE writes the lines that were not posted, each with its id.
  Correct them there and post that file, without --reference: however often you
  send it or the original, each line takes effect once. Do not correct them in
  the original: under its reference it must stay as it is.

RESULTS:
  line,id,status,reason,from,to,amount for each line of the input, as far as it
  was read. Status: posted, replayed, rejected, malformed, skipped (not posted
  because of other lines), checked (dry run).

Exit code 4 if any line was rejected or malformed. Ctrl-C stops between commits.
To go on, run the same command again, with other output files or --force: posted
lines are replayed.";

/// Post many transfers from a file of CSV or JSON lines
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
#[command(group(ArgGroup::new("outputs").args(["results", "rejected"]).multiple(true)))]
pub(crate) struct BatchArgs {
    /// File to read, or - for standard input
    #[arg(value_name = "FILE", required_unless_present = "forget")]
    file: Option<PathBuf>,
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
    /// Write what became of each line to this CSV file, or to - for standard output
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    results: Option<PathBuf>,
    /// Write the lines that were not posted to this file or -, each with its id, to be corrected and posted
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    rejected: Option<PathBuf>,
    /// Overwrite the files of results and rejected lines if they exist
    #[arg(long, requires = "outputs", help_heading = "Results")]
    force: bool,
    /// Forget the file of this reference, if nothing of it was posted, so that another one can be posted under it
    #[arg(long, value_name = "REFERENCE", conflicts_with_all = ["file", "reference"], help_heading = "Input")]
    forget: Option<String>,
}

/// How the lines of the file are written, as typed.
const FORMATS: [(&str, Format); 2] = [("csv", Format::Csv), ("jsonl", Format::Jsonl)];

/// What to do when a line is rejected or malformed, as typed.
const ON_REJECT: [(&str, ImportMode); 3] =
    [("continue", ImportMode::Continue), ("stop", ImportMode::Stop), ("atomic", ImportMode::Atomic)];

impl BatchArgs {
    /// Returns the path of the file to read, `None` for standard input.
    fn path(&self) -> Option<&Path> {
        self.file.as_deref().filter(|file| *file != Path::new("-"))
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
        let has_outputs = self.results.is_some() || self.rejected.is_some();
        let outputs = if has_outputs && !self.force { ", with other output files or --force" } else { "" };
        format!("{again}{outputs}: posted lines are replayed, not posted twice")
    }

    /// Returns the failure of a run that ended early. Running again does not help if the database or the file is wrong.
    fn ended_early(&self, error: BatchError) -> Failure {
        let hint = match &error {
            BatchError::Bank(
                BankError::Corrupt { .. } | BankError::InvariantViolation { .. } | BankError::JournalKeyMissing { .. },
            )
            | BatchError::OtherContent(_)
            | BatchError::InputChanged => None,
            BatchError::Bank(BankError::Database(error)) if error.is_refusal() => {
                Some(format!("remove the cause first; then {}", self.how_to_go_on()))
            }
            _ => Some(self.how_to_go_on()),
        };
        let failure = Failure::from(error);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// Posts a file. Faults of the file as a whole, and of the output files, are found before a connection is made.
pub(crate) fn run(args: &BatchArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    if let Some(reference) = &args.forget {
        return forget(&parse_reference(reference)?, context);
    }
    let reference = args.reference.as_deref().map(parse_reference).transpose()?;
    let file = match args.path() {
        Some(path) => TransferFile::open(path, args.format, reference)?,
        None => TransferFile::stdin(args.format, reference)?,
    };
    let is_empty = file.is_empty();
    let location = context.locate()?;
    let open =
        |kind: OutputKind, path: &PathBuf| output_file::open(kind, path, args.force, args.path(), &file, &location.url);
    output_file::require_two(args.results.as_deref(), args.rejected.as_deref())?;
    let results = args.results.as_ref().map(|path| open(OutputKind::Results, path)).transpose()?;
    let rejected = args.rejected.as_ref().map(|path| open(OutputKind::Rejected, path)).transpose()?;
    let bank = context.connect_to(&location, args.settings(context.settings()))?;
    let results = results.map(|out| Results::new(out.path().to_owned(), out)).transpose()?;
    let rejected = rejected.map(|out| RejectedLines::new(out.path().to_owned(), out));
    let interrupted = interrupt::listen(context.messages)?;

    let mut printer = Printer::new(context.messages, file.length());
    let options =
        ImportOptions { mode: args.mode(), chunk_lines_max: args.chunk.into(), results, rejected, interrupted };
    let ImportReport { tally, result } = import(&bank, file, options, |event| printer.event(event));

    let summary = printer.finish(&tally, args.dry_run);
    let printed = if [&args.results, &args.rejected].into_iter().flatten().any(|path| is_standard_output(path)) {
        context.messages.note(&summary);
        Ok(())
    } else {
        writeln!(context.out, "{summary}").and_then(|()| context.out.flush())
    };
    if is_empty {
        context.messages.note("there are no lines to post");
    }
    if args.dry_run {
        context.messages.note("balances were not checked, nor ids that were posted earlier");
    }
    result.map_err(|error| args.ended_early(error))?;
    if tally.bad() > 0 {
        return Err(bad_lines(args, context, tally.bad(), tally.lines()));
    }
    Ok(printed?)
}

fn parse_reference(typed: &str) -> Result<Reference, Failure> {
    Reference::new(typed)
        .map_err(|problem| input::invalid(problem, "a reference has 1 to 200 characters, no control characters"))
}

/// Forgets the file of a reference.
fn forget(reference: &Reference, context: &mut Context<'_>) -> Result<(), Failure> {
    let bank = context.connect()?;
    match bank_batch::forget(&bank, reference)? {
        Some(recorded) => {
            let Batch { reference, lines, .. } = recorded.batch;
            writeln!(context.out, "Forgot the reference `{reference}` and its file of {lines} lines.")?;
            Ok(context.out.flush()?)
        }
        None => {
            let message = format!("there is no file with the reference `{}`", reference.as_str());
            Err(Failure::new(ExitCode::NotFound, "reference_not_found", message)
                .hint("a reference is known once a line of its file could have been posted"))
        }
    }
}

fn bad_lines(args: &BatchArgs, context: &Context<'_>, bad: u64, lines: u64) -> Failure {
    let database = context.database_option();
    let what = match args.mode() {
        ImportMode::Stop => "; nothing after them was posted",
        ImportMode::Atomic => "; nothing was posted",
        ImportMode::Continue | ImportMode::DryRun => "",
    };
    let message = format!("{bad} of {lines} lines were rejected or malformed{what}");
    let hint = match (&args.rejected, args.mode()) {
        (_, ImportMode::DryRun) => "fix them before you post the file".to_owned(),
        // Nothing is recorded of a file that is posted as a whole and was not.
        (_, ImportMode::Atomic) => "fix them and run the file again".to_owned(),
        (Some(path), _) => {
            let path = path.display().to_string();
            let path = shell::quote(&path);
            format!("fix them in {path} and post it: bank-cli batch {path}{database}; leave the original as it is")
        }
        (None, _) if args.reference.is_some() => {
            "with --rejected FILE, this command writes these lines with their ids: fix them there and post FILE; leave \
             the original as it is"
                .to_owned()
        }
        (None, _) => "fix them and run the file again: each line keeps its id".to_owned(),
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
