#![doc = include_str!("../README.md")]

mod args;
mod commands;
mod doctor;
mod failure;
mod files;
mod interrupt;
mod output;
mod program;

pub use failure::exit_code;

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};

use clap::CommandFactory;

use crate::commands::{Context, UsedDatabase};
use crate::failure::{ExitCode, Failure};
use crate::output::{Messages, Terminal, log};
use crate::program::Cli;

/// Large enough that even a list of millions of rows needs few system calls.
const STDOUT_BUFFER_BYTES: usize = 64 * 1024;

/// Runs the command line of this process and returns its exit code.
///
/// A binary consists of one statement: `fn main() -> std::process::ExitCode { bank_cli::main_impl() }`.
pub fn main_impl() -> std::process::ExitCode {
    let typed: Vec<OsString> = std::env::args_os().collect();
    let cli = match program::parse(&typed) {
        Ok(cli) => cli,
        Err(error) => return program::report(&error, &typed).into(),
    };
    output::choose_colours(cli.global.color);
    log::start(cli.global.verbose);
    let messages = Messages::new(cli.global.quiet, cli.global.verbose, cli.is_json);
    if cli.global.quiet || cli.is_json {
        output::keep_foreign_lines_out();
    }
    let mut stdout = BufWriter::with_capacity(STDOUT_BUFFER_BYTES, io::stdout().lock());
    let (terminal, program) = (Terminal::stdout(), Cli::command);
    let used = UsedDatabase::default();
    let mut context = Context { out: &mut stdout, messages, terminal, global: cli.global, program, used };

    let result = cli.command.run(&mut context);
    let result = context.used.judge(result);
    // After a failure, too: the data printed so far comes before the error.
    let flushed = stdout.flush().map_err(Failure::from);
    match result.and(flushed) {
        Ok(()) => ExitCode::Ok.into(),
        Err(failure) => messages.failure(&failure).into(),
    }
}
