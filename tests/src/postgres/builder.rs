//! Configuring and starting a server.

use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::binaries::Binaries;
use super::server::{PASSWORD, PostgresServer, USER};
use super::watchdog::Watchdog;

/// Another process may take the free port before the server does.
const START_ATTEMPTS_MAX: u32 = 5;

/// The directory of a server that is being made.
pub(super) struct Home {
    pub(super) path: PathBuf,
    pub(super) watchdog: Watchdog,
}

/// Builds a [`PostgresServer`].
#[derive(Debug, Default)]
pub struct ServerBuilder {
    durable: bool,
    settings: Vec<(String, String)>,
    hba: Option<String>,
    files: Vec<(String, String)>,
}

impl ServerBuilder {
    /// Returns a builder of a server that is fast but not durable.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the server durable, as in production: committed transactions survive `kill -9`.
    #[must_use]
    pub fn durable(mut self) -> Self {
        self.durable = true;
        self
    }

    /// Adds a line to `postgresql.conf`.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Replaces `pg_hba.conf`.
    #[must_use]
    pub fn hba(mut self, text: &str) -> Self {
        self.hba = Some(text.to_owned());
        self
    }

    /// Puts a file that only the server can read into the data directory.
    #[must_use]
    pub fn file(mut self, name: &str, content: &str) -> Self {
        self.files.push((name.to_owned(), content.to_owned()));
        self
    }

    /// Makes the server and starts it.
    ///
    /// # Panics
    ///
    /// If it does not come up, with its log.
    #[must_use]
    pub fn start(self) -> PostgresServer {
        let binaries = Binaries::find();
        let home = make_home(&binaries);
        self.initialise(&binaries, &home.path);
        let mut server = PostgresServer::new(binaries, home, free_port());
        for attempt in 1.. {
            let Err(log) = server.try_start() else { break };
            assert!(attempt < START_ATTEMPTS_MAX, "the test server does not start:\n{log}");
            server.set_port(free_port());
        }
        server
    }

    fn initialise(&self, binaries: &Binaries, home: &Path) {
        let password_file = home.join("password");
        write_owned(binaries, &password_file, PASSWORD);
        run(binaries
            .command("initdb")
            .args(["--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"])
            .arg(format!("--username={USER}"))
            .arg(format!("--pwfile={}", password_file.display()))
            .arg(format!("--pgdata={}", home.join("data").display())));
        let data = home.join("data");
        let configuration = data.join("postgresql.conf");
        let mut file = std::fs::OpenOptions::new().append(true).open(configuration).expect("initdb has written it");
        file.write_all(self.configuration(home).as_bytes()).expect("it can be written");
        if let Some(hba) = &self.hba {
            std::fs::write(data.join("pg_hba.conf"), hba).expect("it can be written");
        }
        for (name, content) in &self.files {
            write_owned(binaries, &data.join(name), content);
        }
    }

    fn configuration(&self, home: &Path) -> String {
        let mut lines = vec![
            "listen_addresses = '127.0.0.1'".to_owned(),
            format!("unix_socket_directories = '{}'", home.display()),
            "max_connections = 200".to_owned(),
            "shared_buffers = 128MB".to_owned(),
            "log_min_messages = warning".to_owned(),
        ];
        if !self.durable {
            lines.extend(["fsync = off", "full_page_writes = off"].map(str::to_owned));
        }
        lines.extend(self.settings.iter().map(|(name, value)| format!("{name} = '{value}'")));
        format!("\n{}\n", lines.join("\n"))
    }
}

/// Makes the server's directory. Its path is short, because that of a Unix socket is limited, and open to its user.
pub(super) fn make_home(binaries: &Binaries) -> Home {
    let parent = if binaries.owner().is_some() { PathBuf::from("/tmp") } else { std::env::temp_dir() };
    let directory = tempfile::Builder::new().prefix("bank-pg-").tempdir_in(parent).expect("a directory can be made");
    give_to_owner(binaries, directory.path());
    let watchdog = Watchdog::start(binaries, directory.path());
    // From here on the watchdog deletes it.
    Home { path: directory.keep(), watchdog }
}

fn write_owned(binaries: &Binaries, path: &Path, content: &str) {
    std::fs::write(path, content).expect("a file for the server can be written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("its mode can be set");
    give_to_owner(binaries, path);
}

fn give_to_owner(binaries: &Binaries, path: &Path) {
    if let Some(owner) = binaries.owner() {
        chown(path, Some(owner.uid), Some(owner.gid)).expect("root can give a file away");
    }
}

/// Returns a port of 127.0.0.1 that is free at this moment.
pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
}

/// Runs a program of the server and stops the test if it fails.
pub(super) fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?} failed: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
