//! The progress of a run on stderr: a live view on a terminal, a line a second elsewhere.

use std::io::{self, IsTerminal, Write};

use bank_workload::{Retries, Sample};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::output::{Messages, stderr};

/// Shows a sample a second: a line for each, as text or JSON, or a live view.
pub(crate) enum ProgressView {
    Nothing,
    Lines { is_json: bool },
    Live { lines: [ProgressBar; 3], so_far: Retries },
}

impl ProgressView {
    /// Returns the display that fits where stderr goes.
    pub(crate) fn new(messages: Messages, is_json: bool) -> Self {
        if messages.is_quiet() {
            Self::Nothing
        } else if is_json || !io::stderr().is_terminal() {
            Self::Lines { is_json }
        } else {
            let view = MultiProgress::new();
            // What does not fit the terminal's width is cut off.
            let style = ProgressStyle::with_template("{wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
            let lines = [(); 3].map(|()| view.add(ProgressBar::new_spinner().with_style(style.clone())));
            Self::Live { lines, so_far: Retries::default() }
        }
    }

    /// Shows one second.
    pub(crate) fn show(&mut self, sample: &Sample) {
        match self {
            Self::Nothing => {}
            Self::Lines { is_json: true } => print(&serde_json::json!({ "progress": sample }).to_string()),
            Self::Lines { is_json: false } => print(&line(sample)),
            Self::Live { lines, so_far } => {
                *so_far += sample.retries;
                let [first, second, third] = lines;
                first.set_message(format!("{}  {}", elapsed(sample), speed(sample)));
                second.set_message(latencies(sample));
                third.set_message(format!("{}  unknown {}", retries(*so_far), sample.unknown));
            }
        }
    }

    /// Takes a live view away.
    pub(crate) fn clear(&self) {
        if let Self::Live { lines, .. } = self {
            lines.iter().for_each(ProgressBar::finish_and_clear);
        }
    }
}

/// Prints one line. A failure is ignored: if stderr itself is closed, it cannot be reported anywhere.
fn print(line: &str) {
    stderr().write_all(format!("{line}\n").as_bytes()).ok();
}

fn line(sample: &Sample) -> String {
    let parts = [elapsed(sample), speed(sample), latencies(sample), retries(sample.retries)];
    format!("{}  unknown {}", parts.join("  "), sample.unknown)
}

fn elapsed(sample: &Sample) -> String {
    format!("{:>6.1} s", sample.elapsed_s)
}

fn speed(sample: &Sample) -> String {
    format!("{:>7.0}/s  overall {:>7.0}/s", sample.per_second, sample.overall_per_second)
}

fn latencies(sample: &Sample) -> String {
    let latency = sample.latency_ms;
    format!("p50 {:.1}  p95 {:.1}  p99 {:.1}  max {:.1} ms", latency.p50, latency.p95, latency.p99, latency.max)
}

fn retries(retries: Retries) -> String {
    let Retries { serialization, deadlock, lock_timeout, connection, .. } = retries;
    format!("retries: serialization {serialization}, deadlock {deadlock}, lock {lock_timeout}, connection {connection}")
}
