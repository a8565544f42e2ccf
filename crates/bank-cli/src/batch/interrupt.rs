//! Ctrl-C: the first asks to stop after the commit under way, the second ends the process at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::Messages;

/// Whether somebody wants the command to stop.
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
            messages.note("stopping after the commit under way; Ctrl-C again ends at once");
        });
        match listening {
            Ok(()) => Ok(interrupt),
            Err(error) => Err(Failure::new(ExitCode::Other, "no_signals", format!("cannot listen to Ctrl-C: {error}"))),
        }
    }

    /// Returns the flag that Ctrl-C sets.
    pub(crate) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }

    /// Returns whether to stop.
    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Fails if the command is to stop.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.is_asked() { Err(Self::failure()) } else { Ok(()) }
    }

    /// Returns the failure of a command that was stopped.
    pub(crate) fn failure() -> Failure {
        Failure::new(ExitCode::Interrupted, "interrupted", "interrupted")
    }
}
