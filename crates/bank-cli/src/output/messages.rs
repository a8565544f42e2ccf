//! Everything that is not data: errors, notes and progress, on stderr.
//!
//! When the data is JSON, so is every message: one object a line.

use std::fmt::Display;
use std::io::Write;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use crate::failure::{ExitCode, Failure};

use super::stderr::stderr;
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
        self.remark("note", text);
    }

    /// Prints a suggestion for the next step, unless `-q`.
    pub(crate) fn hint(self, text: &str) {
        self.remark("hint", text);
    }

    fn remark(self, kind: &str, text: &str) {
        let style = self.palette.heading;
        if !self.quiet {
            self.print(&json!({ kind: text }), format_args!("{style}{kind}:{style:#} {text}"));
        }
    }

    /// Prints one of several problems, even with `-q`.
    pub(crate) fn problem(self, text: &str) {
        self.print(&json!({ "problem": text }), text);
    }

    /// Prints one line, in the format of all messages; ignores errors, because there is nowhere left to report them.
    fn print(self, json: &Value, text: impl Display) {
        let line = if self.json { format!("{json}\n") } else { format!("{text}\n") };
        stderr().write_all(line.as_bytes()).ok();
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

    /// Returns a bar that shows progress on a terminal only, unless `-q`, and draws it from a template of indicatif.
    pub(crate) fn progress(self, template: &str, length: Option<u64>) -> ProgressBar {
        // Draws nothing if stderr is not a terminal.
        let target = if self.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::with_draw_target(length, target).with_style(style)
    }

    /// Prints a note, only with `-v`.
    pub(crate) fn detail(self, text: &str) {
        if self.verbose {
            self.note(text);
        }
    }

    /// Prints the id of a transfer before it is sent, so that the user knows it even if the answer is lost.
    pub(crate) fn transfer_id(self, id: impl Display) {
        if !self.quiet {
            self.print(&json!({ "transfer_id": id.to_string() }), format_args!("transfer id: {id}"));
        }
    }

    /// Prints a failure, one line and one hint, and returns its exit code.
    pub(crate) fn failure(self, failure: &Failure) -> ExitCode {
        let (error, heading) = (self.palette.bad, self.palette.heading);
        let mut text = format!("{error}error:{error:#} {}", failure.message());
        if let Some(hint) = failure.hint_line() {
            text.push_str(&format!("\n{heading}hint:{heading:#} {hint}"));
        }
        if failure.exit_code() != ExitCode::Ok {
            self.print(&failure_json(failure), text);
        }
        failure.exit_code()
    }
}

fn failure_json(failure: &Failure) -> Value {
    let (code, message, hint) = (failure.code(), failure.message(), failure.hint_line());
    json!({ "error": { "code": code, "message": message, "hint": hint } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_have_a_stable_shape_in_json() {
        let failure = Failure::new(ExitCode::Rejected, "insufficient_funds", "m").hint("h");
        let expected = r#"{"error":{"code":"insufficient_funds","hint":"h","message":"m"}}"#;
        assert_eq!(failure_json(&failure).to_string(), expected);
    }
}
