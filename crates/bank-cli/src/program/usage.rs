//! A command line that clap refuses, reported like every other failure: one line and one hint.

use std::ffi::OsStr;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ColorChoice, CommandFactory};

use crate::failure::{ExitCode, Failure};
use crate::output::{Messages, choose_colours};
use crate::program::Cli;

/// Prints what clap has to say (help and version included) and returns the exit code.
pub(crate) fn report(error: &clap::Error) -> ExitCode {
    choose_colours(wanted_colours(std::env::args_os()));
    let is_refusal = error.use_stderr() && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if is_refusal {
        let json = wants_json(std::env::args_os());
        let failure = match error.kind() {
            ErrorKind::InvalidUtf8 => not_utf8(std::env::args_os()),
            _ => {
                let failure = failure(&error.to_string(), &command_of(std::env::args_os()));
                match variable_at_fault(error, std::env::args_os(), |name| std::env::var_os(name).is_some()) {
                    Some(name) => failure.hint(format!("the environment variable {name} has this value")),
                    None => failure,
                }
            }
        };
        return Messages::new(false, false, json).failure(&failure);
    }
    // Help into a closed pipe is no failure.
    error.print().ok();
    if error.use_stderr() { ExitCode::Usage } else { ExitCode::Ok }
}

/// Names the arguments that are not UTF-8, which clap does not; paths among them may be.
fn not_utf8(arguments: impl Iterator<Item = impl AsRef<OsStr>>) -> Failure {
    let is_bad = |argument: &OsStr| argument.to_str().is_none();
    let bad = arguments.filter(|argument| is_bad(argument.as_ref())).map(|argument| format!("{:?}", argument.as_ref()));
    let message = format!("an argument is not UTF-8: {}", bad.collect::<Vec<_>>().join(" "));
    Failure::new(ExitCode::Usage, "usage", message).hint("set the terminal to UTF-8, and type the name again")
}

/// Returns the environment variable that an option has its invalid value from, which clap does not tell.
fn variable_at_fault(
    error: &clap::Error,
    arguments: impl Iterator<Item = impl AsRef<OsStr>>,
    is_set: impl Fn(&OsStr) -> bool,
) -> Option<String> {
    let ContextValue::String(refused) = error.get(ContextKind::InvalidArg)? else { return None };
    let command = Cli::command();
    let has_this_name = |argument: &&Arg| argument.get_long().is_some_and(|name| names_option(refused, name));
    let argument = command.get_arguments().find(has_this_name)?;
    let variable = argument.get_env().filter(|name| is_set(name))?;
    let long = argument.get_long()?;
    let is_typed = |typed: &OsStr| typed.to_str().is_some_and(|typed| names_option(typed, long));
    let mut arguments = arguments;
    let is_from_variable = !arguments.any(|typed| is_typed(typed.as_ref()));
    is_from_variable.then(|| variable.to_string_lossy().into_owned())
}

/// Returns whether a text is an option of this name, with or without a value.
fn names_option(text: &str, name: &str) -> bool {
    let after = text.strip_prefix("--").and_then(|text| text.strip_prefix(name));
    after.is_some_and(|after| after.is_empty() || after.starts_with([' ', '=']))
}

/// Returns the program's name and those of the commands that are typed, as far as they can be told.
fn command_of(arguments: impl Iterator<Item = impl AsRef<OsStr>>) -> String {
    let mut command = Cli::command();
    let mut names = vec![command.get_name().to_owned()];
    for argument in arguments.skip(1) {
        if let Some(inner) = command.find_subcommand(argument.as_ref()).cloned() {
            names.push(inner.get_name().to_owned());
            command = inner;
        }
    }
    names.join(" ")
}

/// Condenses clap's paragraphs: the first is the error, a tip is the hint, and otherwise the command's help.
fn failure(rendered: &str, command: &str) -> Failure {
    let mut paragraphs = rendered.split("\n\n").map(|paragraph| {
        let words: Vec<&str> = paragraph.split_whitespace().collect();
        words.join(" ")
    });
    let first = paragraphs.next().unwrap_or_default();
    let message = first.strip_prefix("error: ").unwrap_or(&first);
    let mut usage = None;
    let mut tip = None;
    for paragraph in paragraphs {
        if let Some(text) = paragraph.strip_prefix("tip: ") {
            tip.get_or_insert_with(|| text.split(" tip: ").next().unwrap_or(text).to_owned());
        } else if let Some(text) = paragraph.strip_prefix("Usage: ") {
            usage = Some(format!("usage: {text}; see --help"));
        }
    }
    let hint = tip.or(usage).unwrap_or_else(|| format!("see `{command} --help`"));
    Failure::new(ExitCode::Usage, "usage", message).hint(hint)
}

