//! The PostgreSQL server that is measured.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use bank_tests::plain::Plain;
use bank_tests::postgres::{Binaries, PostgresServer, ServerBuilder, USER};

use crate::failure::Failure;
use crate::scale::Scale;

/// How long autovacuum may keep a database from being copied.
const COPY_TIME_MAX: Duration = Duration::from_secs(60);

/// A server that belongs to the benchmark and ends with this process.
pub(crate) struct Server(PostgresServer);

impl Server {
    /// Starts the server with enough memory that a run waits for the disk only to commit. Checkpoints happen between
    /// runs, never within one.
    pub(crate) fn start(scale: &Scale) -> Self {
        let builder = if scale.is_durable { ServerBuilder::new().durable() } else { ServerBuilder::new() };
        let builder = builder
            .setting("shared_buffers", scale.shared_buffers)
            .setting("max_wal_size", "16GB")
            .setting("checkpoint_timeout", "1h");
        Self(builder.start())
    }

    /// Returns the URL of a database.
    pub(crate) fn url(&self, database: &str) -> String {
        self.0.socket_url(database)
    }

    /// Connects to a database.
    pub(crate) fn plain(&self, database: &str) -> Plain {
        Plain::postgres(&self.url(database))
    }

    /// Copies a database that nobody uses. The copy replaces an earlier database of its name.
    pub(crate) fn copy(&self, original: &str, database: &str) -> Result<(), Failure> {
        let mut admin = self.plain("postgres");
        admin.try_execute(&format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)"))?;
        let deadline = Instant::now() + COPY_TIME_MAX;
        loop {
            match admin.try_execute(&format!("CREATE DATABASE {database} TEMPLATE {original}")) {
                Err(_) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(100)),
                other => return Ok(other?),
            }
        }
    }

    /// Returns the command that runs pgbench on a database, in a directory that this process can write to.
    pub(crate) fn pgbench(&self, database: &str, directory: &Path) -> Command {
        let mut command = Command::new(Binaries::find().directory().join("pgbench"));
        // Without the environment variables that would lead it elsewhere.
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("LC_ALL", "C");
        command.current_dir(directory).args(["--host".as_ref(), self.0.home().as_os_str()]);
        command.args(["--port", &self.0.port().to_string(), "--username", USER]);
        command.args(["--no-vacuum", "--protocol=prepared"]).arg(database);
        command
    }
}
