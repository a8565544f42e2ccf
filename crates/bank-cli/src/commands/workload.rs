//! `bank-cli workload`

mod files;
mod progress;
mod values;

use std::path::PathBuf;
use std::time::Duration;

use bank_domain::{Balance, Currency};
use bank_persistence::DatabaseUrl;
use bank_workload::{
    Accounts, CLIENTS_MAX, Distribution, HotAccounts, Mix, PostingMode, Sample, Site, Summary, Workload, WorkloadError,
    WorkloadPlan, open_accounts,
};
use clap::{ArgGroup, Args, Subcommand};
use serde::Serialize;

use super::context::{Context, create_data_directory};
use crate::args::{Choice, input};
use crate::failure::{ExitCode, Failure};
use crate::interrupt;
use crate::output::{AuditRecord, RecordFormat, write_audit};

use progress::ProgressView;

const AFTER_HELP: &str = "\
EXAMPLE:
  bank-cli workload init --accounts 1000 --balance 1000
  bank-cli workload run --clients 8 --duration 60s --report report.html
  bank-cli workload check

`workload` is a stress test. It posts transfers while you kill servers, fail
over or cut the network, then reports whether any money was lost or duplicated.

PLACE:
  A workload has accounts of its own, in the schema bank_workload of a server's
  database, or in the file NAME-workload.db beside NAME.db. With --here they are
  in the database's own tables, beside real accounts, which are never touched.
  Use it on servers where you may create no schema, and behind poolers, which
  mostly reject the option that selects one (give them a database made for this,
  and add --no-prepare if they pool transactions).";

const RUN_HELP: &str = "\
EXAMPLE:
  bank-cli workload run --clients 8 --duration 60s --report report.html

Keeps posting through failovers until the time is over: a transfer without an
answer is sent again under the same id. With --transfers the run ends when all
are posted, however long a server is away; Ctrl-C ends it with the report. At
the end every invariant is recomputed. The journal must hold each acknowledged
transfer exactly once, and no other of this run. Progress goes to stderr, the
summary to stdout.

Retries are counted by their reason. A latency is the time from a transfer's
first attempt to its answer. With --rate it counts from the moment when the
transfer was due, so that a stalled server cannot hide (coordinated omission).

Exit code 8 if an invariant is broken, 9 if outcomes stay unknown, 130 after
Ctrl-C; summary and report are written in each case.";

/// Stress-test a database and report whether any money was lost
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, disable_help_subcommand = true)]
pub(crate) struct WorkloadArgs {
    #[command(subcommand)]
    action: Action,
}

/// What to do with a workload.
#[derive(Debug, Subcommand)]
enum Action {
    Init(InitArgs),
    Run(Box<RunArgs>),
    Check(CheckArgs),
}

/// Create the workload's schema or file and those of its accounts that are missing
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLE:\n  bank-cli workload init --accounts 1000 --balance 1000")]
struct InitArgs {
    /// Number of accounts to create, 2 to 9999999
    #[arg(long, value_name = "N", default_value = "1000", value_parser = clap::value_parser!(u32).range(2..=9_999_999))]
    accounts: u32,
    /// Opening balance of each account, a whole number of 0 or more
    #[arg(long, value_name = "BALANCE", default_value = "1000", allow_negative_numbers = true)]
    balance: String,
    /// Work in the database's own tables, beside real accounts
    #[arg(long)]
    here: bool,
}

