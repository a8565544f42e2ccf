//! The real binary: every command, every exit code, every kind of bad input.
//!
//! What the store does is tested in `conformance`; here it is what a person or a script sees of it.

#![expect(clippy::panic, clippy::unwrap_used, reason = "tests stop at the first surprise")]

use bank_tests::cli::Sandbox;
use bank_tests::{TestBackend, TestDatabase};

#[path = "e2e/bad_database.rs"]
mod bad_database;
#[path = "e2e/bad_input.rs"]
mod bad_input;
#[path = "e2e/chain.rs"]
mod chain;
#[path = "e2e/color.rs"]
mod color;
#[path = "e2e/commands.rs"]
mod commands;
#[path = "e2e/completions.rs"]
mod completions;
#[path = "e2e/config.rs"]
mod config;
#[path = "e2e/connections.rs"]
mod connections;
#[path = "e2e/demo.rs"]
mod demo;
#[path = "e2e/doctor.rs"]
mod doctor;
#[path = "e2e/export.rs"]
mod export;
#[path = "e2e/limits.rs"]
mod limits;
#[path = "e2e/machine_output.rs"]
mod machine_output;
#[path = "e2e/past.rs"]
mod past;
#[path = "e2e/reverse.rs"]
mod reverse;
#[path = "e2e/secrets.rs"]
mod secrets;
#[path = "e2e/streams.rs"]
mod streams;
#[path = "e2e/widths.rs"]
mod widths;

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
