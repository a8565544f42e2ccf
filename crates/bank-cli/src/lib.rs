#![doc = include_str!("../README.md")]

mod arguments;
mod batch;
mod commands;
mod configuration;
mod connection_args;
mod context;
mod demo_accounts;
mod doctor;
pub mod exit_code;
mod export_file;
mod failure;
mod help;
mod input;
mod log;
mod lookup;
mod manual;
mod moment;
mod origin;
mod out_file;
mod output;
mod rejection;
mod same_file;
mod scratch;
mod shell;
mod usage;

use std::io::{self, BufWriter, Write};

use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::Messages;

/// Large enough that a list of millions costs few system calls.
const STDOUT_BUFFER_BYTES: usize = 64 * 1024;

/// Runs the command line of this process and returns its exit code.
///
/// A binary is one statement: `fn main() -> std::process::ExitCode { bank_cli::main_impl() }`.
pub fn main_impl() -> std::process::ExitCode {
    let cli = match help::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => return usage::report(&error).into(),
    };
    output::choose_colours(cli.global.color);
    log::start(cli.global.verbose);
    let messages = Messages::new(cli.global.quiet, cli.global.verbose, cli.command.is_json());
    let mut stdout = BufWriter::with_capacity(STDOUT_BUFFER_BYTES, io::stdout().lock());
    let mut context = Context::new(&mut stdout, messages, cli.global, cli.connection.settings(), cli.origins);

    let carried_out = commands::run(cli.command, &mut context);
    // Also after a failure: what was printed before it belongs before the error.
    let flushed = stdout.flush().map_err(Failure::from);
    match carried_out.and(flushed) {
        Ok(()) => ExitCode::Ok.into(),
        Err(failure) => messages.failure(&failure).into(),
    }
}
