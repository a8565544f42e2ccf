//! Data that a command is told to write to standard output by one of its names.

use std::fs::{File, OpenOptions};
use std::process::Stdio;

use bank_tests::cli::{Run, Sandbox};

use crate::Scene;

const FILE: &str = "from,to,amount\nJessica,John,1\nJessica,John,2\nJessica,nobody,3\n";

/// Runs the command with its standard output appended to a file that has a line already, and returns what the file has then.
fn appended(cli: &Sandbox, arguments: &[&str]) -> (Run, String) {
    let path = cli.home().join("log.txt");
    std::fs::write(&path, "an earlier line\n").unwrap();
    let log = OpenOptions::new().append(true).open(&path).unwrap();
    let run = Run::to_end(cli.command(arguments).stdout(Stdio::from(log)));
    (run, std::fs::read_to_string(path).unwrap())
}

#[test]
fn results_go_through_standard_output_and_the_summary_beside_it() {
    for (name, number) in [("-", 1), ("/dev/stdout", 2), ("/dev/fd/1", 3)] {
        let scene = Scene::new();
        std::fs::write(scene.cli.home().join("in.csv"), FILE).unwrap();
        let reference = number.to_string();
        let arguments = ["batch", "in.csv", "--reference", &reference, "--chunk", "1", "--results", name];
        let (run, log) = appended(&scene.cli, &arguments);
        let lines: Vec<&str> = log.lines().collect();
        assert_eq!(lines[..2], ["an earlier line", "line,id,status,reason,from,to,amount"], "{name}: {log}");
        assert_eq!(lines.len(), 5, "{name}: {log}");
        assert!(lines[2].contains(",posted,") && lines[4].contains(",rejected,"), "{name}: {log}");
        assert!(run.stderr.contains("note: Posted 2, replayed 0, rejected 1 of 3 lines"), "{run:?}");
        assert_eq!(run.code, Some(4));
        assert!(!scene.cli.home().join("-").exists());
    }
}

#[test]
fn rejected_lines_can_be_piped_on() {
    let scene = Scene::new();
    std::fs::write(scene.cli.home().join("in.csv"), FILE).unwrap();
    let run = scene.cli.run(&["batch", "in.csv", "--reference", "r", "--rejected", "-"]);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines[0], "id,from,to,amount");
    assert!(lines.len() == 2 && lines[1].ends_with(",Jessica,nobody,3"), "{run:?}");
    let both = scene.cli.run(&["batch", "in.csv", "--reference", "r", "--rejected", "-", "--results", "/dev/stdout"]);
    both.expect_failure(2, "- is also the results file", "name another file for the rejected lines");
}

#[test]
fn a_file_that_standard_output_is_redirected_to_is_written_once() {
    let scene = Scene::new();
    std::fs::write(scene.cli.home().join("in.csv"), FILE).unwrap();
    let path = scene.cli.home().join("out.csv");
    let arguments = ["batch", "in.csv", "--reference", "r", "--results", "out.csv"];
    let run = Run::to_end(scene.cli.command(&arguments).stdout(Stdio::from(File::create(&path).unwrap())));
    assert_eq!(run.code, Some(4), "{run:?}");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("line,id,status") && text.lines().count() == 4, "{text}");
}

#[test]
fn an_export_goes_through_standard_output() {
    let scene = Scene::new();
    scene.cli.stdout(&["transfer", "--from", "Jessica", "--to", "John", "--amount", "5"]);
    let expected = scene.cli.stdout(&["export"]);
    for name in ["-", "/dev/stdout", "/dev/fd/1"] {
        let (run, log) = appended(&scene.cli, &["export", "--out", name]);
        assert_eq!((run.code, log), (Some(0), format!("an earlier line\n{expected}")), "{name}");
    }
    assert!(!scene.cli.home().join("-").exists());
}

#[test]
fn no_path_that_is_no_regular_file_is_replaced() {
    let scene = Scene::new();
    let pipe = scene.cli.home().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let run = scene.cli.run(&["export", "--out", "pipe", "--force"]);
    run.expect_failure(2, "pipe is not a regular file", "name a file, or omit --out to write to standard output");
    assert!(!pipe.is_file() && pipe.exists());
    for name in ["-", "/dev/stdout"] {
        let run = scene.cli.run(&["workload", "run", "--clients", "1", "--transfers", "1", "--report", name]);
        run.expect_failure(2, &format!("{name} is standard output, which has the summary"), "name a file");
    }
}
