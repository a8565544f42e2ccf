//! Printing what an import tells: progress on a terminal, bad lines, and the line that sums it up.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use crate::failure::one_line;
use crate::output::Messages;
use bank_batch::{ImportEvent, Tally};

/// How many bad lines are printed; the results have them all.
const PRINTED_MAX: u64 = 20;

/// Prints the events of an import to standard error.
pub(super) struct Printer {
    messages: Messages,
    bar: ProgressBar,
    started: Instant,
    bad: u64,
}

impl Printer {
    /// Shows progress as a bar over this number of bytes, or as a counter if the number is unknown.
    pub(super) fn new(messages: Messages, bytes: Option<u64>) -> Self {
        let template = if bytes.is_some() { "{bar:30} {percent:>3} %  {msg}  {eta} left" } else { "{spinner} {msg}" };
        let bar = messages.progress(template, bytes);
        Self { messages, bar, started: Instant::now(), bad: 0 }
    }

    /// Prints one event.
    pub(super) fn event(&mut self, event: ImportEvent<'_>) {
        match event {
            ImportEvent::Line { number, status } => {
                let Some(reason) = status.reason() else { return };
                self.bad = self.bad.saturating_add(1);
                if self.bad <= PRINTED_MAX {
                    let text = one_line(&format!("line {number}: {}: {reason}", status.name()));
                    self.bar.suspend(|| self.messages.problem(&text));
                }
            }
            ImportEvent::Surveyed { bytes } => {
                self.bar.set_message("reading");
                self.bar.set_position(bytes);
            }
            ImportEvent::Progress { lines, bytes } => {
                self.bar.set_message(format!("{lines} lines, {}/s", rate(lines, self.started.elapsed())));
                self.bar.set_position(bytes);
            }
            ImportEvent::LastLineCutOff => self.bar.suspend(|| {
                self.messages.note("the last line does not end with a line feed: check that the input is complete");
            }),
        }
    }

    /// Takes the bar away, and returns the line that sums the import up.
    pub(super) fn finish(self, tally: &Tally, is_dry_run: bool) -> String {
        self.bar.finish_and_clear();
        let unprinted = self.bad.saturating_sub(PRINTED_MAX);
        if unprinted > 0 {
            self.messages.problem(&format!("... and {unprinted} more"));
        }
        summary(tally, self.started.elapsed(), is_dry_run)
    }
}

fn summary(tally: &Tally, elapsed: Duration, is_dry_run: bool) -> String {
    let Tally { posted, replayed, rejected, malformed, skipped, checked } = tally;
    let (lines, seconds) = (tally.lines(), elapsed.as_secs_f64());
    let rare: String = [(malformed, "malformed"), (skipped, "skipped")]
        .iter()
        .filter(|(count, _)| **count > 0)
        .map(|(count, what)| format!(", {what} {count}"))
        .collect();
    let counts = format!("replayed {replayed}, rejected {rejected}{rare} of {lines} lines in {seconds:.1} s");
    if is_dry_run {
        format!("Checked {checked}, {counts}; nothing was posted.")
    } else {
        format!("Posted {posted}, {counts} ({} lines/s).", rate(lines, elapsed))
    }
}

/// Returns the number a second.
fn rate(count: u64, elapsed: Duration) -> u64 {
    let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    count.saturating_mul(1000) / milliseconds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_names_rare_statuses_only_if_they_occur() {
        let mut tally = Tally { posted: 998, rejected: 2, ..Tally::default() };
        let expected = "Posted 998, replayed 0, rejected 2 of 1000 lines in 0.4 s (2500 lines/s).";
        assert_eq!(summary(&tally, Duration::from_millis(400), false), expected);
        tally.malformed = 1;
        let expected = "Posted 998, replayed 0, rejected 2, malformed 1 of 1001 lines";
        assert!(summary(&tally, Duration::ZERO, false).starts_with(expected));
        assert_eq!((tally.bad(), tally.lines()), (3, 1001));
    }
}
