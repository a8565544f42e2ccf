//! The program: its options, its commands, its help, and what it says about a command line that it rejects.

mod help;
pub(crate) mod usage;

pub(crate) use help::parse;

use clap::{Parser, Subcommand};

use crate::args::{ConnectionArgs, GlobalArgs, ValueSources};
use crate::commands::{
    balance, batch, completions, config, demo, doctor, export, history, list, man, open, reverse, setup, show,
    transfer, verify, workload,
};

const AFTER_HELP: &str = "\
DATABASE:
  The first of these that is set names the database:
    1. --database-url URL
    2. the environment variable DATABASE_URL
    3. DATABASE_URL in a file .env, here or in a directory above
    4. the embedded default: sqlite:<user data directory>/bank/bank.db
  A URL is sqlite:path/to/file.db or postgres://user:password@host:port/database

ENVIRONMENT:
  DATABASE_URL   URL of the database
  BANK_ISOLATION, BANK_ANSWER_TIMEOUT, ...  stand for the connection options
  RUST_LOG       log lines of the libraries, such as bank_persistence=debug
  XDG_DATA_HOME  user data directory [default: ~/.local/share]
  NO_COLOR       no colours, unless --color says otherwise
  PGPASSWORD, PGSSLROOTCERT, ...  as for every program that uses libpq

EXIT CODES:
  0    ok (also: transfer was posted before with this id)
  1    other failure (also: database not set up, schema too new)
  2    invalid command line or value
  3    account or transfer not found
  4    rejected by a rule (insufficient funds, same account, ...), or lines of a batch
  5    transfer id used before with other content
  6    retries exhausted, nothing was changed (of a file: what was posted stays)
  7    cannot connect (address, authentication, TLS, file)
  8    verification failed
  9    outcome unknown: run the transfer again with the same --id, the batch as it was
  130  interrupted

EXAMPLE:
  bank-cli setup
  bank-cli transfer --from Jessica --to John --amount 800
  bank-cli list";

/// Moves money between accounts, correctly, on PostgreSQL-compatible databases and SQLite
#[derive(Debug, Parser)]
// The names are fixed so that the help is the same from a binary with another file name.
#[command(name = "bank-cli", bin_name = "bank-cli", version, after_help = AFTER_HELP)]
#[command(disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Where the values of the options come from.
    #[arg(skip)]
    pub(crate) value_sources: ValueSources,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Setup(setup::SetupArgs),
    List(list::ListArgs),
    Transfer(transfer::TransferArgs),
    Reverse(reverse::ReverseArgs),
    Batch(batch::BatchArgs),
    Open(open::OpenArgs),
    Balance(balance::BalanceArgs),
    History(history::HistoryArgs),
    Show(show::ShowArgs),
    Export(export::ExportArgs),
    Verify(verify::VerifyArgs),
    Workload(workload::WorkloadArgs),
    Demo(demo::DemoArgs),
    Doctor(doctor::DoctorArgs),
    Config(config::ConfigArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

impl Command {
    /// Returns whether the output, and so every message on stderr, is JSON.
    pub(crate) fn is_json(&self) -> bool {
        match self {
            Self::List(args) => args.output.is_json(),
            Self::History(args) => args.output.is_json(),
            Self::Transfer(args) => args.output.is_json(),
            Self::Reverse(args) => args.output.is_json(),
            Self::Balance(args) => args.output.is_json(),
            Self::Export(args) => args.format == export::ExportFormat::Jsonl,
            Self::Open(args) => args.output.is_json(),
            Self::Show(args) => args.output.is_json(),
            Self::Verify(args) => args.output.is_json(),
            Self::Workload(args) => args.is_json(),
            Self::Doctor(args) => args.output.is_json(),
            Self::Config(args) => args.is_json(),
            Self::Setup(_) | Self::Batch(_) | Self::Demo(_) | Self::Completions(_) | Self::Man(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::failure::ExitCode;

    #[test]
    fn verify_cli() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_lists_every_exit_code() {
        for code in ExitCode::ALL {
            let listed = format!("\n  {:<4} ", code.number());
            assert!(AFTER_HELP.contains(&listed), "{code:?} is missing");
        }
    }

    #[test]
    fn every_command_has_help_and_an_example() {
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name} has no help");
            let after = command.get_after_help().map(ToString::to_string);
            assert!(after.is_some_and(|text| text.starts_with("EXAMPLE")), "{name} has no example");
        }
    }

    #[test]
    fn negative_numbers_reach_the_domain() {
        let typed = ["bank-cli", "transfer", "--from=a", "--to=b", "--amount", "-5"];
        assert!(Cli::try_parse_from(typed).is_ok());
    }
}
