//! PgBouncer in front of the tests' PostgreSQL server.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::LazyLock;

use tempfile::TempDir;

use super::binaries::Binaries;
use super::server::{PASSWORD, USER, shared};
use crate::wait::wait_until;

/// What a session of the pooler is handed out for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolMode {
    /// As long as its client is connected.
    Session,
    /// A transaction.
    Transaction,
}

/// A pooler, which ends when it is dropped.
#[derive(Debug)]
pub struct PgBouncer {
    child: Child,
    port: u16,
    _directory: TempDir,
}

impl PgBouncer {
    /// Starts a pooler, or returns `None` if it is not installed. It takes the parameter `options` and ignores it, or
    /// refuses it.
    ///
    /// # Panics
    ///
    /// If it is installed and does not start.
    #[must_use]
    pub fn start(mode: PoolMode, ignores_options: bool) -> Option<Self> {
        let program = program()?;
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let port = free_port();
        let config = directory.path().join("pgbouncer.ini");
        let server = shared().port();
        let mode = match mode {
            PoolMode::Session => "session",
            PoolMode::Transaction => "transaction",
        };
        let ignored = if ignores_options { "extra_float_digits,options" } else { "extra_float_digits" };
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={server} user={USER} password={PASSWORD}\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = {mode}\n\
             max_client_conn = 1000\ndefault_pool_size = 60\nserver_idle_timeout = 5\nignore_startup_parameters = {ignored}\n"
        );
        std::fs::write(&config, text).expect("the configuration can be written");
        let binaries = Binaries::find();
        give_away(directory.path(), &binaries);
        let mut command = binaries.as_owner(program);
        let child = command.arg("-q").arg(&config).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let pooler = Self { child: child.expect("pgbouncer can be started"), port, _directory: directory };
        wait_until("pgbouncer listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        Some(pooler)
    }

    /// Returns the pooler of this mode that the tests of this process share, or `None` if it is not installed.
    pub fn shared(mode: PoolMode) -> Option<&'static Self> {
        static SESSION: LazyLock<Option<PgBouncer>> = LazyLock::new(|| PgBouncer::start(PoolMode::Session, false));
        static TRANSACTION: LazyLock<Option<PgBouncer>> =
            LazyLock::new(|| PgBouncer::start(PoolMode::Transaction, false));
        match mode {
            PoolMode::Session => SESSION.as_ref(),
            PoolMode::Transaction => TRANSACTION.as_ref(),
        }
    }

    /// Returns the URL of a database through the pooler.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    directories.map(|directory| directory.join("pgbouncer")).find(|program| program.is_file())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
}

/// Lets the server's user read the directory: neither PostgreSQL nor PgBouncer runs as root.
fn give_away(directory: &Path, binaries: &Binaries) {
    if let Some(owner) = binaries.owner() {
        for path in [directory.to_owned(), directory.join("pgbouncer.ini")] {
            std::os::unix::fs::chown(path, Some(owner.uid), Some(owner.gid)).expect("root can give a file away");
        }
    }
}
