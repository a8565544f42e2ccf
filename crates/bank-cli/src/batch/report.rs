//! Telling what became of each line: to the results file, to stderr, and to the tally.

use std::time::Instant;

use crate::failure::{Failure, one_line};
use crate::output::Messages;

use super::order::Line;
use super::progress::Progress;
use super::results::Results;
use super::tally::{Tally, Verdict};

/// How many bad lines are printed; the results file has them all.
const PRINTED_MAX: u64 = 20;

/// Takes the verdicts in the order of the lines.
pub(crate) struct Report {
    messages: Messages,
    results: Option<Results>,
    progress: Progress,
    started: Instant,
    tally: Tally,
}

impl Report {
    /// Returns a report of nothing yet.
    pub(crate) fn new(messages: Messages, results: Option<Results>, progress: Progress) -> Self {
        Self { messages, results, progress, started: Instant::now(), tally: Tally::default() }
    }

    /// Tells what became of lines that need no further commit, and how much of the file is done.
    ///
    /// All are counted, also if the results cannot be written: what was posted is posted. The results end then.
    pub(crate) fn lines(&mut self, lines: &[Line], verdicts: &[Verdict], bytes: u64) -> Result<(), Failure> {
        for (line, verdict) in lines.iter().zip(verdicts) {
            self.tally.add(verdict);
            if let Some(reason) = verdict.reason()
                && self.tally.bad() <= PRINTED_MAX
            {
                let text = one_line(&format!("line {}: {}: {reason}", line.number, verdict.status()));
                self.progress.aside(|| self.messages.problem(&text));
            }
        }
        self.progress.show(self.tally.lines(), bytes);
        let Some(results) = &mut self.results else { return Ok(()) };
        let written = results.lines(lines, verdicts);
        if written.is_err() {
            self.results = None;
        }
        written
    }

    /// Tells what has nothing to do with a single line.
    pub(crate) fn note(&self, text: &str) {
        self.progress.aside(|| self.messages.note(text));
    }

    /// Shows how much of the file has been read, for a mode that posts only at the end.
    pub(crate) fn reading(&self, lines: u64, bytes: u64) {
        self.progress.show(lines, bytes);
    }

    /// Ends the report and returns the tally and the line that sums it up.
    pub(crate) fn finish(self, is_dry_run: bool) -> (Tally, String) {
        self.progress.clear();
        let unprinted = self.tally.bad().saturating_sub(PRINTED_MAX);
        if unprinted > 0 {
            self.messages.problem(&format!("... and {unprinted} more"));
        }
        let elapsed = self.started.elapsed();
        let summary = if is_dry_run { self.tally.dry_summary(elapsed) } else { self.tally.summary(elapsed) };
        (self.tally, summary)
    }
}
