//! The command line as clap parses it.

use clap::Parser;

use crate::args::GlobalArgs;
use crate::commands::Command;

const AFTER_HELP: &str = "\
DATABASE:
  bank-cli uses the first of these that is set:
    1. --database-url URL
    2. the environment variable DATABASE_URL
    3. DATABASE_URL in a file .env, here or in a directory above
    4. the embedded default: sqlite:<user data directory>/bank/bank.db
  A URL is sqlite:path/to/file.db or postgres://user:password@host:port/database

ENVIRONMENT:
  DATABASE_URL   URL of the database
  BANK_ISOLATION, BANK_ANSWER_TIMEOUT, ...  set the connection options
  RUST_LOG       log lines of the libraries, such as bank_db=debug
  XDG_DATA_HOME  user data directory [default: ~/.local/share]
  NO_COLOR       no colours, unless --color says otherwise
  PGPASSWORD, PGSSLROOTCERT, ...  as for every program that uses libpq

EXIT CODES:
  0    success; also if the transfer had been posted before under this id
  1    any other failure; also if the database is not set up or its schema is too new
  2    invalid command line or value
  3    account or transfer not found
  4    rejected by a rule (insufficient funds, same account, ...); also some lines of a batch
  5    the transfer's id was used before with other content
  6    gave up retrying. A single transfer changed nothing; posted lines of a batch stay
       posted, and you can rerun the file.
  7    cannot connect (address, authentication, TLS, file)
  8    verification failed
  9    outcome unknown: run the transfer again with the same --id, or the same batch
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
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Whether the output, and so every message on stderr, is JSON.
    #[arg(skip)]
    pub(crate) is_json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::commands::man::page;
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

    #[test]
    fn every_command_has_a_manual_page_with_its_options_and_example() {
        let mut program = Cli::command();
        program.build();
        for command in program.get_subcommands() {
            let page = String::from_utf8(page::render(command).unwrap()).unwrap();
            let name = command.get_name();
            assert_eq!(page::file_name(command), format!("bank-cli-{name}.1"));
            for part in [".SH NAME\nbank\\-cli\\-", ".SH EXAMPLE", "\\-\\-database\\-url", "\\-\\-quiet"] {
                assert!(page.contains(part), "{name} lacks {part:?}: {page}");
            }
        }
    }
}
