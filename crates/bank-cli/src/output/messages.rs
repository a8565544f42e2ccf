//! Everything that is not data: errors, notes and progress, on stderr.
//!
//! When the data is JSON, so is every message: one object a line.

use std::fmt::Display;
use std::io::{self, Write};

use serde_json::json;

use crate::failure::{ExitCode, Failure};

use super::terminal::Palette;
use super::waiting::Waiting;

/// Prints to stderr, as verbosely as the user asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Messages {
    quiet: bool,
    verbose: bool,
    json: bool,
    palette: Palette,
}

impl Messages {
    /// Returns a printer of messages.
    pub(crate) fn new(quiet: bool, verbose: bool, json: bool) -> Self {
        Self { quiet, verbose, json, palette: Palette::stderr() }
    }

    /// Prints a remark about the result, unless `-q`.
    pub(crate) fn note(self, text: &str) {
        if self.quiet {
        } else if self.json {
            print(json!({ "note": text }));
        } else {
            let style = self.palette.heading;
            print(format_args!("{style}note:{style:#} {text}"));
        }
    }

    /// Prints a suggestion for the next step, unless `-q`.
    pub(crate) fn hint(self, text: &str) {
        if self.quiet {
        } else if self.json {
            print(json!({ "hint": text }));
        } else {
            let style = self.palette.heading;
            print(format_args!("{style}hint:{style:#} {text}"));
        }
    }

    /// Prints one of several problems, even with `-q`.
    pub(crate) fn problem(self, text: &str) {
        if self.json {
            print(json!({ "problem": text }));
        } else {
            print(text);
        }
    }

    /// Returns whether only errors are wanted.
    pub(crate) fn is_quiet(self) -> bool {
        self.quiet
    }

    /// Does work that prints nothing, and shows a spinner if it takes longer than a second.
    pub(crate) fn while_waiting<T>(self, what: &'static str, work: impl FnOnce() -> T) -> T {
        // The spinner and log lines would overwrite each other.
        let _waiting = Waiting::begin(what, self.quiet || self.verbose || self.json);
        work()
    }

    /// Prints a note, only with `-v`.
    pub(crate) fn detail(self, text: &str) {
        if self.verbose {
            self.note(text);
        }
    }

    /// Prints the id of a transfer before it is sent, so that the user knows it even if the answer is lost.
    pub(crate) fn transfer_id(self, id: impl Display) {
        if self.quiet {
        } else if self.json {
            print(json!({ "transfer_id": id.to_string() }));
        } else {
            print(format_args!("transfer id: {id}"));
        }
    }

    /// Prints a failure, one line and one hint, and returns its exit code.
    pub(crate) fn failure(self, failure: &Failure) -> ExitCode {
        if failure.exit_code() == ExitCode::Ok {
        } else if self.json {
            print(failure_json(failure));
        } else {
            let (error, heading) = (self.palette.bad, self.palette.heading);
            print(format_args!("{error}error:{error:#} {}", failure.message()));
            if let Some(hint) = failure.hint_line() {
                print(format_args!("{heading}hint:{heading:#} {hint}"));
            }
        }
        failure.exit_code()
    }
}

fn failure_json(failure: &Failure) -> serde_json::Value {
    json!({
        "error": {
            "code": failure.code(),
            "message": failure.message(),
            "hint": failure.hint_line(),
        }
    })
}

/// Prints one line; ignores errors, because there is nowhere left to report them.
fn print(line: impl Display) {
    writeln!(io::stderr(), "{line}").ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_have_a_stable_shape_in_json() {
        let failure = Failure::new(ExitCode::Rejected, "insufficient_funds", "m").hint("h");
        assert_eq!(
            failure_json(&failure).to_string(),
            r#"{"error":{"code":"insufficient_funds","hint":"h","message":"m"}}"#
        );
    }
}
