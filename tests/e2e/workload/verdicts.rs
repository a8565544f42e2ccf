//! The verdict of a workload when something is wrong, or when it is interrupted.

use std::process::Child;

use bank_tests::TestBackend;
use bank_tests::cli::interrupt;
use bank_tests::wait::wait_until;

use super::{BOTH, Scene};

#[test]
fn a_balance_that_was_changed_by_hand_is_found_and_its_account_named() {
    for backend in BOTH {
        let scene = Scene::new(backend, 20);
        scene.plain().execute("UPDATE accounts SET balance = balance + 5 WHERE name = 'workload-0000007'");
        let run = scene.run(&["--clients", "2", "--transfers", "50"]);
        assert_eq!(run.code, Some(8), "{run:?}");
        assert!(run.stdout.contains("account workload-0000007 holds "), "{run:?}");
        assert!(
            run.stdout.contains("a reader saw a wrong total: the balances total 20005 instead of 20000"),
            "{run:?}"
        );
        assert!(run.stdout.contains("VIOLATED"), "{run:?}");
        let run = scene.cli.run(&["workload", "check"]);
        assert_eq!(run.code, Some(8), "{run:?}");
        assert!(run.stdout.contains("account workload-0000007 holds "), "{run:?}");
    }
}

#[test]
fn a_balance_that_is_changed_while_the_load_runs_is_found() {
    for backend in BOTH {
        let scene = Scene::new(backend, 20);
        let child = start(&scene, &["--clients", "2", "--duration", "60s", "--rate", RATE]);
        wait_for_transfers(&scene, 20);
        scene.plain().execute("UPDATE accounts SET balance = balance + 5 WHERE name = 'workload-0000007'");
        interrupt(&child);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(8));
        assert!(String::from_utf8(output.stdout).unwrap().contains("account workload-0000007 "));
    }
}

#[test]
fn a_transfer_that_vanishes_is_reported_as_lost() {
    for backend in BOTH {
        let scene = Scene::new(backend, 20);
        let child = start(&scene, &["--clients", "2", "--duration", "60s", "--rate", RATE, "--readers", "0"]);
        wait_for_transfers(&scene, 20);
        scene.plain().execute("DELETE FROM transfers WHERE id = (SELECT id FROM transfers ORDER BY id LIMIT 1)");
        interrupt(&child);
        let output = child.wait_with_output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(8), "{stdout}");
        assert!(stdout.contains("lost: transfer "), "{stdout}");
    }
}

#[test]
fn ctrl_c_ends_with_summary_and_report() {
    for backend in BOTH {
        let scene = Scene::new(backend, 20);
        let child = start(&scene, &["--clients", "2", "--duration", "60s", "--report", "r.html", "--jsonl", "r.jsonl"]);
        wait_for_transfers(&scene, 20);
        interrupt(&child);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130));
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(stdout.contains("verdict    = sound"), "{stdout}");
        assert!(scene.read("r.html").contains(", interrupted"));
        assert!(scene.read("r.jsonl").lines().last().unwrap().contains("\"interrupted\":true"));
    }
}

#[test]
fn a_run_fails_when_its_tables_vanish() {
    let scene = Scene::new(TestBackend::Sqlite, 20);
    let child = start(&scene, &["--clients", "2", "--duration", "60s", "--rate", RATE, "--report", "r.html"]);
    wait_for_transfers(&scene, 20);
    scene.plain().execute("DROP TABLE transfers");
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("no such table: transfers"), "{stderr}");
    assert!(scene.read("r.html").contains("could not be audited"));
}

/// Slow enough that the test gets SQLite's write lock to do damage.
const RATE: &str = "200";

fn start(scene: &Scene, options: &[&str]) -> Child {
    scene.cli.command(&[&["workload", "run", "-q"], options].concat()).spawn().unwrap()
}

fn wait_for_transfers(scene: &Scene, count: i64) {
    let mut plain = scene.plain();
    wait_until("the workload posts", || plain.number("SELECT count(*) AS value FROM transfers") >= count);
}
