//! The results file.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use bank_tests::wait::wait_until;

use super::{BOTH, ID, Scene, expect, many_lines};

#[test]
fn every_line_has_a_result() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        let file = format!("from,to,amount,id\na,b,10,{ID}\n\na,b,x,\na,b,5000,\na,b,1,\n");
        let run = scene.batch(file, &["--results", "results.csv"]);
        assert_eq!(run.code, Some(4), "{run:?}");
        let results = scene.read("results.csv");
        let lines: Vec<&str> = results.lines().collect();
        assert_eq!(lines[0], "line,id,status,reason,from,to,amount");
        assert_eq!(lines[1], format!("2,{ID},posted,,a,b,10"));
        // A line that cannot be read has an id, too: that of its place.
        assert!(lines[2].starts_with("4,") && !lines[2].starts_with("4,,"), "{results}");
        assert!(
            lines[2].ends_with(",malformed,\"column 3 (amount): \"\"x\"\" is not a number: write digits, and decimals behind a point, such as 12.50\",,,"),
            "{results}"
        );
        assert!(lines[3].starts_with("5,"), "{results}");
        let insufficient = ",rejected,\"insufficient_funds: `a` has 990 available, not 5000\",a,b,5000";
        assert!(lines[3].ends_with(insufficient), "{results}");
        assert!(lines[4].starts_with("6,") && lines[4].ends_with(",posted,,a,b,1"), "{results}");
        assert_eq!(lines.len(), 5);
    }
}

#[test]
fn the_ids_of_the_results_are_those_in_the_journal() {
    let scene = Scene::new();
    scene.batch("from,to,amount\na,b,10\na,b,10\n", &["--results", "results.csv"]);
    let results = scene.read("results.csv");
    for line in results.lines().skip(1) {
        let id = line.split(',').nth(1).unwrap();
        let shown = scene.cli.stdout(&["show", id]);
        assert!(shown.contains("amount = 10"), "{shown}");
    }
}

#[test]
fn a_derived_id_never_changes() {
    let scene = Scene::new();
    scene.batch("from,to,amount,memo\na,b,10,rent\n", &["--results", "results.csv"]);
    // 80 bits of the SHA-256 of "r", and the ordinal 1.
    let results = scene.read("results.csv");
    assert!(results.contains("\n2,454349e4-22f0-8529-9c64-780000000001,posted,,a,b,10\n"), "{results}");
}

#[test]
fn a_line_has_its_result_before_the_next_one_comes() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        let arguments = ["batch", "-", "--chunk", "1", "--results", "results.csv"];
        let mut child = scene.cli.command(&arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(b"from,to,amount,id\n").unwrap();
        for count in 1..=3 {
            let line = format!("a,b,{count},019b76da-a800-7000-8000-00000000000{count}\n");
            input.write_all(line.as_bytes()).unwrap();
            let posted = || {
                std::fs::read_to_string(scene.path("results.csv")).map_or(0, |text| text.matches(",posted,").count())
            };
            wait_until(&format!("line {count} has a result"), || posted() >= count);
        }
        drop(input);
        assert!(child.wait().unwrap().success());
        assert_eq!(scene.transfers(), 3);
    }
}

#[test]
fn posted_lines_have_results_even_if_the_next_chunk_fails() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        scene.database.plain().execute("UPDATE accounts SET country = '' WHERE name = 'c'");
        let run = scene.batch("from,to,amount\na,b,10\na,c,10\n", &["--chunk", "1", "--results", "results.csv"]);
        assert!(run.stdout.starts_with("Posted 1, replayed 0, rejected 0 of 1 lines"), "{run:?}");
        assert!(run.stderr.contains("is corrupt"), "{run:?}");
        let results = scene.read("results.csv");
        let lines: Vec<&str> = results.lines().skip(1).collect();
        assert!(matches!(lines[..], [line] if line.ends_with(",posted,,a,b,10")), "{backend:?}: {results}");
        assert_eq!(scene.transfers(), 1);
    }
}

#[test]
#[cfg(unix)]
fn posted_lines_are_counted_even_if_the_results_cannot_be_written() {
    // Their results do not fit into a pipe.
    const LINES: usize = 5000;
    for backend in BOTH {
        for (mode, expected) in [("continue", None), ("stop", None), ("atomic", Some(LINES))] {
            let scene = Scene::on(backend);
            let pipe = scene.path("pipe");
            assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
            let reader = std::thread::spawn(move || {
                // The reader stops after the header.
                File::open(pipe).unwrap().read_exact(&mut [0; 10]).unwrap();
            });
            let options = ["--on-reject", mode, "--chunk", "50", "--results", "pipe", "--force"];
            let run = scene.batch(many_lines(LINES), &options);
            reader.join().unwrap();
            assert_eq!(run.code, Some(1), "{run:?}");
            assert!(run.stderr.contains("error: cannot write the results to pipe: "), "{run:?}");
            let posted = scene.transfers();
            assert!(expected.map_or((50..LINES).contains(&posted), |all| posted == all), "{mode}: {posted}");
            let summary = format!("Posted {posted}, replayed 0, rejected 0 of {posted} lines");
            assert!(run.stdout.starts_with(&summary), "{backend:?}, {mode}: {run:?}");
            expect(&scene.again(&[]), 0, &format!("Posted {}, replayed {posted}", LINES - posted));
        }
    }
}
