//! A sign of life for what takes longer than a moment, on a terminal only.

use std::io::{self, IsTerminal};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What is done sooner needs no sign.
const PATIENCE: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(100);

/// Shows on stderr what is going on and for how long, from the second second on, until it is dropped.
///
/// Nothing else may be printed to a terminal meanwhile.
pub(crate) struct Waiting(Option<(Sender<()>, JoinHandle<()>)>);

impl Waiting {
    /// Begins to wait; `is_silent` shows nothing.
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
        // Without a thread there is no sign, which is no reason not to do the work.
        Self(thread.ok().map(|thread| (done, thread)))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some((done, thread)) = self.0.take() {
            drop(done);
            // The line must be gone before anything else is printed; a panic there would have been printed already.
            thread.join().ok();
        }
    }
}
