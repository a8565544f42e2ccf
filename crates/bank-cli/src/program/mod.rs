//! The program: its command line, its help, and what it says about a command line that it rejects.

mod cli;
mod early;
mod help;
mod usage;

pub(crate) use cli::Cli;
pub(crate) use usage::report;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches};

use crate::args::ValueSources;

/// Parses a command line, the program's name first.
///
/// # Errors
///
/// Returns clap's error if the line is invalid, and also if it asks for help or the version.
pub(crate) fn parse(typed: &[OsString]) -> Result<Cli, clap::Error> {
    let mut program = help::with_groups(without_empty_variables(Cli::command()));
    let mut matches = program.try_get_matches_from_mut(typed)?;
    let (value_sources, is_json) = (ValueSources::from(&matches), early::wants_json(&matches));
    let mut cli = Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut program))?;
    cli.global.value_sources = value_sources;
    cli.is_json = is_json;
    Ok(cli)
}

/// Takes the variable of an option away if it is empty, which counts as not set: so `docker compose` passes variables on.
fn without_empty_variables(program: clap::Command) -> clap::Command {
    program.mut_args(|argument| {
        let is_empty = argument.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
        if is_empty { argument.env(None::<&'static str>) } else { argument }
    })
}
