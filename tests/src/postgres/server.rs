//! A running server.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use super::binaries::Binaries;
use super::builder::{Home, ServerBuilder, run};
use super::watchdog::Watchdog;

/// The superuser of every test server.
pub const USER: &str = "bank";
/// Its password, which no output may ever show.
pub const PASSWORD: &str = "correct-horse-battery-staple";

/// How long a restart may take.
const RESTART_TIME_MAX: Duration = Duration::from_secs(60);

/// The server that the tests of one process share.
static SHARED: LazyLock<PostgresServer> = LazyLock::new(|| ServerBuilder::new().start());

/// Returns the server that the tests of this process share; the first caller starts it.
pub fn shared() -> &'static PostgresServer {
    &SHARED
}

/// A PostgreSQL server that belongs to the tests.
#[derive(Debug)]
pub struct PostgresServer {
    binaries: Binaries,
    home: PathBuf,
    port: u16,
    // Stops the server when it is dropped, or when this process ends.
    _watchdog: Watchdog,
}

impl PostgresServer {
    pub(super) fn new(binaries: Binaries, home: Home, port: u16) -> Self {
        Self { binaries, home: home.path, port, _watchdog: home.watchdog }
    }

    pub(super) fn set_port(&mut self, port: u16) {
        self.port = port;
    }

    /// Returns the URL of a database over the Unix socket, which asks for no password.
    #[must_use]
    pub fn socket_url(&self, database: &str) -> String {
        let directory = self.home.display().to_string().replace('/', "%2F");
        format!("postgres://{USER}@/{database}?host={directory}&port={}", self.port)
    }

    /// Returns the URL of a database over TCP, with the password.
    #[must_use]
    pub fn tcp_url(&self, database: &str) -> String {
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// Returns the TCP port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the directory that holds the socket and, in `data`, the server's files.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Starts the server again after it was stopped or killed, and waits until it answers.
    ///
    /// # Panics
    ///
    /// If it does not start, with its log.
    pub fn start(&self) {
        let deadline = Instant::now() + RESTART_TIME_MAX;
        // After `kill -9` the server's other processes need a moment to notice.
        while let Err(log) = self.try_start() {
            assert!(Instant::now() < deadline, "the test server does not start:\n{log}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Stops the server and waits until it has ended.
    pub fn stop(&self, mode: StopMode) {
        let mut command = self.binaries.command("pg_ctl");
        command.args(["stop", "--wait", "--timeout=60"]).arg(format!("--mode={}", mode.name()));
        run(command.arg(format!("--pgdata={}", self.data().display())));
    }

    /// Sends a signal, such as `KILL`, `STOP` or `CONT`, to the server's first process.
    pub fn signal(&self, name: &str) {
        run(self.binaries.as_owner("kill").args(["-s", name, &self.pid().to_string()]));
    }

    /// Returns the id of the server's first process.
    ///
    /// # Panics
    ///
    /// If the server is not running.
    #[must_use]
    pub fn pid(&self) -> u32 {
        let text = std::fs::read_to_string(self.data().join("postmaster.pid")).expect("the server runs");
        text.lines().next().and_then(|line| line.trim().parse().ok()).expect("the first line is the process id")
    }

    /// Returns what the server has logged.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.home.join("log")).unwrap_or_default()
    }

    /// Starts the server, or returns its log.
    pub(super) fn try_start(&self) -> Result<(), String> {
        let status = self
            .binaries
            .command("pg_ctl")
            .args(["start", "--wait", "--timeout=60", "--silent"])
            .arg(format!("--pgdata={}", self.data().display()))
            .arg(format!("--log={}", self.home.join("log").display()))
            // A standby has a copy of another server's configuration, with another directory for the socket.
            .arg(format!("--options=-p {} -k {}", self.port, self.home.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("pg_ctl can be run");
        if status.success() { Ok(()) } else { Err(self.log()) }
    }

    /// Returns the programs of the server's installation.
    pub(super) fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    pub(super) fn data(&self) -> PathBuf {
        self.home.join("data")
    }
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopMode {
    /// Sessions are ended, their transactions rolled back.
    Fast,
    /// Everything ends immediately; the next start recovers from the log.
    Immediate,
}

impl StopMode {
    const fn name(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Immediate => "immediate",
        }
    }
}
