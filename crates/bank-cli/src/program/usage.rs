//! A command line that clap rejects, reported like every other failure: one line and one hint.

use std::error::Error as _;
use std::ffi::OsString;

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use super::cli::Cli;
use super::early::{EarlyArgs, wants_json};
use crate::failure::{ExitCode, Failure};
use crate::output::{Messages, choose_colours};

/// Prints clap's error, help and version included, and returns the exit code.
pub(crate) fn report(error: &Error, typed: &[OsString]) -> ExitCode {
    let early = EarlyArgs::parse(Cli::command(), typed);
    choose_colours(early.color());
    if error.use_stderr() && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Messages::new(false, false, wants_json(&early.matches)).failure(&failure(error, &early, typed));
    }
    // It is not a failure if the reader of the help has closed the pipe.
    error.print().ok();
    if error.use_stderr() { ExitCode::Usage } else { ExitCode::Ok }
}

fn failure(error: &Error, early: &EarlyArgs, typed: &[OsString]) -> Failure {
    if error.kind() == ErrorKind::InvalidUtf8 {
        return not_utf8(typed);
    }
    let hint = match variable_at_fault(error, early) {
        Some(name) => format!("the environment variable {name} has this value"),
        None => {
            suggestion(error).or_else(|| usage(error)).unwrap_or_else(|| format!("see `{} --help`", early.command()))
        }
    };
    Failure::new(ExitCode::Usage, "usage", message(error)).hint(hint)
}

/// Names the arguments that are not UTF-8, which clap's error does not; paths among them may be.
fn not_utf8(typed: &[OsString]) -> Failure {
    let bad = typed.iter().filter(|argument| argument.to_str().is_none()).map(|argument| format!("{argument:?}"));
    let message = format!("an argument is not UTF-8: {}", bad.collect::<Vec<_>>().join(" "));
    Failure::new(ExitCode::Usage, "usage", message).hint("set the terminal to UTF-8, and type the name again")
}

/// Returns the environment variable from which an option has its invalid value; clap's error names only the option.
fn variable_at_fault(error: &Error, early: &EarlyArgs) -> Option<String> {
    let invalid = text(error, ContextKind::InvalidArg);
    let mut program = Cli::command();
    program.build();
    let argument = program.get_arguments().find(|argument| argument.to_string() == invalid)?;
    let variable = argument.get_env()?.to_string_lossy();
    early.is_from_environment(argument.get_id().as_str()).then(|| variable.into_owned())
}

