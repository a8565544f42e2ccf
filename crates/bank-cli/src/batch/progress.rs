//! The progress bar, on a terminal only.

use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::tally::rate;

/// Shows how much of the file has been posted, how fast, and how long it will take.
pub(crate) struct Progress {
    bar: ProgressBar,
    started: Instant,
}

impl Progress {
    /// Returns a bar over so many bytes, or a mere counter if nobody knows how many there will be.
    pub(crate) fn new(bytes: Option<u64>, is_quiet: bool) -> Self {
        // Draws nothing when stderr is no terminal.
        let target = if is_quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let template = if bytes.is_some() { "{bar:30} {percent:>3} %  {msg}  {eta} left" } else { "{spinner} {msg}" };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(bytes, target).with_style(style);
        Self { bar, started: Instant::now() }
    }

    /// Shows that so many lines and bytes are done.
    pub(crate) fn show(&self, lines: u64, bytes: u64) {
        let rate = rate(lines, self.started.elapsed());
        self.bar.set_message(format!("{lines} lines, {rate}/s"));
        self.bar.set_position(bytes);
    }

    /// Makes room on the terminal for what is printed meanwhile.
    pub(crate) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
