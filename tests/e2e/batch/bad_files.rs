//! Files that are rejected as a whole, before connecting or at least before posting.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use bank_tests::TestBackend;

use super::{BOTH, Scene, expect, many_lines};
use crate::start_blocked;

const HEADER_HINT: &str = "begin with a header such as from,to,amount,id,memo; id and memo may be left out";

/// Runs on a database that cannot be reached: the file must be rejected before that is noticed.
#[track_caller]
fn refused(content: impl AsRef<[u8]>, options: &[&str], error: &str, hint: &str) {
    let scene = Scene::new();
    scene.write("in.csv", content);
    let unreachable = ["--database-url", "postgres://127.0.0.1:1/nowhere"];
    let run = scene.cli.run(&[&["batch", "in.csv"], options, &unreachable].concat());
    run.expect_failure(2, error, hint);
    assert_eq!(scene.transfers(), 0);
}

#[test]
fn rejects_a_csv_header_with_an_unknown_missing_or_repeated_column() {
    for (header, error) in [
        ("from,to,amount,note", "column 4 of the header is \"note\", which is unknown"),
        ("from,to", "the header lacks the column amount"),
        ("to,amount,id", "the header lacks the column from"),
        ("a,b,10", "column 1 of the header is \"a\", which is unknown"),
        ("from,to,amount,to", "the header names the column to twice"),
    ] {
        refused(format!("{header}\na,b,10,x\n"), &["--reference", "r"], error, HEADER_HINT);
    }
}

#[test]
fn rejects_a_csv_header_in_another_encoding() {
    let utf16: Vec<u8> = "\u{feff}from,to,amount\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let error = "the header cannot be read: byte 1 is not UTF-8: save the file as UTF-8";
    refused(utf16, &["--reference", "r"], error, HEADER_HINT);
}

#[test]
fn lines_without_ids_need_a_reference() {
    let error = "the lines have no ids: posted again, they would move the money twice";
    let hint = "name this run of payments with --reference TEXT, or add a column id with UUIDs";
    refused("from,to,amount\na,b,10\n", &[], error, hint);
    refused("{\"from\":\"a\",\"to\":\"b\",\"amount\":10}\n", &["--format", "jsonl"], error, hint);
}

#[test]
fn invalid_references_are_rejected() {
    let hint = "a reference has 1 to 200 characters, no control characters";
    refused("from,to,amount\na,b,10\n", &["--reference", ""], "reference is empty", hint);
    refused("from,to,amount\na,b,10\n", &["--reference", "x "], "reference begins or ends with white space", hint);
}

#[test]
fn a_json_array_is_rejected() {
    let hint = "write one JSON object a line, without commas between";
    refused("[{\"from\":\"a\"}]", &["--format", "jsonl", "--reference", "r"], "the file is a JSON array", hint);
}

#[test]
fn a_directory_and_a_missing_file_are_rejected() {
    let scene = Scene::new();
    for file in [".", "missing.csv"] {
        let hint = "name a file, or - for standard input";
        scene.cli.run(&["batch", file]).expect_failure(2, &format!("cannot read {file}: [..]"), hint);
    }
}

#[test]
fn invalid_options_are_rejected() {
    let scene = Scene::new();
    for options in
        [["--chunk", "0"], ["--chunk", "50001"], ["--on-reject", "x"], ["--format", "xml"], ["--force", "-q"]]
    {
        scene.batch("from,to,amount\na,b,10\n", &options).expect_failure(2, "[..]", "[..]");
    }
}

#[test]
fn a_results_file_that_exists_is_kept_unless_forced() {
    let scene = Scene::new();
    scene.write("results.csv", "mine");
    let run = scene.batch("from,to,amount\na,b,10\n", &["--results", "results.csv"]);
    let hint = "name another file, or overwrite it with --force";
    run.expect_failure(2, "the results file results.csv exists already", hint);
    assert_eq!((scene.read("results.csv").as_str(), scene.transfers()), ("mine", 0));
    expect(&scene.again(&["--results", "results.csv", "--force"]), 0, "Posted 1");
    assert!(scene.read("results.csv").starts_with("line,id,status,reason,from,to,amount\n2,"));
    let run = scene.again(&["--results", "in.csv", "--force"]);
    run.expect_failure(2, "in.csv is the file that is read", "name another file for the results");
}

#[test]
fn a_results_file_that_cannot_be_written_is_noticed_before_anything_is_posted() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        let run = scene.batch("from,to,amount\na,b,10\n", &["--results", "no/such/results.csv"]);
        let error = "cannot write the results to no/such/results.csv: [..]";
        run.expect_failure(1, error, "name a file that can be written");
        assert_eq!(scene.transfers(), 0);
    }
}