/// Returns the error in one line; clap itself would use several.
fn message(error: &Error) -> String {
    let argument = text(error, ContextKind::InvalidArg);
    let value = text(error, ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::UnknownArgument => format!("unexpected argument '{argument}' found"),
        ErrorKind::InvalidSubcommand => {
            format!("unrecognized subcommand '{}'", text(error, ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingRequiredArgument => {
            format!("the following required arguments were not provided: {argument}")
        }
        ErrorKind::ArgumentConflict => match text(error, ContextKind::PriorArg) {
            prior if prior == argument => format!("the argument '{argument}' cannot be used multiple times"),
            prior => format!("the argument '{argument}' cannot be used with '{prior}'"),
        },
        ErrorKind::TooManyValues => {
            format!("unexpected value '{value}' for '{argument}' found; no more were expected")
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let mut message = if value.is_empty() && error.source().is_none() {
                format!("a value is required for '{argument}' but none was supplied")
            } else {
                format!("invalid value '{value}' for '{argument}'")
            };
            if let Some(ContextValue::Strings(possible)) = error.get(ContextKind::ValidValue)
                && !possible.is_empty()
            {
                message.push_str(&format!(" [possible values: {}]", possible.join(", ")));
            }
            if let Some(source) = error.source() {
                message.push_str(&format!(": {source}"));
            }
            message
        }
        kind => kind.to_string(),
    }
}

/// Returns clap's suggestion.
fn suggestion(error: &Error) -> Option<String> {
    let kinds = [
        (ContextKind::SuggestedSubcommand, "subcommand"),
        (ContextKind::SuggestedArg, "argument"),
        (ContextKind::SuggestedValue, "value"),
    ];
    let similar = kinds.iter().find_map(|(kind, noun)| match error.get(*kind)? {
        ContextValue::String(one) => Some(format!("a similar {noun} exists: '{one}'")),
        ContextValue::Strings(all) if all.len() == 1 => Some(format!("a similar {noun} exists: '{}'", all[0])),
        ContextValue::Strings(all) => Some(format!("some similar {noun}s exist: '{}'", all.join("', '"))),
        _ => None,
    });
    similar.or_else(|| match error.get(ContextKind::Suggested)? {
        ContextValue::StyledStrs(tips) => tips.first().map(ToString::to_string),
        _ => None,
    })
}

fn usage(error: &Error) -> Option<String> {
    let usage = error.get(ContextKind::Usage)?.to_string();
    let words: Vec<&str> = usage.split_whitespace().skip_while(|word| *word == "Usage:").collect();
    Some(format!("usage: {}; see --help", words.join(" ")))
}

/// Returns a part of the error as text; empty if it lacks this part.
fn text(error: &Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(" "),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &[&str]) -> Vec<OsString> {
        line.iter().map(OsString::from).collect()
    }

    /// Reads what follows the program's name.
    fn early(line: &[&str]) -> EarlyArgs {
        EarlyArgs::parse(Cli::command(), &typed(&[&["bank-cli"], line].concat()))
    }

    fn rejected(line: &[&str]) -> Failure {
        let typed = typed(line);
        let error = super::super::parse(&typed).unwrap_err();
        failure(&error, &EarlyArgs::parse(Cli::command(), &typed), &typed)
    }

    #[test]
    fn missing_arguments_become_one_line() {
        let failure = rejected(&["bank-cli", "transfer", "--from=a"]);
        let message = "the following required arguments were not provided: --to <NAME> --amount <AMOUNT>";
        assert_eq!(failure.message(), message);
        assert!(failure.hint_line().is_some_and(|hint| hint.starts_with("usage: bank-cli")));
    }

    #[test]
    fn tips_become_hints() {
        let failure = rejected(&["bank-cli", "transfre"]);
        assert_eq!(failure.message(), "unrecognized subcommand 'transfre'");
        assert_eq!(failure.hint_line(), Some("a similar subcommand exists: 'transfer'"));
    }

    #[test]
    fn every_message_has_claps_words_in_one_line() {
        for line in [
            &["bank-cli", "list", "--unknown"][..],
            &["bank-cli", "list", "--outptu", "json"],
            &["bank-cli", "list", "--output", "xml"],
            &["bank-cli", "list", "--output"],
            &["bank-cli", "list", "--output", "json", "--output", "csv"],
            &["bank-cli", "list", "-v", "-q"],
            &["bank-cli", "list", "-v=3"],
            &["bank-cli", "list", "one", "two"],
            &["bank-cli", "list", "--attempts", "abc"],
            &["bank-cli", "list", "--attempts", ""],
            &["bank-cli", "list", "--color", ""],
            &["bank-cli", "list", "--answer-timeout="],
            &["bank-cli", "setup", "--yes"],
            &["bank-cli", "man", "list", "--dir", "d"],
            &["bank-cli", "workload", "run", "--clients", "8"],
            &["bank-cli", "workload", "run", "--clients", "8", "--transfers", "1", "--batch", "2", "--queue"],
            &["bank-cli", "transfer", "--", "list"],
        ] {
            let error = super::super::parse(&typed(line)).unwrap_err();
            let rendered = error.to_string();
            let first = rendered.split("\n\n").next().unwrap_or_default();
            let expected = first.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(format!("error: {}", message(&error)), expected, "{line:?}");
        }
    }

    #[test]
    fn an_invalid_value_leads_to_the_commands_help() {
        let hint = |typed: &[&str]| rejected(typed).hint_line().map(str::to_owned);
        assert_eq!(hint(&["bank-cli", "batch", "a.csv", "--chunk=x"]).unwrap(), "see `bank-cli batch --help`");
        let run = ["bank-cli", "--attempts", "3", "workload", "run", "--clients=x", "--transfers=1"];
        assert_eq!(hint(&run).unwrap(), "see `bank-cli workload run --help`");
        assert_eq!(hint(&["bank-cli", "--attempts=x", "list"]).unwrap(), "see `bank-cli list --help`");
    }

    #[test]
    fn colours_are_seen_in_both_spellings() {
        let wanted = |line: &[&str]| early(line).color();
        assert_eq!(wanted(&["--color", "never", "--help"]), clap::ColorChoice::Never);
        assert_eq!(wanted(&["--help", "--color=always"]), clap::ColorChoice::Always);
        assert_eq!(wanted(&["list", "--unknown", "--color=always"]), clap::ColorChoice::Always);
        assert_eq!(wanted(&["--help", "--color", "--color=mauve"]), clap::ColorChoice::Auto);
    }

    #[test]
    fn output_json_is_seen_in_both_spellings() {
        let wants = |line: &[&str]| wants_json(&early(line).matches);
        assert!(wants(&["list", "--output", "json", "--x"]));
        assert!(wants(&["list", "--x", "--output", "json"]));
        assert!(wants(&["show", "--x", "id", "other", "--output", "json"]));
        assert!(wants(&["lst", "--output", "json"]));
        assert!(wants(&["workload", "run", "--x", "--output", "json"]));
        assert!(wants(&["list", "--output=jsonl"]));
        assert!(!wants(&["list", "json", "--output", "csv"]));
        assert!(wants(&["export", "--format", "jsonl"]));
        assert!(wants(&["export", "--format=jsonl"]));
        assert!(!wants(&["batch", "--format", "jsonl"]));
    }
}
