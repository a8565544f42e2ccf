//! A server that is lost while a batch is being posted.

use bank_tests::TestBackend;
use bank_tests::postgres;
use bank_tests::proxy::{Fault, Plan, Proxy};

use super::{Scene, expect, many_lines};

const HINT: &str = "run the same command again: posted lines are replayed, not posted twice";

#[test]
fn a_lost_answer_to_a_commit_is_an_unknown_outcome_that_the_next_run_resolves() {
    // The first commit records the file.
    lose_an_answer("continue", 1, 60);
}

#[test]
fn a_lost_answer_to_the_commit_that_records_the_file_is_resolved_by_the_next_run() {
    lose_an_answer("continue", 0, 0);
}

#[test]
fn a_lost_answer_to_the_only_commit_is_an_unknown_outcome_that_the_next_run_resolves() {
    lose_an_answer("atomic", 0, 100);
}

fn lose_an_answer(mode: &str, commit: u32, posted: usize) {
    let scene = Scene::on(TestBackend::Postgres);
    let proxy =
        Proxy::start(postgres::shared().port(), Plan::at_message("COMMIT\0", commit, Fault::CutAfter).then_close());
    scene.write("in.csv", many_lines(100));
    let url = scene.database.url_through(proxy.port());
    let arguments = ["batch", "in.csv", "--reference", "r", "--chunk", "60", "--on-reject", mode];
    let run = scene.cli.run(&[&arguments[..], &["--database-url", &url, "--retry-time", "3"]].concat());
    expect(&run, 9, "Posted 0, replayed 0, rejected 0 of 0 lines");
    assert!(run.stderr.starts_with("error: the outcome is unknown: "), "{run:?}");
    assert!(run.stderr.ends_with(&format!("hint: {HINT}\n")), "{run:?}");

    assert_eq!(scene.transfers(), posted);
    let run = scene.cli.run(&arguments);
    expect(&run, 0, &format!("Posted {}, replayed {posted}, rejected 0 of 100 lines", 100 - posted));
}

#[test]
fn a_server_that_is_gone_is_given_up_with_the_hint_to_run_again() {
    let scene = Scene::on(TestBackend::Postgres);
    let proxy = Proxy::start(postgres::shared().port(), Plan::at_each("BEGIN", Fault::CutBefore));
    scene.write("in.csv", many_lines(10));
    let url = scene.database.url_through(proxy.port());
    let run = scene.cli.run(&["batch", "in.csv", "--reference", "r", "--database-url", &url]);
    expect(&run, 6, "Posted 0, replayed 0, rejected 0 of 0 lines");
    assert!(run.stderr.ends_with(&format!("hint: {HINT}\n")), "{run:?}");
    assert_eq!(scene.transfers(), 0);
}
