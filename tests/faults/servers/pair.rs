//! A primary and its standby with a common URL, and failovers between them.

use bank_persistence::{DatabaseUrl, Settings};
use bank_tests::load::{Load, LoadPlan};
use bank_tests::plain::Plain;
use bank_tests::postgres::{PASSWORD, PostgresServer, STANDBY_NAME, ServerBuilder, USER};

use super::{PATIENCE, migrate, parse};

/// Whether commits wait until the standby has them on its disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replication {
    Synchronous,
    Asynchronous,
}

/// Two servers, of which one follows the other.
pub(crate) struct Pair {
    pub(crate) primary: PostgresServer,
    pub(crate) standby: PostgresServer,
}

impl Pair {
    pub(crate) fn start(replication: Replication) -> Self {
        let names = match replication {
            // Both servers always have this setting. So commits on a primary without a standby wait, and no acknowledged
            // commit is ever on one server alone.
            Replication::Synchronous => STANDBY_NAME,
            Replication::Asynchronous => "",
        };
        let builder = ServerBuilder::new().durable().setting("cluster_name", STANDBY_NAME);
        let builder = builder.setting("wal_retrieve_retry_interval", "200ms");
        let primary = builder.setting("synchronous_standby_names", names).start();
        let standby = primary.new_standby();
        let pair = Self { primary, standby };
        migrate(&pair.url());
        pair
    }

    /// Returns the URL that reaches the current primary.
    pub(crate) fn url(&self) -> DatabaseUrl {
        parse(&self.url_text())
    }

    /// Returns the same URL as it is typed on a command line.
    pub(crate) fn url_text(&self) -> String {
        // Ordered by port, not by role, so that the URL never changes.
        let mut ports = [self.primary.port(), self.standby.port()];
        ports.sort_unstable();
        let [first, second] = ports;
        let hosts = format!("127.0.0.1:{first},127.0.0.1:{second}");
        let options = "target_session_attrs=read-write&connect_timeout=2";
        format!("postgres://{USER}:{PASSWORD}@{hosts}/postgres?{options}")
    }

    pub(crate) fn load(&self, settings: Settings, seed: u64) -> Load {
        let load = Load::start(self.url(), settings, LoadPlan { seed, ..LoadPlan::default() });
        load.wait_for_more(100, PATIENCE);
        load
    }

    /// Kills the primary and promotes the standby. The old primary must rejoin before it is used again.
    pub(crate) fn fail_over(&mut self) {
        self.primary.crash();
        self.standby.promote();
        std::mem::swap(&mut self.primary, &mut self.standby);
    }

    /// Makes the former primary the standby.
    pub(crate) fn rejoin(&self) {
        self.standby.rejoin_as_standby_of(&self.primary);
    }

    pub(crate) fn plain(&self) -> Plain {
        super::plain(&self.primary)
    }
}
