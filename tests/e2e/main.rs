//! The real binary: every command, every exit code, every kind of bad input.
//!
//! What the store does is tested in `conformance`; here it is what a person or a script sees of it.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests stop at the first surprise")]

use bank_tests::cli::Sandbox;
use bank_tests::{TestBackend, TestDatabase};

mod bad_database;
mod bad_input;
mod batch;
mod chain;
mod color;
mod commands;
mod completions;
mod config;
mod connections;
mod demo;
mod doctor;
mod export;
mod limits;
mod machine_output;
mod past;
mod readme;
mod reverse;
mod secrets;
mod streams;
mod tls;
mod tutorial;
mod widths;
mod workload;

/// Returns a home in which no database is named.
fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_bank-cli-under-test"))
}

/// The demo accounts in a database of their own, and the binary that is told to use it.
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
