//! `bank-cli batch` through the real binary: good files, bad files, bad lines, and continuing after an early end.

use std::fmt::Write as _;
use std::path::PathBuf;

use bank_tests::cli::{Run, Sandbox};
use bank_tests::fixtures::open;
use bank_tests::invariants::{Ledger, assert_sound};
use bank_tests::{TestBackend, TestDatabase};

mod bad_files;
mod bad_lines;
mod going_on;
mod good_files;
mod groups;
mod lost_servers;
mod modes;
mod refused_lines;
mod results;
mod sent_again;

const BOTH: [TestBackend; 2] = [TestBackend::Sqlite, TestBackend::Postgres];

const ID: &str = "019b76da-a800-7000-8000-000000000001";

/// Accounts `a`, `b` and `c` with 1000 each, and the binary configured for their database.
struct Scene {
    database: TestDatabase,
    cli: Sandbox,
}

impl Scene {
    fn new() -> Self {
        Self::on(TestBackend::Sqlite)
    }

    fn on(backend: TestBackend) -> Self {
        let database = backend.database();
        let bank = database.bank();
        for name in ["a", "b", "c"] {
            open(&bank, name, 1000);
        }
        let cli = Sandbox::new(env!("CARGO_BIN_EXE_bank-cli-under-test")).database_url(database.url_text());
        Self { database, cli }
    }

    /// Returns the path of a file in the home directory, in which the binary also runs.
    fn path(&self, file: &str) -> PathBuf {
        self.cli.home().join(file)
    }

    fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(file), content).unwrap();
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).unwrap()
    }

    /// Runs `batch in.csv --reference r` on a file with this content, with further options.
    fn batch(&self, content: impl AsRef<[u8]>, options: &[&str]) -> Run {
        self.write("in.csv", content);
        self.again(options)
    }

    /// Runs the same once more.
    fn again(&self, options: &[&str]) -> Run {
        self.cli.run(&[&["batch", "in.csv", "--reference", "r"], options].concat())
    }

    fn balances(&self) -> [i64; 3] {
        let ledger = Ledger::read(&self.database);
        ["a", "b", "c"].map(|name| ledger.account(name).balance)
    }

    fn transfers(&self) -> usize {
        assert_sound(&self.database);
        Ledger::read(&self.database).transfers.len()
    }
}

/// Returns a file with this many different lines.
fn many_lines(count: usize) -> String {
    let mut text = "from,to,amount,memo\n".to_owned();
    for number in 0..count {
        let (from, to) = if number % 2 == 0 { ("a", "b") } else { ("b", "a") };
        writeln!(text, "{from},{to},1,line {number}").unwrap();
    }
    text
}

/// Checks the exit code and the beginning of the summary.
#[track_caller]
fn expect(run: &Run, code: i32, summary: &str) {
    assert_eq!(run.code, Some(code), "{run:?}");
    assert!(run.stdout.starts_with(summary), "{run:?}");
    assert_eq!(run.stdout.lines().count(), 1, "{run:?}");
}
