//! Reads a command line that clap rejects, to find out in which colours and which format to say so.

use std::ffi::{OsStr, OsString};

use clap::builder::OsStringValueParser;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, ColorChoice, Command};

use crate::output::OUTPUT_ID;

/// A command line without its unknown options.
#[derive(Debug, Default)]
pub(super) struct EarlyArgs {
    program: String,
    pub(super) matches: ArgMatches,
}

impl EarlyArgs {
    /// Reads a command line of this program; drops unknown options and accepts any values.
    pub(super) fn parse(program: Command, typed: &[OsString]) -> Self {
        let name = program.get_name().to_owned();
        let parser = lenient(program);
        let mut typed = typed.to_vec();
        while let Err(error) = parser.clone().try_get_matches_from(&typed)
            && let Some(index) = index_of_unknown(&error, &typed)
        {
            typed.remove(index);
        }
        let matches = parser.ignore_errors(true).try_get_matches_from(typed).unwrap_or_default();
        Self { program: name, matches }
    }

    /// Returns the value of `--color` if it is valid.
    pub(super) fn color(&self) -> ColorChoice {
        let typed = raw(&self.matches, "color").last().and_then(OsStr::to_str);
        typed.and_then(|typed| typed.parse().ok()).unwrap_or(ColorChoice::Auto)
    }

    /// Returns the program's name and those of the commands that were typed.
    pub(super) fn command(&self) -> String {
        let mut names = self.program.clone();
        let mut matches = &self.matches;
        while let Some((name, inner)) = matches.subcommand() {
            names = format!("{names} {name}");
            matches = inner;
        }
        names
    }

    /// Returns whether an option of the program has its value from an environment variable.
    pub(super) fn is_from_environment(&self, id: &str) -> bool {
        matches!(self.matches.value_source(id), Some(ValueSource::EnvVariable))
    }
}

/// Returns whether the user asked for JSON, which then is the format of every message, too.
pub(super) fn wants_json(matches: &ArgMatches) -> bool {
    raw(matches, OUTPUT_ID).any(|format| format == "json" || format == "jsonl")
        || matches.subcommand().is_some_and(|(_, matches)| wants_json(matches))
}

fn raw<'a>(matches: &'a ArgMatches, id: &str) -> impl Iterator<Item = &'a OsStr> {
    matches.try_get_raw(id).ok().flatten().into_iter().flatten()
}

/// Returns where the unknown option stands, if that is the error.
fn index_of_unknown(error: &Error, typed: &[OsString]) -> Option<usize> {
    let ContextValue::String(unknown) = error.get(ContextKind::InvalidArg)? else { return None };
    let is_unknown = |argument: &OsString| {
        let after = argument.to_str().and_then(|argument| argument.strip_prefix(unknown));
        after.is_some_and(|after| after.is_empty() || after.starts_with('=') || !unknown.starts_with("--"))
    };
    let is_error = error.kind() == ErrorKind::UnknownArgument;
    is_error.then(|| typed.iter().position(is_unknown)).flatten()
}

/// Returns the command with all its options optional, any text for a value, and any number of positional arguments.
///
/// No command has more than one positional argument of its own.
fn lenient(command: Command) -> Command {
    let has = |is_it: fn(&Arg) -> bool| command.get_arguments().any(is_it);
    let output = (!has(|arg| arg.get_id() == OUTPUT_ID)).then(|| Arg::new(OUTPUT_ID).long("output"));
    let rest = (!has(Arg::is_positional)).then(|| Arg::new("rest"));
    command
        .args_override_self(true)
        .subcommand_precedence_over_arg(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args(output.into_iter().chain(rest))
        .mut_args(|arg| match arg {
            arg if arg.is_positional() => {
                arg.required(false).action(ArgAction::Append).value_parser(OsStringValueParser::new())
            }
            arg if arg.get_action().takes_values() => arg.required(false).value_parser(OsStringValueParser::new()),
            flag => flag,
        })
        .mut_subcommands(lenient)
}
