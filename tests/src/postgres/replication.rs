//! Servers that follow another one.

use super::binaries::Binaries;
use super::builder::{free_port, make_home, run};
use super::server::{PostgresServer, USER};
use crate::plain::Plain;
use crate::wait::wait_until;

/// The name under which a standby follows. In `synchronous_standby_names` it makes commits wait for the standby.
///
/// Both servers have it as their `cluster_name`. In the connection string of the standby, `pg_basebackup` would use it,
/// too, and the primary would mistake the copy under way for the standby.
pub const STANDBY_NAME: &str = "bank_standby";

impl PostgresServer {
    /// Makes a new server that follows this one, and waits until it does.
    ///
    /// # Panics
    ///
    /// If that fails.
    #[must_use]
    pub fn new_standby(&self) -> Self {
        let binaries = Binaries::find();
        let home = make_home(&binaries);
        let standby = Self::new(binaries, home, free_port());
        standby.rejoin_as_standby_of(self);
        standby
    }

    /// Deletes this server's data, copies the primary's, and follows the primary from there. This server must be stopped.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub fn rejoin_as_standby_of(&self, primary: &Self) {
        if self.data().exists() {
            std::fs::remove_dir_all(self.data()).expect("the data of a server that has ended can be deleted");
        }
        let source = format!("host={} port={} user={USER}", primary.home().display(), primary.port());
        run(self
            .binaries()
            .command("pg_basebackup")
            .args(["--write-recovery-conf", "--checkpoint=fast", "--wal-method=stream", "--no-sync"])
            .arg(format!("--pgdata={}", self.data().display()))
            .arg(format!("--dbname={source}")));
        self.start();
        primary.wait_for_standby();
    }

    /// Waits until a standby follows this server closely.
    ///
    /// # Panics
    ///
    /// If none does so in time.
    pub fn wait_for_standby(&self) {
        let mut plain = Plain::postgres(&self.socket_url("postgres"));
        let streaming = format!(
            "SELECT count(*) AS value FROM pg_stat_replication \
             WHERE application_name = '{STANDBY_NAME}' AND state = 'streaming'"
        );
        wait_until("a standby follows", || plain.number(&streaming) > 0);
    }

    /// Makes this standby a primary.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub fn promote(&self) {
        run(self
            .binaries()
            .command("pg_ctl")
            .args(["promote", "--wait", "--timeout=60"])
            .arg(format!("--pgdata={}", self.data().display())));
    }
}
