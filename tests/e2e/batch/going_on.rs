//! Runs that end early, and are run again.

use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use bank_tests::TestBackend;
use bank_tests::cli::interrupt;
use bank_tests::invariants::Ledger;

use super::{BOTH, Scene, expect, many_lines};

/// Starts a batch and waits until some of it has been committed.
fn half_way(scene: &Scene, options: &[&str]) -> Child {
    let arguments = [&["batch", "in.csv", "--reference", "r", "--chunk", "50"], options].concat();
    let mut child = scene.cli.command(&arguments).stdin(Stdio::null()).spawn().unwrap();
    let mut plain = scene.database.plain();
    let deadline = Instant::now() + Duration::from_secs(30);
    while plain.number("SELECT count(*) AS value FROM transfers") < 500 {
        assert!(child.try_wait().unwrap().is_none(), "the batch ended before it could be stopped");
        assert!(Instant::now() < deadline, "the batch does not get on");
        sleep(Duration::from_millis(2));
    }
    child
}

#[test]
fn a_batch_killed_half_way_is_run_again_with_nothing_twice() {
    const LINES: usize = 20_000;
    for backend in BOTH {
        let scene = Scene::on(backend);
        scene.write("in.csv", many_lines(LINES));
        let mut child = half_way(&scene, &["--results", "results.csv"]);
        child.kill().unwrap();
        child.wait().unwrap();
        // What the server had begun when the process died may still be committed.
        sleep(Duration::from_millis(300));
        let posted = scene.transfers();
        assert!((500..LINES).contains(&posted), "{posted}");
        let told = scene.read("results.csv").matches(",posted,").count();
        // While a chunk gets its results, the next one is on its way.
        assert!(told <= posted && posted - told <= 2 * 50, "{told} of {posted} are in the results");

        let run = scene.again(&[]);
        expect(&run, 0, &format!("Posted {}, replayed {posted}, rejected 0 of {LINES} lines", LINES - posted));
        assert_eq!((scene.balances(), scene.transfers()), ([1000, 1000, 1000], LINES));
        expect(&scene.again(&[]), 0, &format!("Posted 0, replayed {LINES}"));
    }
}

#[test]
fn an_interrupted_batch_stops_between_commits_and_says_how_to_go_on() {
    const LINES: usize = 20_000;
    for backend in BOTH {
        let scene = Scene::on(backend);
        scene.write("in.csv", many_lines(LINES));
        let child = half_way(&scene, &["--results", "results.csv"]);
        interrupt(&child);
        let output = child.wait_with_output().unwrap();
        let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(130), "{stderr}");
        let posted = scene.transfers();
        assert_eq!(posted % 50, 0, "only whole chunks are posted");
        assert!(stdout.starts_with(&format!("Posted {posted}, replayed 0, rejected 0 of {posted} lines")), "{stdout}");
        assert_eq!(
            stderr,
            "note: stopping after the commit under way; Ctrl-C again ends at once\nerror: interrupted\n\
             hint: run the same command again, with another results file or --force: what was posted is replayed, not \
             posted twice\n"
        );
        assert_eq!(scene.read("results.csv").matches(",posted,").count(), posted);
        expect(&scene.again(&[]), 0, &format!("Posted {}, replayed {posted}", LINES - posted));
        assert_eq!(scene.transfers(), LINES);
    }
}

#[test]
fn an_interrupt_is_heard_while_standard_input_is_silent() {
    let scene = Scene::new();
    let mut command = scene.cli.command(&["batch", "-", "--reference", "r"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, b"from,to,amount\na,b,1\n").unwrap();
    sleep(Duration::from_millis(700));
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert_eq!(scene.transfers(), 0);
}

#[test]
fn a_second_interrupt_ends_at_once() {
    let scene = Scene::on(TestBackend::Sqlite);
    scene.write("in.csv", many_lines(10));
    let before = Ledger::read(&scene.database);
    let mut command = scene.cli.command(&["batch", "in.csv", "--reference", "r"]);
    let mut plain = scene.database.plain();
    plain.execute("BEGIN IMMEDIATE");
    let child = command.stdin(Stdio::null()).spawn().unwrap();
    sleep(Duration::from_millis(700));
    interrupt(&child);
    sleep(Duration::from_millis(200));
    // The second one does not wait for the lock.
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    plain.execute("ROLLBACK");
    assert_eq!(Ledger::read(&scene.database), before);
}