#[test]
#[cfg(unix)]
fn neither_the_input_nor_the_database_is_overwritten() {
    let scene = Scene::new();
    let file = "from,to,amount\na,b,10\n";
    scene.write("in.csv", file);
    std::fs::hard_link(scene.path("in.csv"), scene.path("hard.csv")).unwrap();
    scene.again(&["--results", "hard.csv", "--force"]).expect_failure(
        2,
        "hard.csv is the file that is read",
        "name another file for the results",
    );
    let arguments = ["batch", "-", "--reference", "r", "--results", "in.csv", "--force"];
    let input = File::open(scene.path("in.csv")).unwrap();
    let output = scene.cli.command(&arguments).stdin(input).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(scene.read("in.csv"), file);

    let database = scene.database.url_text().trim_start_matches("sqlite:").to_owned();
    for suffix in ["", "-wal"] {
        let path = format!("{database}{suffix}");
        let error = format!("{path} belongs to the database sqlite:{database}");
        let run = scene.again(&["--results", &path, "--force"]);
        run.expect_failure(2, &error, "name another file");
        let run = scene.cli.run(&["export", "--out", &path, "--force"]);
        run.expect_failure(2, &error, "name another file");
    }
    let run =
        scene.cli.run(&["workload", "run", "--clients", "1", "--transfers", "1", "--report", &database, "--force"]);
    run.expect_failure(2, &format!("{database} belongs to the database sqlite:{database}"), "name another file");
    assert_eq!((scene.balances(), scene.transfers()), ([1000; 3], 0));
}

#[test]
fn a_connection_that_fails_leaves_no_results_behind() {
    let scene = Scene::new();
    scene.write("in.csv", "from,to,amount\na,b,10\n");
    scene.write("old.csv", "mine");
    let nowhere = ["--database-url", "postgres://127.0.0.1:1/nowhere", "--retry-time", "0.001"];
    for (results, options) in [("new.csv", &[][..]), ("old.csv", &["--force"][..])] {
        let run = scene.again(&[&["--results", results], options, &nowhere].concat());
        assert_eq!(run.code, Some(7), "{run:?}");
    }
    assert!(!scene.path("new.csv").exists());
    assert_eq!(scene.read("old.csv"), "mine");
    expect(&scene.again(&["--results", "new.csv"]), 0, "Posted 1");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_under_the_results_is_noticed_before_anything_is_posted() {
    let scene = Scene::new();
    let run = scene.batch("from,to,amount\na,b,10\n", &["--results", "/dev/full", "--force"]);
    run.expect_failure(1, "cannot write the results to /dev/full: [..]", "name a file that can be written");
    assert_eq!(scene.transfers(), 0);
}

#[test]
fn a_file_that_changes_while_it_is_posted_ends_with_an_error() {
    let scene = Scene::on(TestBackend::Postgres);
    scene.write("in.csv", many_lines(10));
    // The lock keeps the reference from being recorded, between the first reading and the second, while the file grows.
    let mut writer = scene.database.plain();
    writer.execute("BEGIN; LOCK TABLE batches IN EXCLUSIVE MODE");
    let batch = start_blocked(&scene.cli, &scene.database, &["batch", "in.csv", "--reference", "r"]);
    let mut file = OpenOptions::new().append(true).open(scene.path("in.csv")).unwrap();
    file.write_all(b"a,b,1,late\n").unwrap();
    drop(writer);
    let run = batch.end();
    assert!(
        run.stderr.starts_with("error: the file changed while it was read\nhint: posted lines stay posted"),
        "{run:?}"
    );
    expect(&run, 1, "Posted 11, replayed 0");
    assert_eq!(scene.transfers(), 11);
    // The reference belongs to the content that was read first.
    let again = scene.again(&[]);
    assert_eq!(again.code, Some(4), "{again:?}");
    assert!(again.stderr.contains("that file has 10 lines, this one 11"), "{again:?}");
}

#[test]
fn a_file_that_changes_while_it_is_read_is_not_posted_as_a_whole() {
    let scene = Scene::new();
    scene.write("in.csv", many_lines(100_000));
    let arguments = ["batch", "in.csv", "--reference", "r", "--on-reject", "atomic"];
    let mut child = scene.cli.command(&arguments).stdin(Stdio::null()).spawn().unwrap();
    let mut file = OpenOptions::new().append(true).open(scene.path("in.csv")).unwrap();
    while child.try_wait().unwrap().is_none() {
        file.write_all(b"a,b,1,late\n").unwrap();
        sleep(Duration::from_millis(1));
    }
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with("error: the file changed while it was read\n"), "{stderr}");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(scene.transfers(), 0);
}

#[test]
fn a_last_line_without_a_line_feed_is_noted() {
    let scene = Scene::new();
    let run = scene.batch("from,to,amount\na,b,10\na,b,20", &[]);
    assert_eq!(run.stderr, "note: the last line does not end with a line feed: check that the input is complete\n");
    expect(&run, 0, "Posted 2");
    assert_eq!(scene.again(&["--quiet"]).stderr, "");
}
