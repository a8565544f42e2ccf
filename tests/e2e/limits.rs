//! The options that limit waiting and retrying.

use bank_tests::TestBackend;
use bank_tests::cli::Run;
use bank_tests::invariants::{Ledger, assert_sound};

use crate::{Scene, sandbox};

const TRANSFER: [&str; 7] = ["transfer", "--from", "Jessica", "--to", "John", "--amount", "800"];

fn transfer_with<'a>(options: &[&'a str]) -> Vec<&'a str> {
    TRANSFER.iter().chain(options).copied().collect()
}

#[test]
fn every_isolation_level_can_be_chosen() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let scene = Scene::on(backend);
        for level in ["read-committed", "repeatable-read", "serializable"] {
            scene.cli.stdout(&transfer_with(&["--isolation", level]));
        }
        assert_eq!(Ledger::read(&scene.database).transfers.len(), 3);
        assert_sound(&scene.database);
    }
}

#[test]
fn a_lock_that_is_never_released_ends_the_command_within_the_limits() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let scene = Scene::on(backend);
        let before = Ledger::read(&scene.database);
        let mut plain = scene.database.plain();
        let lock =
            if scene.database.is_sqlite() { "BEGIN IMMEDIATE" } else { "BEGIN; LOCK TABLE accounts IN SHARE MODE" };
        plain.execute(lock);
        let run = scene.cli.run(&transfer_with(&["-q", "--lock-timeout", "0.1", "--attempts", "2"]));
        let hint = "nothing was changed: run the same command again later";
        run.expect_failure(6, "posting failed 2 times in [..] s: [..]", hint);
        plain.execute("ROLLBACK");
        assert_eq!(Ledger::read(&scene.database), before);
    }
}

#[test]
fn limits_out_of_range_are_rejected_before_connecting() {
    let scene = Scene::on(TestBackend::Sqlite);
    for options in [
        ["--lock-timeout", "0"],
        ["--answer-timeout", "-1"],
        ["--statement-timeout", "x"],
        ["--retry-time", "86401"],
        ["--attempts", "0"],
        ["--isolation", "chaos"],
    ] {
        let run = scene.cli.run(&transfer_with(&options));
        assert_eq!(run.code, Some(2), "{options:?}: {run:?}");
        assert!(run.stderr.contains("error: ") && run.stderr.contains("hint: "), "{run:?}");
    }
    assert!(Ledger::read(&scene.database).transfers.is_empty());
}

#[test]
fn a_variable_with_an_invalid_value_is_named_unless_the_option_is_typed() {
    let error = "invalid value 'abc' for '--attempts <N>'[..]";
    let fails = |options: &[&str], variable: &str, hint: &str| {
        let run = Run::to_end(sandbox().command(&[&["list"], options].concat()).env("BANK_ATTEMPTS", variable));
        run.expect_failure(2, error, hint);
    };
    fails(&[], "abc", "the environment variable BANK_ATTEMPTS has this value");
    fails(&["--attempts", "abc"], "7", "see `bank-cli list --help`");
    fails(&["--attempts=abc"], "abc", "see `bank-cli list --help`");
}
