//! The schema or file of a workload, and the accounts that it does not touch.

use bank_tests::fixtures::{balance, current, only_totals, open};
use bank_tests::invariants::Ledger;
use bank_tests::proxy::{Fault, Plan, Proxy};
use bank_tests::{TestBackend, postgres};

use super::{BOTH, Scene, number};

#[test]
fn real_accounts_are_not_touched() {
    for backend in BOTH {
        let scene = Scene::empty(backend);
        let bank = scene.database.bank();
        bank.migrate().unwrap();
        open(&bank, "Jessica", 10_000);
        scene.cli.stdout(&["workload", "init", "--accounts", "10"]);
        scene.summary(0, &["--clients", "2", "--transfers", "100"]);
        let ledger = Ledger::read(&scene.database);
        assert_eq!((ledger.accounts.len(), ledger.transfers.len()), (1, 0));
        assert_eq!(scene.bank().count_accounts().unwrap(), 10);
    }
}

#[test]
fn here_works_beside_real_accounts_and_moves_none_of_their_money() {
    for backend in BOTH {
        let scene = Scene::empty(backend);
        let bank = scene.database.bank();
        bank.migrate().unwrap();
        open(&bank, "Jessica", 10_000);
        scene.cli.stdout(&["workload", "init", "--here", "--accounts", "10", "--balance", "500"]);
        let summary = scene.summary(0, &["--here", "--clients", "2", "--transfers", "100"]);
        assert_eq!(number(&summary, "/configuration/accounts"), 10);
        assert_eq!((balance(&bank, "Jessica"), current(&bank, "Jessica").version.get()), (10_000, 0));
        let check = scene.cli.stdout(&["workload", "check", "--here"]);
        assert!(check.contains("accounts      = 11"), "{check}");
    }
}

#[test]
fn foreign_accounts_among_those_of_the_workload_are_rejected() {
    for backend in BOTH {
        let scene = Scene::new(backend, 10);
        open(&scene.bank(), "Jessica", 10_000);
        for arguments in [&["workload", "init"][..], &["workload", "run", "--clients=1", "--transfers=5"]] {
            let run = scene.cli.run(arguments);
            run.expect_failure(
                1,
                "[..] holds 1 accounts that are not the workload's",
                "a workload leaves the accounts of others alone: drop them, or work beside them with --here",
            );
        }
    }
}

#[test]
fn initialising_again_opens_only_missing_accounts() {
    for backend in BOTH {
        let scene = Scene::new(backend, 10);
        let stdout = scene.cli.stdout(&["workload", "init", "--accounts", "1500"]);
        assert!(stdout.contains("Opened 1490 accounts with 1000 each; 10 were there already."), "{stdout}");
        assert_eq!(only_totals(&scene.bank().totals().unwrap().currencies).0, 1_500_000);
    }
}

#[test]
fn without_init_there_is_a_hint() {
    for backend in BOTH {
        let scene = Scene::empty(backend);
        let run = scene.run(&["--clients", "1", "--transfers", "5", "--report", "r.html"]);
        run.expect_failure(1, "there is no workload in [..]", "run `bank-cli workload init`");
        assert!(!scene.path("r.html").exists(), "nothing was written");
        let run = scene.cli.run(&["workload", "check", "--here"]);
        assert!(matches!(run.code, Some(1)), "{run:?}");
    }
}

#[test]
fn no_statement_is_prepared_with_no_prepare() {
    let scene = Scene::empty(TestBackend::Postgres);
    scene.cli.stdout(&["workload", "init", "--here", "--accounts", "10"]);
    for (option, is_prepared) in [("--no-prepare", false), ("--verbose", true)] {
        // The prefix of the statements that Diesel prepares.
        let proxy = Proxy::start(postgres::shared().port(), Plan::at_each("__diesel_stmt", Fault::CutBefore));
        let url = scene.database.url_through(proxy.port());
        let options = ["--here", "--clients=2", "--duration=300ms", "--settle=0s", option, "--database-url", &url];
        let run = scene.run(&options);
        assert_eq!((run.code == Some(0), proxy.faults() > 0), (!is_prepared, is_prepared), "{run:?}");
    }
}
