//! A spinner for work that takes longer than a second, on a terminal only.

use std::io::{self, IsTerminal};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shorter work gets no spinner.
const PATIENCE: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(100);

/// Shows on stderr the current work and its duration, after the first second and until it is dropped.
///
/// Meanwhile, nothing else may print to the terminal.
pub(crate) struct Waiting(Option<(Sender<()>, JoinHandle<()>)>);

impl Waiting {
    /// Starts to wait; shows nothing if `is_silent`.
    pub(crate) fn begin(what: &'static str, is_silent: bool) -> Self {
        if is_silent || !io::stderr().is_terminal() {
            return Self(None);
        }
        let (done, until_done) = channel();
        let thread = thread::Builder::new().name("bank-waiting".to_owned()).spawn(move || {
            if until_done.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
            let spinner = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style);
            let spinner = spinner.with_message(what).with_elapsed(PATIENCE);
            while until_done.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                spinner.tick();
            }
            spinner.finish_and_clear();
        });
        // Without a thread there is no spinner, but the work still runs.
        Self(thread.ok().map(|thread| (done, thread)))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some((done, thread)) = self.0.take() {
            drop(done);
            // The spinner must disappear before anything else is printed. Its thread has reported its own panic, if any.
            thread.join().ok();
        }
    }
}