/// Post transfers between the workload's accounts and watch the invariants
#[derive(Debug, Args)]
#[command(after_help = RUN_HELP, group = ArgGroup::new("end").required(true).args(["duration", "transfers"]))]
struct RunArgs {
    /// Clients that post at the same time, 1 to 1024
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(CLIENTS_MAX)), help_heading = "Load")]
    clients: u16,
    /// How long to post, such as 60s, 5m or 500ms
    #[arg(long, value_name = "TIME", value_parser = values::duration, help_heading = "Load")]
    duration: Option<Duration>,
    /// How many transfers to post
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000_000), help_heading = "Load")]
    transfers: Option<u64>,
    /// Transfers to begin per second; one that has to wait for a client counts as slow [default: as many as possible]
    #[arg(long, value_name = "N", value_parser = values::rate, allow_negative_numbers = true, help_heading = "Load")]
    rate: Option<f64>,
    /// Start the clients one after the other over this time
    #[arg(long, value_name = "TIME", value_parser = values::pause, default_value = "0s", help_heading = "Load")]
    ramp: Duration,
    /// Transfers in one transaction, 1 to 50000 [default: each in its own]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=50_000), help_heading = "Load")]
    batch: Option<u16>,
    /// Prepare no statements, for poolers in transaction mode; a transfer then takes three round trips
    #[arg(long, help_heading = "Load")]
    no_prepare: bool,
    /// Post through the queue, which gathers transfers of all clients into batches
    #[arg(long, conflicts_with = "batch", help_heading = "Load")]
    queue: bool,
    /// What to send, in percent: payments by themselves, and groups of 2 to 4 transfers
    #[arg(long, value_name = "MIX", value_parser = values::mix, default_value = "payments=100,groups=0", help_heading = "Load")]
    mix: Mix,
    /// How often each account takes part
    #[arg(long, value_parser = Choice(&values::DISTRIBUTIONS), default_value = "uniform", help_heading = "Accounts")]
    distribution: Distribution,
    /// Number of hot accounts
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Accounts")]
    hot_accounts: Option<u32>,
    /// Percentage of transfers that touch a hot account
    #[arg(long, value_name = "P", value_parser = clap::value_parser!(u8).range(0..=100), default_value = "90", requires = "hot_accounts", help_heading = "Accounts")]
    hot_percent: u8,
    /// The same seed gives each client the same sequence of transfers; their ids are always new
    #[arg(long, value_name = "S", default_value = "1", help_heading = "Accounts")]
    seed: u64,
    /// Work in the database's own tables, beside real accounts, which are not touched
    #[arg(long, help_heading = "Accounts")]
    here: bool,
    /// Readers that keep summing all balances, each time in one snapshot, 0 to 1024
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(0..=1024), help_heading = "Watching")]
    readers: u16,
    /// How long to go on resolving unknown outcomes after the end
    #[arg(long, value_name = "TIME", value_parser = values::pause, default_value = "30s", help_heading = "Watching")]
    settle: Duration,
    /// Write a JSON object a second to this file, and the summary as its last line
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    jsonl: Option<PathBuf>,
    /// Write the report, an HTML page, to this file
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    report: Option<PathBuf>,
    /// Overwrite these files if they exist
    #[arg(long, help_heading = "Results")]
    force: bool,
    /// Format of the summary
    #[arg(long, value_enum, default_value = "text", help_heading = "Results")]
    output: RecordFormat,
}

/// Recompute every balance of the workload's accounts from the journal and check all invariants
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLE:\n  bank-cli workload check")]
struct CheckArgs {
    /// Work in the database's own tables
    #[arg(long)]
    here: bool,
    /// Format of the output
    #[arg(long, value_enum, default_value = "text")]
    output: RecordFormat,
}

impl RunArgs {
    fn plan(&self) -> WorkloadPlan {
        WorkloadPlan {
            clients: self.clients,
            duration: self.duration,
            transfers: self.transfers,
            rate: self.rate,
            distribution: self.distribution,
            hot: self.hot_accounts.map(|accounts| HotAccounts { accounts, percent: self.hot_percent }),
            mix: self.mix,
            mode: match self.batch {
                Some(size) => PostingMode::Batch(size),
                None if self.queue => PostingMode::Queue,
                None => PostingMode::Single,
            },
            prepares: !self.no_prepare,
            readers: self.readers,
            seed: self.seed,
            ramp: self.ramp,
            settle: self.settle,
        }
    }
}

