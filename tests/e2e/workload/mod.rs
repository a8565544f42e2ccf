//! `bank-cli workload` through the real binary: its load, its verdict, its files, and the accounts it does not touch.

use std::path::PathBuf;

use bank_persistence::{Bank, DatabaseUrl, Settings};
use bank_tests::cli::{Run, Sandbox};
use bank_tests::plain::Plain;
use bank_tests::{TestBackend, TestDatabase};
use serde_json::Value;

mod bad_input;
mod browser;
mod files;
mod modes;
mod places;
mod verdicts;

const BOTH: [TestBackend; 2] = [TestBackend::Sqlite, TestBackend::Postgres];

/// A private database, and the binary configured for it.
struct Scene {
    database: TestDatabase,
    cli: Sandbox,
}

impl Scene {
    /// Returns a scene without a workload.
    fn empty(backend: TestBackend) -> Self {
        let database = backend.empty_database();
        let cli = Sandbox::new(env!("CARGO_BIN_EXE_bank-cli-under-test")).database_url(database.url_text());
        Self { database, cli }
    }

    /// Returns a scene with a workload of this many accounts.
    fn new(backend: TestBackend, accounts: u32) -> Self {
        let scene = Self::empty(backend);
        let accounts = accounts.to_string();
        scene.cli.stdout(&["workload", "init", "--accounts", &accounts]);
        scene
    }

    /// Returns the URL of the workload's schema or file.
    fn url(&self) -> DatabaseUrl {
        let url = self.database.url();
        match url.sqlite_path() {
            Some(path) => DatabaseUrl::sqlite_file(&path.with_file_name("bank-workload.db")),
            None => url.with_search_path("bank_workload"),
        }
    }

    fn bank(&self) -> Bank {
        Bank::connect(&self.url(), Settings::default()).unwrap()
    }

    /// Returns a plain connection to the workload's schema or file.
    fn plain(&self) -> Plain {
        if let Some(path) = self.url().sqlite_path() {
            return Plain::sqlite(path);
        }
        let mut plain = self.database.plain();
        plain.execute("SET search_path TO bank_workload");
        plain
    }

    /// Returns the path of a file in the home directory, in which the binary also runs.
    fn path(&self, file: &str) -> PathBuf {
        self.cli.home().join(file)
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap()
    }

    /// Runs `workload run` with these options.
    fn run(&self, options: &[&str]) -> Run {
        self.cli.run(&[&["workload", "run"], options].concat())
    }

    /// Runs `workload run --output json`, which must end with this code, and returns the summary.
    #[track_caller]
    fn summary(&self, code: i32, options: &[&str]) -> Value {
        let run = self.run(&[options, &["--output", "json"]].concat());
        assert_eq!(run.code, Some(code), "{run:?}");
        serde_json::from_str(&run.stdout).unwrap()
    }
}

/// Returns the number at this pointer of a summary.
#[track_caller]
fn number(summary: &Value, pointer: &str) -> u64 {
    summary.pointer(pointer).and_then(Value::as_u64).unwrap_or_else(|| panic!("{pointer} in {summary}"))
}
