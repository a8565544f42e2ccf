//! Runs that end early and are run again.

use std::io::Write;
use std::process::Stdio;

use bank_tests::cli::{Run, Running};
use bank_tests::invariants::Ledger;
use bank_tests::wait::wait_until;

use super::{BOTH, Scene, expect, many_lines};
use crate::start_blocked;

/// Starts a batch and waits until some of it has been committed.
fn half_way(scene: &Scene, options: &[&str]) -> Running {
    let mut batch = scene.cli.start(&[&["batch", "in.csv", "--reference", "r", "--chunk", "50"], options].concat());
    let mut plain = scene.database.plain();
    wait_until("500 lines are posted", || {
        assert!(!batch.has_ended(), "the batch ended before it could be stopped");
        plain.number("SELECT count(*) AS value FROM transfers") >= 500
    });
    batch
}

#[test]
fn a_batch_killed_half_way_posts_nothing_twice_when_run_again() {
    const LINES: usize = 20_000;
    for backend in BOTH {
        let scene = Scene::on(backend);
        scene.write("in.csv", many_lines(LINES));
        half_way(&scene, &["--results", "results.csv"]).kill();
        // Until then the server may still commit what the process had sent.
        scene.database.wait_until_all_sessions_end();
        let posted = scene.transfers();
        assert!((500..LINES).contains(&posted), "{posted}");
        let told = scene.read("results.csv").matches(",posted,").count();
        // While the results of a chunk are written, the next chunk is in flight.
        assert!(told <= posted && posted - told <= 2 * 50, "{told} of {posted} are in the results");

        let run = scene.again(&[]);
        expect(&run, 0, &format!("Posted {}, replayed {posted}, rejected 0 of {LINES} lines", LINES - posted));
        assert_eq!((scene.balances(), scene.transfers()), ([1000, 1000, 1000], LINES));
        expect(&scene.again(&[]), 0, &format!("Posted 0, replayed {LINES}"));
    }
}

#[test]
fn an_interrupted_batch_stops_between_commits_and_says_how_to_continue() {
    const LINES: usize = 20_000;
    for backend in BOTH {
        let scene = Scene::on(backend);
        scene.write("in.csv", many_lines(LINES));
        let batch = half_way(&scene, &["--results", "results.csv"]);
        batch.interrupt();
        let Run { code, stdout, stderr, .. } = batch.end();
        assert_eq!(code, Some(130), "{stderr}");
        let posted = scene.transfers();
        assert_eq!(posted % 50, 0, "only whole chunks are posted");
        assert!(stdout.starts_with(&format!("Posted {posted}, replayed 0, rejected 0 of {posted} lines")), "{stdout}");
        assert_eq!(
            stderr,
            "note: stopping after the current commit; press Ctrl-C again to end immediately\nerror: interrupted\n\
             hint: run the same command again, with other output files or --force: posted lines are replayed, not posted \
             twice\n"
        );
        assert_eq!(scene.read("results.csv").matches(",posted,").count(), posted);
        expect(&scene.again(&[]), 0, &format!("Posted {}, replayed {posted}", LINES - posted));
        assert_eq!(scene.transfers(), LINES);
    }
}

#[test]
fn an_interrupt_is_heard_while_standard_input_is_silent() {
    let scene = Scene::new();
    let arguments = ["batch", "-", "--chunk", "2"];
    let mut batch = Running::start(scene.cli.command(&arguments).stdin(Stdio::piped()));
    let mut input = batch.take_stdin().unwrap();
    // The third line waits for a fourth.
    let lines: String = (1..=3).map(|n| format!("a,b,{n},019b76da-a800-7000-8000-00000000000{n}\n")).collect();
    input.write_all(format!("from,to,amount,id\n{lines}").as_bytes()).unwrap();
    wait_until("the first two lines are posted", || scene.transfers() == 2);
    batch.interrupt();
    let run = batch.end();
    assert_eq!(run.code, Some(130), "{run:?}");
    drop(input);
    assert_eq!(scene.transfers(), 2);
}

#[test]
fn an_input_with_a_reference_is_read_to_its_end_before_anything_is_posted() {
    let scene = Scene::new();
    let arguments = ["batch", "-", "--reference", "r", "--chunk", "1"];
    let mut batch = Running::start(scene.cli.command(&arguments).stdin(Stdio::piped()));
    let mut input = batch.take_stdin().unwrap();
    // More than a pipe and a buffer hold: once it is written, the process reads what it does not need to check the header.
    let lines = format!("from,to,amount\n{}", "a,b,1\n".repeat(200_000));
    input.write_all(lines.as_bytes()).unwrap();
    batch.interrupt();
    let run = batch.end();
    assert_eq!(run.code, Some(130), "{run:?}");
    assert_eq!(scene.transfers(), 0);
    drop(input);
}

#[test]
fn a_second_interrupt_ends_immediately() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        scene.write("in.csv", many_lines(10));
        let before = Ledger::read(&scene.database);
        let writer = scene.database.keep_writers_out();
        let batch = start_blocked(&scene.cli, &scene.database, &["batch", "in.csv", "--reference", "r"]);
        batch.interrupt();
        batch.wait_for_stderr("Ctrl-C again");
        // The second one does not wait for the lock.
        batch.interrupt();
        let run = batch.end();
        assert_eq!(run.code, Some(130), "{run:?}");
        drop(writer);
        scene.database.wait_until_all_sessions_end();
        assert_eq!(Ledger::read(&scene.database), before);
    }
}
