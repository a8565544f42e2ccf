//! Ctrl-C: the first one stops the command after the current commit, the second one ends the process immediately.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::{ExitCode, Failure};
use crate::output::Messages;

/// Listens to Ctrl-C from now on, once in a process, and returns the flag that it sets.
pub(crate) fn listen(messages: Messages) -> Result<Arc<AtomicBool>, Failure> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    let listening = ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(ExitCode::Interrupted.number()));
        }
        messages.note("stopping after the current commit; press Ctrl-C again to end immediately");
    });
    match listening {
        Ok(()) => Ok(interrupted),
        Err(error) => Err(Failure::new(ExitCode::Other, "no_signals", format!("cannot listen to Ctrl-C: {error}"))),
    }
}