/// Runs a subcommand of `workload`.
pub(crate) fn run(args: &WorkloadArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    match &args.action {
        Action::Init(args) => init(args, context),
        Action::Run(args) => post(args, context),
        Action::Check(args) => check(args, context),
    }
}

fn init(args: &InitArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    const HINT: &str = "an opening balance is a whole number of 0 or more";
    let balance = input::balance_in(input::decimal(&args.balance)?, Currency::NONE)?;
    if balance < Balance::default() {
        return Err(input::invalid(format!("balance {balance} is negative"), HINT));
    }
    if balance.get().checked_mul(args.accounts.into()).is_none() {
        let message = "all opening balances together exceed what one account can hold";
        return Err(input::invalid(message, "lower --balance"));
    }
    let location = context.locate()?;
    let site = site(&location.url, args.here)?;
    create_data_directory(&location)?;
    let bank = context.messages.while_waiting("connecting", || site.create(context.settings()))?;
    let there = Accounts::find(&bank, &site)?.own.len();
    let open = || open_accounts(&bank, args.accounts, balance);
    let opened = context.messages.while_waiting("opening accounts", open)?;
    writeln!(context.out, "The workload is in {site}.")?;
    writeln!(context.out, "Opened {opened} accounts with {balance} each; {there} were there already.")?;
    Ok(())
}

fn post(args: &RunArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    let location = context.locate()?;
    let site = site(&location.url, args.here)?;
    let open = |path: &PathBuf| files::open(path, args.force, &site);
    let mut lines = args.jsonl.as_ref().map(open).transpose()?;
    let mut report = args.report.as_ref().map(open).transpose()?;
    let workload = Workload::prepare(args.plan(), &site, context.settings())?;
    let interrupted = interrupt::listen(context.messages)?;
    let mut progress = ProgressView::new(context.messages, args.output == RecordFormat::Json);
    let on_second = |sample: &Sample| {
        progress.show(sample);
        lines.as_mut().map_or(Ok(()), |file| files::write_line(file, "second", sample))
    };
    let stopped = workload.run::<Failure>(&interrupted, on_second)?;
    progress.clear();
    let checked = context.messages.while_waiting("recomputing every balance", || stopped.check());
    let record = SummaryRecord { summary: &checked.summary, audit: checked.audit.as_ref().map(AuditRecord::from) };
    if let Some(file) = &mut lines {
        files::write_line(file, "summary", &record)?;
    }
    let printed = args.output.write(context.out, &record, |_, out| writeln!(out, "{}", checked.summary));
    let written = report
        .as_mut()
        .map_or(Ok(()), |file| files::write(file, &checked.report(std::time::SystemTime::now().into())?));
    match Failure::of_workload(&checked.summary, checked.error) {
        Some(failure) => Err(failure),
        None => written.and(Ok(printed?)),
    }
}

/// The end of a run as JSON.
#[derive(Serialize)]
struct SummaryRecord<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    audit: Option<AuditRecord<'a>>,
}

fn site(database: &DatabaseUrl, is_inside: bool) -> Result<Site, WorkloadError> {
    if is_inside { Site::inside(database) } else { Site::beside(database) }
}

fn check(args: &CheckArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    let site = site(&context.locate()?.url, args.here)?;
    let bank = site.connect(context.settings())?;
    let report = context.messages.while_waiting("recomputing every balance", || bank.audit())?;
    let palette = context.terminal.palette;
    args.output.write(context.out, &AuditRecord::from(&report), |_, out| write_audit(out, &report, palette))?;
    let Some(finding) = report.findings.first() else {
        return Ok(());
    };
    let offender = finding.offenders.first().map_or("", String::as_str);
    let message = format!("{} invariants are broken; the first: {offender}", report.findings.len());
    Err(Failure::new(ExitCode::VerificationFailed, "verification_failed", message)
        .hint("keep a copy of the database, and look at the offenders"))
}
