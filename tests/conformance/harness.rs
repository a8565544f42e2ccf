//! The harness itself: its checkers can fail, its servers do not outlive their tests, and SQLite is compiled with the
//! options of the build.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use bank_tests::fixtures::{open, post, posted, transfer};
use bank_tests::invariants::{Ledger, assert_exactly_once, assert_sound};
use bank_tests::plain::Plain;
use bank_tests::postgres::{ServerBuilder, StopMode};
use bank_tests::wait::wait_until;
use bank_tests::{TestBackend, TestDatabase};

/// Set in the process that plays a killed test.
const VICTIM: &str = "BANK_TEST_VICTIM";

fn two_accounts() -> (TestDatabase, bank_persistence::Bank, [bank_domain::AccountId; 2]) {
    let database = TestBackend::Sqlite.database();
    let bank = database.bank();
    let accounts = [open(&bank, "a", 100).id, open(&bank, "b", 100).id];
    (database, bank, accounts)
}

#[test]
#[should_panic(expected = "was acknowledged and is not there")]
fn a_lost_transfer_is_noticed() {
    let (database, bank, [a, b]) = two_accounts();
    let order = transfer(a, b, 1);
    posted(post(&bank, &order));
    database.plain().execute("DELETE FROM transfers");
    assert_exactly_once(&database, std::slice::from_ref(&order), &[order.id]);
}

#[test]
#[should_panic(expected = "nobody submitted transfer")]
fn a_transfer_that_nobody_submitted_is_noticed() {
    let (database, bank, [a, b]) = two_accounts();
    posted(post(&bank, transfer(a, b, 1)));
    assert_exactly_once(&database, &[], &[]);
}

#[test]
#[should_panic(expected = "has other content")]
fn a_transfer_with_other_content_is_noticed() {
    let (database, bank, [a, b]) = two_accounts();
    let order = transfer(a, b, 1);
    posted(post(&bank, &order));
    database.plain().execute("UPDATE transfers SET memo = 'rent'");
    assert_exactly_once(&database, std::slice::from_ref(&order), &[order.id]);
}

#[test]
#[should_panic(expected = "invariants are broken")]
fn money_from_nowhere_is_noticed() {
    let (database, _bank, _accounts) = two_accounts();
    database.plain().execute("UPDATE accounts SET balance = balance + 1 WHERE name = 'a'");
    assert_sound(&database);
}

/// `.cargo/config.toml` has the options. A misspelt flag, or an option that SQLite has renamed, is silently ignored.
#[test]
fn sqlite_is_compiled_with_the_options_of_the_build() {
    let database = TestBackend::Sqlite.database();
    let options = database.plain().texts("SELECT compile_options AS value FROM pragma_compile_options");
    for wanted in ["THREADSAFE=2", "DEFAULT_MEMSTATUS=0"] {
        assert!(options.iter().any(|option| option == wanted), "{wanted}: {options:?}");
    }
    assert!(!options.iter().any(|option| option.starts_with("ENABLE_MEMORY_MANAGEMENT")), "{options:?}");
}

#[test]
fn databases_are_private() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let (first, second) = (backend.database(), backend.database());
        open(&first.bank(), "a", 100);
        assert_eq!(Ledger::read(&second), Ledger::default());
    }
}

#[test]
fn a_durable_server_survives_every_kind_of_end() {
    let server = ServerBuilder::new().durable().start();
    Plain::postgres(&server.socket_url("postgres")).execute("CREATE TABLE survivors (n BIGINT)");
    for (n, end) in ["KILL", "fast", "immediate"].into_iter().enumerate() {
        Plain::postgres(&server.socket_url("postgres")).execute(&format!("INSERT INTO survivors VALUES ({n})"));
        match end {
            "fast" => server.stop(StopMode::Fast),
            "immediate" => server.stop(StopMode::Immediate),
            signal => server.signal(signal),
        }
        server.start();
        let count = Plain::postgres(&server.tcp_url("postgres")).number("SELECT count(*) AS value FROM survivors");
        assert_eq!(usize::try_from(count).unwrap(), n + 1, "after {end}");
    }
}

/// Plays a test that starts a server and is killed.
#[test]
fn victim() {
    if std::env::var_os(VICTIM).is_some() {
        let server = ServerBuilder::new().start();
        println!("\nserver {} {}", server.pid(), server.home().display());
        std::process::abort();
    }
}

#[test]
fn a_server_ends_with_the_process_that_started_it() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "harness::victim", "--nocapture"])
        .env(VICTIM, "yes")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let line = lines.into_iter().find(|line| line.starts_with("server ")).expect("the server has started");
    let words: Vec<&str> = line.split(' ').collect();
    assert_eq!(child.wait().unwrap().code(), None, "a signal has ended it");
    wait_until("the server has gone", || !Path::new(words[2]).exists() && !is_alive(words[1]));
}

fn is_alive(pid: &str) -> bool {
    Command::new("kill").args(["-0", pid]).stderr(Stdio::null()).status().unwrap().success()
}
