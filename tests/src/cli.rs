//! The real binary, in an environment that is independent of the machine.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use snapbox::IntoData;
use tempfile::TempDir;

use crate::wait::wait_until;

/// A home directory for the binary, and the database that it is told to use.
#[derive(Debug)]
pub struct Sandbox {
    binary: PathBuf,
    home: TempDir,
    database_url: Option<String>,
    retry_time: Option<String>,
}

impl Sandbox {
    /// Returns a sandbox in which no database is named.
    ///
    /// # Panics
    ///
    /// If no temporary directory can be made.
    #[must_use]
    pub fn new(binary: &str) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        Self { binary: binary.into(), home, database_url: None, retry_time: None }
    }

    /// Names the database in the environment variable `DATABASE_URL`.
    #[must_use]
    pub fn database_url(mut self, url: impl Into<String>) -> Self {
        self.database_url = Some(url.into());
        self
    }

    /// Limits retrying in the environment variable `BANK_RETRY_TIME`, where nothing but giving up can follow.
    #[must_use]
    pub fn retry_time(mut self, seconds: &str) -> Self {
        self.retry_time = Some(seconds.to_owned());
        self
    }

    /// Lets nothing be tried again, where a server that is not there must be noticed immediately.
    #[must_use]
    pub fn impatient(self) -> Self {
        self.retry_time("0.001")
    }

    /// Returns the home directory, in which the binary also runs.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Returns the command with these arguments.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.env_clear().env("HOME", self.home()).current_dir(self.home()).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(url) = &self.database_url {
            command.env("DATABASE_URL", url);
        }
        if let Some(seconds) = &self.retry_time {
            command.env("BANK_RETRY_TIME", seconds);
        }
        command
    }

    /// Runs the binary.
    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::to_end(&mut self.command(arguments))
    }

    /// Starts the binary, and does not wait for its end.
    #[must_use]
    pub fn start(&self, arguments: &[&str]) -> Running {
        Running::start(&mut self.command(arguments))
    }

    /// Runs the binary, which must succeed, and returns what it printed on stdout.
    ///
    /// # Panics
    ///
    /// If it fails.
    pub fn stdout(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        assert_eq!(run.code, Some(0), "{run:?}");
        run.stdout
    }
}

/// Sends SIGINT to a process, as Ctrl-C does.
///
/// # Panics
///
/// If the process has ended and was waited for.
pub fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "the signal can be sent");
}

/// A run of the binary that has not ended yet.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stderr: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Running {
    /// Starts a command whose stderr is a pipe.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("the binary can be started");
        let mut lines = BufReader::new(child.stderr.take().expect("stderr is a pipe"));
        let stderr = Arc::new(Mutex::new(String::new()));
        let text = Arc::clone(&stderr);
        let reader = thread::spawn(move || {
            let mut line = String::new();
            while lines.read_line(&mut line).expect("stderr is UTF-8") > 0 {
                text.lock().expect("no reader panics").push_str(&line);
                line.clear();
            }
        });
        Self { child, stderr, reader }
    }

    /// Returns the pipe to its stdin, if it has one.
    pub fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// Waits until it has printed this text on stderr.
    ///
    /// # Panics
    ///
    /// If it does not print it.
    #[track_caller]
    pub fn wait_for_stderr(&self, text: &str) {
        let stderr = || self.stderr.lock().expect("no reader panics");
        wait_until(&format!("stderr says {text:?}"), || stderr().contains(text) || self.reader.is_finished());
        assert!(stderr().contains(text), "it ends without saying {text:?}: {}", stderr());
    }

    /// Returns whether it has ended.
    ///
    /// # Panics
    ///
    /// If the operating system cannot tell.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("it is our own child").is_some()
    }

    /// Sends it SIGINT, as Ctrl-C does.
    ///
    /// # Panics
    ///
    /// If its end has been waited for.
    pub fn interrupt(&self) {
        interrupt(&self.child);
    }

    /// Kills it, as a crash would, and waits for its end.
    ///
    /// # Panics
    ///
    /// If it has ended.
    pub fn kill(mut self) {
        assert!(!self.has_ended(), "it ended before it could be killed");
        self.child.kill().expect("it has not been waited for");
        self.child.wait().expect("it is our own child");
    }

    /// Waits for its end.
    ///
    /// # Panics
    ///
    /// If it does not print UTF-8.
    #[must_use]
    pub fn end(mut self) -> Run {
        drop(self.child.stdin.take());
        let mut stdout = String::new();
        if let Some(mut pipe) = self.child.stdout.take() {
            pipe.read_to_string(&mut stdout).expect("stdout is UTF-8");
        }
        let status = self.child.wait().expect("it is our own child");
        self.reader.join().expect("no reader panics");
        let stderr = self.stderr.lock().expect("no reader panics").clone();
        Run { code: status.code(), signal: status.signal(), stdout, stderr }
    }
}

/// A run of the binary that has ended.
#[derive(Clone, Debug)]
pub struct Run {
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it, if one did.
    pub signal: Option<i32>,
    /// What it printed on stdout.
    pub stdout: String,
    /// What it printed on stderr.
    pub stderr: String,
}

impl Run {
    /// Runs a command to its end.
    ///
    /// # Panics
    ///
    /// If it cannot be started, or does not print UTF-8.
    pub fn to_end(command: &mut Command) -> Self {
        // While another thread starts a process, that holds a copy of a binary that was just written open for writing.
        let is_busy = |output: &std::io::Result<Output>| {
            output.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::ExecutableFileBusy)
        };
        let mut output = command.output();
        wait_until("the binary can be started", || {
            if is_busy(&output) {
                output = command.output();
            }
            !is_busy(&output)
        });
        let output = output.expect("the binary can be started");
        Self {
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        }
    }

    /// Checks the exit code and both outputs; `[..]` and `...` stand for anything.
    ///
    /// # Panics
    ///
    /// If they differ.
    #[track_caller]
    pub fn expect(&self, code: i32, stdout: impl IntoData, stderr: impl IntoData) {
        let assert = snapbox::Assert::new().action_env(snapbox::assert::DEFAULT_ACTION_ENV);
        assert.eq(self.stdout.as_str(), stdout.into_data());
        assert.eq(self.stderr.as_str(), stderr.into_data());
        assert_eq!(self.code, Some(code), "{self:?}");
    }

    /// Checks that the run failed with one line of error and one line of hint. It may also have printed notes and the
    /// id of the transfer, but no data. `[..]` stands for anything.
    ///
    /// # Panics
    ///
    /// If it did not.
    #[track_caller]
    pub fn expect_failure(&self, code: i32, error: &str, hint: &str) {
        let is_note = |line: &str| line.starts_with("transfer id: ") || line.starts_with("note: ");
        let lines: Vec<&str> = self.stderr.lines().filter(|line| !is_note(line)).collect();
        let expected = format!("error: {error}\nhint: {hint}");
        snapbox::Assert::new().eq(lines.join("\n"), expected.into_data());
        assert_eq!(self.stdout, "", "a failure prints no data");
        assert_eq!(self.code, Some(code), "{self:?}");
    }
}
