//! The real binary: every command, every exit code, every kind of bad input.
//!
//! `conformance` tests what the store does. These tests check what a person or a script sees of it.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests stop at the first surprise")]

use std::time::Duration;

use bank_persistence::Settings;
use bank_tests::cli::{Running, Sandbox};
use bank_tests::{TestBackend, TestDatabase};

mod account;
mod bad_database;
mod bad_input;
mod batch;
mod chain;
mod color;
mod commands;
mod completions;
mod config;
mod connections;
mod currency;
mod demo;
mod doctor;
mod export;
mod groups;
mod limits;
mod machine_output;
mod naming;
mod past;
mod poolers;
mod readme;
mod reasons;
mod reverse;
mod secrets;
mod sqlite_files;
mod standard_output;
mod streams;
mod tls;
mod tutorial;
mod widths;
mod workload;

/// Returns a sandbox without a database URL.
fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_bank-cli-under-test"))
}

/// Returns how long a command waits for a connection before it gives up. A command that fails for another reason takes
/// less, on any machine.
fn connection_timeout() -> Duration {
    Settings::default().connection_timeout
}

/// Starts a command that must wait for a lock which the test holds, and returns when it waits.
fn start_blocked(cli: &Sandbox, database: &TestDatabase, arguments: &[&str]) -> Running {
    if database.is_sqlite() {
        // Only the command itself can tell that it waits.
        let running = cli.start(&[arguments, &["-v", "--lock-timeout", "0.2"]].concat());
        running.wait_for_stderr("trying again");
        running
    } else {
        let running = cli.start(arguments);
        database.wait_for_blocked_session();
        running
    }
}

/// A private database with the demo accounts, and the binary configured for it.
struct Scene {
    database: TestDatabase,
    cli: Sandbox,
}

impl Scene {
    /// Returns an SQLite database with the demo accounts.
    fn new() -> Self {
        Self::on(TestBackend::Sqlite)
    }

    fn on(backend: TestBackend) -> Self {
        let database = backend.empty_database();
        let cli = sandbox().database_url(database.url_text());
        cli.stdout(&["setup"]);
        Self { database, cli }
    }
}
