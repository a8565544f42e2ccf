//! Ctrl-C: the first one stops the command after the current commit, the second one ends the process immediately.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::Messages;

/// Whether the user wants the command to stop.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens to Ctrl-C from now on; once in a process.
    pub(crate) fn listen(messages: Messages) -> Result<Self, Failure> {
        let interrupt = Self::default();
        let asked = interrupt.clone();
        let listening = ctrlc::set_handler(move || {
            if asked.0.swap(true, Ordering::SeqCst) {
                std::process::exit(i32::from(ExitCode::Interrupted.number()));
            }
            messages.note("stopping after the current commit; press Ctrl-C again to end immediately");
        });
        match listening {
            Ok(()) => Ok(interrupt),
            Err(error) => Err(Failure::new(ExitCode::Other, "no_signals", format!("cannot listen to Ctrl-C: {error}"))),
        }
    }

    /// Returns whether to stop.
    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Returns the flag that Ctrl-C sets.
    pub(crate) fn flag(&self) -> &Arc<AtomicBool> {
        &self.0
    }
}
