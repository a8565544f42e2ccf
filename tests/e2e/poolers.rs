//! Commands through PgBouncer: what it does not pass on must not lead to the wrong tables.

use bank_tests::TestBackend;
use bank_tests::cli::Run;
use bank_tests::invariants::Ledger;
use bank_tests::postgres::{PgBouncer, PoolMode};

use crate::Scene;

/// Runs the test with a pooler in front of a bank with accounts, or says that it is left out.
fn with_pooler(mode: PoolMode, ignores_options: bool, test: impl FnOnce(&Scene, &dyn Fn(&[&str]) -> Run)) {
    let Some(pooler) = PgBouncer::start(mode, ignores_options) else {
        bank_tests::backend::say("left out: commands through a pooler, because PgBouncer is not installed");
        return;
    };
    let scene = Scene::on(TestBackend::Postgres);
    let name = scene.database.bank().database().name().unwrap();
    let url = pooler.url(&name);
    test(&scene, &|arguments| scene.cli.run(&[arguments, &["--database-url", &url]].concat()));
}

const HINT: &str = "a pooler does not pass the search path on: connect directly to the server; a workload can work in the \
                    database's own tables with --here";

#[test]
fn no_scratch_schema_is_mistaken_behind_a_pooler_that_ignores_the_search_path() {
    with_pooler(PoolMode::Transaction, true, |scene, run| {
        let before = Ledger::read(&scene.database);
        let demo = run(&["demo", "-q"]);
        assert_eq!(demo.code, Some(7), "{demo:?}");
        assert!(
            demo.stderr.starts_with("error: the session is in the schema public, although the URL asks for bank_demo_")
        );
        assert!(demo.stderr.ends_with(&format!("hint: {HINT}\n")), "{demo:?}");
        run(&["workload", "init", "--accounts", "3"]).expect_failure(
            7,
            "the session is in the schema public, although the URL asks for bank_workload",
            HINT,
        );
        assert_eq!(Ledger::read(&scene.database), before);
        let left = scene
            .database
            .plain()
            .texts("SELECT nspname::text AS value FROM pg_namespace WHERE nspname LIKE 'bank_demo%'");
        assert!(left.is_empty(), "{left:?}");
    });
}

#[test]
fn a_pooler_that_refuses_the_search_path_is_told_as_such() {
    for mode in [PoolMode::Session, PoolMode::Transaction] {
        with_pooler(mode, false, |scene, run| {
            let before = Ledger::read(&scene.database);
            for command in [&["demo", "-q"][..], &["workload", "init", "--accounts", "3"]] {
                let refused = run(command);
                assert_eq!(refused.code, Some(7), "{refused:?}");
                assert!(refused.stderr.contains("startup parameter"), "{refused:?}");
                assert!(refused.stderr.ends_with(&format!("hint: {HINT}\n")), "{refused:?}");
            }
            assert_eq!(Ledger::read(&scene.database), before);
        });
    }
}

#[test]
fn commands_work_through_a_pooler_in_either_mode() {
    for mode in [PoolMode::Session, PoolMode::Transaction] {
        with_pooler(mode, false, |scene, run| {
            let transfer = run(&["transfer", "--from", "Jessica", "--to", "John", "--amount", "5"]);
            assert_eq!(transfer.code, Some(0), "{transfer:?}");
            std::fs::write(scene.cli.home().join("in.csv"), "from,to,amount\nJessica,John,1\nJessica,John,2\n")
                .unwrap();
            let batch = run(&["batch", "in.csv", "--reference", "r"]);
            assert!(batch.stdout.starts_with("Posted 2, replayed 0"), "{batch:?}");
            assert_eq!(run(&["verify", "-q"]).code, Some(0));
            assert_eq!(run(&["doctor"]).code, Some(1), "the test server is not durable");
        });
    }
}

#[test]
fn a_workload_that_prepares_statements_behind_a_shared_session_is_told_what_helps() {
    with_pooler(PoolMode::Transaction, false, |scene, run| {
        scene.database.plain().execute("DELETE FROM accounts");
        assert_eq!(run(&["workload", "init", "--here", "--accounts", "10"]).code, Some(0));
        let workload = ["workload", "run", "--here", "--clients", "4", "--transfers", "400"];
        let prepared = run(&workload);
        assert_ne!(prepared.code, Some(0), "{prepared:?}");
        assert!(prepared.stderr.contains("prepared statement"), "{prepared:?}");
        assert!(prepared.stderr.contains("--no-prepare"), "{prepared:?}");
        let run = run(&[&workload[..], &["--no-prepare"]].concat());
        assert_eq!(run.code, Some(0), "{run:?}");
    });
}
