//! Standard error as this program writes it, without what libraries print there by themselves.
//!
//! Until a connection exists, libpq prints its own warnings and the server's to file descriptor 2, and offers no way to stop
//! that. So where only errors or only JSON may appear, the descriptor leads to nothing, and bank writes through a copy.

use std::fs::File;
use std::io::{self, Write};
use std::sync::OnceLock;

/// The copy, once the descriptor leads to nothing.
static COPY: OnceLock<File> = OnceLock::new();

/// Keeps out whatever this program does not write through [`stderr`]. Where that is not possible, nothing changes.
pub(crate) fn keep_foreign_lines_out() {
    #[cfg(unix)]
    if let Ok(copy) = separate() {
        COPY.get_or_init(|| copy);
        // The default hook would print to the descriptor.
        std::panic::set_hook(Box::new(|panic| {
            let backtrace = std::backtrace::Backtrace::capture();
            stderr().write_all(format!("{panic}\n{backtrace}\n").as_bytes()).ok();
        }));
    }
}

#[cfg(unix)]
fn separate() -> io::Result<File> {
    use std::os::fd::AsFd;

    let copy = io::stderr().as_fd().try_clone_to_owned()?;
    let nowhere = File::options().write(true).open("/dev/null")?;
    rustix::stdio::dup2_stderr(nowhere)?;
    Ok(copy.into())
}

/// Returns standard error. Whole lines are to be written in one call, so that those of several threads do not mix.
pub(crate) fn stderr() -> Box<dyn Write> {
    match COPY.get() {
        Some(copy) => Box::new(copy),
        None => Box::new(io::stderr()),
    }
}
