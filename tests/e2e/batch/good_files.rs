//! Valid files in every form.

use std::io::Write;
use std::process::Stdio;

use bank_tests::cli::Run;

use super::{BOTH, ID, Scene, expect, many_lines};

#[test]
fn a_file_sent_again_is_posted_once() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        let file = "from,to,amount\na,b,10\nb,c,5\na,b,10\n";
        let run = scene.batch(file, &[]);
        expect(&run, 0, "Posted 3, replayed 0, rejected 0 of 3 lines in ");
        assert!(run.stdout.ends_with(" lines/s).\n"), "{run:?}");
        assert_eq!(run.stderr, "");
        expect(&scene.again(&[]), 0, "Posted 0, replayed 3, rejected 0 of 3 lines");
        assert_eq!((scene.balances(), scene.transfers()), ([980, 1015, 1005], 3));
        let run = scene.cli.run(&["batch", "in.csv", "--reference", "next month"]);
        expect(&run, 0, "Posted 3, replayed 0");
    }
}

#[test]
fn columns_may_have_any_order_and_lines_any_ending() {
    let scene = Scene::new();
    let file = format!("\u{feff}memo,id,amount,to,from\r\n\"rent, \"\"May\"\"\",{ID},7,b,a\r\n\r\n,,1,\"c\",a");
    expect(&scene.batch(file, &[]), 0, "Posted 2, replayed 0, rejected 0 of 2 lines");
    let shown = scene.cli.stdout(&["show", ID]);
    assert!(shown.contains("memo   = rent, \"May\""), "{shown}");
    assert_eq!(scene.balances(), [992, 1007, 1001]);
}

#[test]
fn json_lines_make_the_same_transfers() {
    let scene = Scene::new();
    scene.batch("from,to,amount,memo\na,b,10,x\nb,a,9,\n", &[]);
    scene.write(
        "in.txt",
        "\n{\"amount\":10,\"from\":\"a\",\"to\":\"b\",\"memo\":\"x\"}\n{\"from\":\"b\",\"to\":\"a\",\"amount\":\"9\"}",
    );
    for file in ["in.txt", "in.jsonl"] {
        std::fs::copy(scene.path("in.txt"), scene.path("in.jsonl")).unwrap();
        expect(&scene.cli.run(&["batch", file, "--reference", "r"]), 0, "Posted 0, replayed 2, rejected 0 of 2");
    }
    let run = scene.cli.run(&["batch", "in.txt", "--format", "csv", "--reference", "r"]);
    assert_eq!(run.code, Some(2), "{run:?}");
}

#[test]
fn a_file_may_come_from_standard_input() {
    let scene = Scene::new();
    let mut command = scene.cli.command(&["batch", "-", "--reference", "r"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"from,to,amount\na,b,10\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.starts_with("Posted 1, replayed 0, rejected 0 of 1 lines"), "{stdout}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_file_without_lines_posts_nothing() {
    let scene = Scene::new();
    for file in ["", "\n \r\n", "from,to,amount\n", "\u{feff}from,to,amount,id,memo"] {
        let run = scene.batch(file, &[]);
        expect(&run, 0, "Posted 0, replayed 0, rejected 0 of 0 lines");
        assert_eq!(run.stderr, "note: there are no lines to post\n");
        // Without lines, no line lacks an id.
        assert_eq!(scene.cli.run(&["batch", "in.csv"]).code, Some(0));
        assert_eq!(scene.again(&["-q"]).stderr, "");
    }
}

#[test]
fn chunks_of_any_size_give_the_same_balances() {
    for backend in BOTH {
        for chunk in ["1", "7", "50000"] {
            let scene = Scene::on(backend);
            let run = scene.batch(many_lines(101), &["--chunk", chunk]);
            expect(&run, 0, "Posted 101, replayed 0, rejected 0 of 101 lines");
            assert_eq!((scene.balances(), scene.transfers()), ([999, 1001, 1000], 101));
        }
    }
}

#[test]
fn transfers_are_posted_in_the_order_of_the_file() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        let file = "from,to,amount\na,b,1500\nb,a,1000\na,b,1500\n";
        let run = scene.batch(file, &["--chunk", "1"]);
        expect(&run, 4, "Posted 2, replayed 0, rejected 1 of 3 lines");
        assert_eq!(scene.balances(), [500, 1500, 1000]);
    }
}

#[test]
fn a_closed_stdout_does_not_stop_the_posting() {
    let scene = Scene::new();
    scene.write("in.csv", many_lines(100));
    let mut child = scene.cli.command(&["batch", "in.csv", "--reference", "r"]).spawn().unwrap();
    drop(child.stdout.take());
    child.wait().unwrap();
    assert_eq!(scene.transfers(), 100);
    expect(&Run::to_end(&mut scene.cli.command(&["batch", "in.csv", "--reference", "r"])), 0, "Posted 0, replayed 100");
}
