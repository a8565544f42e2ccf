//! The real binary, in an environment without anything of the machine's own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use snapbox::IntoData;
use tempfile::TempDir;

/// A home directory for the binary, and the database that it is told to use.
#[derive(Debug)]
pub struct Sandbox {
    binary: PathBuf,
    home: TempDir,
    database_url: Option<String>,
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
        Self { binary: binary.into(), home, database_url: None }
    }

    /// Names the database in the environment variable `DATABASE_URL`.
    #[must_use]
    pub fn database_url(mut self, url: impl Into<String>) -> Self {
        self.database_url = Some(url.into());
        self
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
        command
    }

    /// Runs the binary.
    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(&mut self.command(arguments))
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
/// If the process is gone, and its end has been waited for.
pub fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "the signal can be sent");
}

/// A run of the binary that has ended.
#[derive(Clone, Debug)]
pub struct Run {
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
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
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().expect("the binary can be started");
        Self {
            code: output.status.code(),
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

    /// Checks that the run failed with one line of error and one line of hint, and printed nothing else but, perhaps,
    /// notes and the transfer's id; `[..]` stands for anything.
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
