//! Runs a program on a terminal of a given width.

use std::fs::File;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command};

use rustix_openpty::openpty;
use rustix_openpty::rustix::termios::Winsize;

use crate::cli::Run;

/// A running command with all its streams on a terminal of its own.
#[derive(Debug)]
pub struct Session {
    child: Child,
    controller: File,
    printed: Vec<u8>,
}

impl Session {
    /// Starts a command on a terminal with this many columns; `configure` may redirect some streams.
    ///
    /// # Panics
    ///
    /// If the terminal cannot be made or the command cannot be started.
    pub fn start(mut command: Command, columns: u16, configure: impl FnOnce(&mut Command)) -> Self {
        let size = Winsize { ws_col: columns, ws_row: 24, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(None, Some(&size)).expect("a terminal can be made");
        let copy = || pty.user.try_clone().expect("a file descriptor can be copied");
        command.stdin(copy()).stdout(copy()).stderr(copy()).env("TERM", "xterm-256color");
        configure(&mut command);
        let child = command.spawn().expect("the binary can be started");
        // Otherwise the terminal would stay open on our side, and reading from it would never end.
        drop((command, pty.user));
        Self { child, controller: File::from(pty.controller), printed: Vec::new() }
    }

    /// Waits until this text was printed.
    ///
    /// # Panics
    ///
    /// If the program ends first.
    pub fn wait_for(&mut self, text: &str) {
        while !String::from_utf8_lossy(&self.printed).contains(text) {
            assert!(self.read(), "{text:?} was never printed: {:?}", String::from_utf8_lossy(&self.printed));
        }
    }

    /// Waits for the end. The output of both streams is in `stdout`.
    ///
    /// # Panics
    ///
    /// If the program does not print UTF-8.
    #[must_use]
    pub fn end(mut self) -> Run {
        while self.read() {}
        let status = self.child.wait().expect("the binary ends");
        let stdout = String::from_utf8(self.printed).expect("it prints UTF-8").replace("\r\n", "\n");
        Run { code: status.code(), signal: status.signal(), stdout, stderr: String::new() }
    }

    /// Reads more and returns whether there was any; Linux reports the end of a terminal as an error.
    fn read(&mut self) -> bool {
        let mut buffer = [0; 4096];
        let Ok(length @ 1..) = self.controller.read(&mut buffer) else { return false };
        self.printed.extend_from_slice(&buffer[..length]);
        true
    }
}

/// Runs a command to its end on a terminal with this many columns.
#[must_use]
pub fn run(command: Command, columns: u16) -> Run {
    Session::start(command, columns, |_| {}).end()
}