/// Looks for `--color` by itself, because clap could not parse the line, or stopped at `--help`.
fn wanted_colours(arguments: impl Iterator<Item = impl AsRef<OsStr>>) -> ColorChoice {
    let mut after_color = false;
    let mut wanted = ColorChoice::Auto;
    for argument in arguments {
        let argument = argument.as_ref().to_string_lossy();
        let value = argument.strip_prefix("--color=").or_else(|| after_color.then_some(&*argument));
        after_color = argument == "--color";
        if let Some(choice) = value.and_then(|value| value.parse().ok()) {
            wanted = choice;
        }
    }
    wanted
}

/// Looks for `--output json`, or `export --format jsonl`, by itself, because clap could not parse the line.
fn wants_json(arguments: impl Iterator<Item = impl AsRef<OsStr>>) -> bool {
    let mut after_output = false;
    let mut is_export = false;
    for argument in arguments {
        let argument = argument.as_ref();
        let is_json = |value: &OsStr| value == "json" || value == "jsonl";
        if after_output && is_json(argument) {
            return true;
        }
        is_export |= argument == "export";
        after_output = argument == "--output" || (is_export && argument == "--format");
        if argument == "--output=json" || argument == "--output=jsonl" || (is_export && argument == "--format=jsonl") {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn refusal(typed: &[&str]) -> Failure {
        failure(&Cli::try_parse_from(typed).unwrap_err().to_string(), &command_of(typed.iter()))
    }

    #[test]
    fn missing_arguments_become_one_line() {
        let failure = refusal(&["bank-cli", "transfer", "--from=a"]);
        assert_eq!(
            failure.message(),
            "the following required arguments were not provided: --to <NAME> --amount <AMOUNT>"
        );
        assert!(failure.hint_line().is_some_and(|hint| hint.starts_with("usage: bank-cli")));
    }

    #[test]
    fn tips_become_hints() {
        let failure = refusal(&["bank-cli", "transfre"]);
        assert_eq!(failure.message(), "unrecognized subcommand 'transfre'");
        assert_eq!(failure.hint_line(), Some("a similar subcommand exists: 'transfer'"));
    }

    #[test]
    fn a_variable_with_an_invalid_value_is_named() {
        let typed = ["bank-cli", "list", "--attempts", "abc"];
        let error = Cli::try_parse_from(typed).unwrap_err();
        let elsewhere = ["bank-cli", "list"];
        let variable = variable_at_fault(&error, elsewhere.iter(), |name| name == "BANK_ATTEMPTS");
        assert_eq!(variable.as_deref(), Some("BANK_ATTEMPTS"));
        assert_eq!(variable_at_fault(&error, typed.iter(), |_| true), None, "the option is typed");
        assert_eq!(variable_at_fault(&error, ["--attempts=abc"].iter(), |_| true), None);
        assert_eq!(variable_at_fault(&error, elsewhere.iter(), |_| false), None);
    }

    #[test]
    fn an_invalid_value_leads_to_the_commands_help() {
        let hint = |typed: &[&str]| refusal(typed).hint_line().map(str::to_owned);
        assert_eq!(hint(&["bank-cli", "batch", "a.csv", "--chunk=x"]).unwrap(), "see `bank-cli batch --help`");
        let run = ["bank-cli", "--attempts", "3", "workload", "run", "--clients=x", "--transfers=1"];
        assert_eq!(hint(&run).unwrap(), "see `bank-cli workload run --help`");
        assert_eq!(hint(&["bank-cli", "--attempts=x", "list"]).unwrap(), "see `bank-cli list --help`");
    }

    #[test]
    fn colours_are_seen_in_both_spellings() {
        assert_eq!(wanted_colours(["--color", "never", "--help"].iter()), ColorChoice::Never);
        assert_eq!(wanted_colours(["--help", "--color=always"].iter()), ColorChoice::Always);
        assert_eq!(wanted_colours(["--help", "--color", "--color=mauve"].iter()), ColorChoice::Auto);
    }

    #[test]
    fn output_json_is_seen_in_both_spellings() {
        assert!(wants_json(["list", "--output", "json", "--x"].iter()));
        assert!(wants_json(["list", "--output=jsonl"].iter()));
        assert!(!wants_json(["list", "json", "--output", "csv"].iter()));
        assert!(wants_json(["export", "--format", "jsonl"].iter()));
        assert!(wants_json(["export", "--format=jsonl"].iter()));
        assert!(!wants_json(["batch", "--format", "jsonl"].iter()));
    }
}
