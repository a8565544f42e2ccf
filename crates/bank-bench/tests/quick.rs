//! The benchmark at its smallest: it must run; its figures mean nothing.

use std::path::Path;
use std::process::{Command, Output};

fn bench(markdown: &Path) -> std::io::Result<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bank-bench"));
    command.arg("--quick").arg("--markdown").arg(markdown).output()
}

#[test]
fn the_quick_benchmark_runs_every_group_and_every_invariant_holds() {
    let directory = tempfile::tempdir().unwrap();
    let markdown = directory.path().join("tables.md");
    let output = bench(&markdown).unwrap();
    let progress = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{progress}");
    let printed = String::from_utf8(output.stdout).unwrap();
    let written = std::fs::read_to_string(markdown).unwrap();
    // A line of each group, and of the goals.
    for text in ["PostingQueue::post", "COPY", "bank-cli batch, --reference", "2000 accounts", "| reached"] {
        assert!(written.contains(text), "{text} is missing: {written}");
        assert!(printed.contains(text.trim_start_matches("| ")), "{text} is missing: {printed}");
    }
    assert_eq!(progress.matches("run again, each is there once").count(), 4, "{progress}");
}

#[test]
fn a_markdown_file_that_cannot_be_written_ends_the_benchmark_before_it_measures() {
    let directory = tempfile::tempdir().unwrap();
    let output = bench(&directory.path().join("missing").join("tables.md")).unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.starts_with("bank-bench: cannot write ") && text.lines().count() == 1, "{text}");
}
