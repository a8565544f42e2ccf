//! `bank-cli man`

pub(crate) mod page;

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command};

use crate::commands::Context;
use crate::failure::{ExitCode, Failure};

const AFTER_HELP: &str = "\
EXAMPLE:
  bank-cli man transfer | man -l -

  bank-cli man --dir ~/.local/share/man/man1
  man bank-cli-transfer";

/// Print a manual page, or write all of them to a directory
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ManArgs {
    /// Command whose page to print [default: the page of bank-cli itself]
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// Write the pages of all commands to this directory, which is created if it is missing
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    dir: Option<PathBuf>,
}

/// Prints or writes the pages; opens no database.
pub(crate) fn run(args: &ManArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    let mut program = (context.program)();
    // This adds the global options and the full names to the commands.
    program.build();
    if let Some(directory) = &args.dir {
        let made = std::fs::create_dir_all(directory).and_then(|()| write_all(&program, directory));
        return made.map_err(|error| {
            let message = format!("cannot write the manual pages to {}: {error}", directory.display());
            Failure::new(ExitCode::Other, "output_failed", message).hint("name a directory that you may write to")
        });
    }
    let mut command = &program;
    for name in &args.command {
        command = command.find_subcommand(name).ok_or_else(|| unknown_command(name))?;
    }
    Ok(context.out.write_all(&page::render(command)?)?)
}

fn write_all(command: &Command, directory: &Path) -> io::Result<()> {
    std::fs::write(directory.join(page::file_name(command)), page::render(command)?)?;
    command.get_subcommands().try_for_each(|command| write_all(command, directory))
}

fn unknown_command(name: &str) -> Failure {
    let message = format!("there is no command {name:?}");
    Failure::new(ExitCode::Usage, "usage", message).hint("see all commands with `bank-cli --help`")
}
