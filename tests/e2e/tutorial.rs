//! The tutorial tells the truth: its console examples run, its code is the program that it says it is, and that program
//! prints what the tutorial shows.

use std::fs;
use std::path::Path;
use std::process::Command;

use bank_tests::documents::{path, run_console_examples};

const PROGRAM: &str = "crates/bank-persistence/examples/tutorial.rs";
const SCHEMA: &str = "crates/bank-persistence/src/schema.rs";

#[test]
fn the_examples_of_the_tutorial_run() {
    run("docs/tutorial.md");
}

#[test]
fn the_examples_of_the_chinese_tutorial_run() {
    run("docs/tutorial.zh-CN.md");
}

fn run(file: &str) {
    run_console_examples(Path::new(env!("CARGO_BIN_EXE_bank-cli-under-test")), file);
}

#[test]
fn the_code_of_the_tutorial_is_its_whole_program() {
    let program = read(PROGRAM);
    let (_, program) = program.split_once("\n\n").expect("the program begins with its documentation");
    for file in ["docs/tutorial.md", "docs/tutorial.zh-CN.md"] {
        let text = read(file);
        // The library's own table is shown as well.
        let (tables, pieces): (Vec<_>, Vec<_>) =
            blocks(&text, "rust").into_iter().partition(|block| block.starts_with("diesel::table!"));
        assert_eq!(pieces.join("\n"), program, "{file} and {PROGRAM} differ");
        assert_eq!(tables.len(), 1, "{file}");
        assert!(read(SCHEMA).contains(&tables[0]), "{file} shows a table that is not in {SCHEMA}");
    }
}

#[test]
fn the_program_of_the_tutorial_prints_the_same_as_the_demo() {
    let home = tempfile::tempdir().unwrap();
    let run = || {
        let url = format!("sqlite:{}/tutorial.db", home.path().display());
        let output = Command::new(env!("CARGO_BIN_EXE_tutorial-under-test")).arg(url).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let shown = &blocks(&read("docs/tutorial.md"), "console")[0];
    assert_eq!(format!("$ bank-cli demo\n{}\n", run()), *shown);
    assert!(run().ends_with("balance = 8400\nname = John, age = 28, country = Canada, balance = 10600\n"));
}

#[test]
fn both_readmes_show_the_same_code() {
    let code = |file: &str| {
        let block = blocks(&read(file), "rust").swap_remove(0);
        let lines = block.lines().map(|line| line.split("//").next().unwrap_or_default().trim_end().to_owned());
        lines.collect::<Vec<_>>()
    };
    // The comments are each in their own language.
    assert_eq!(code("README.md"), code("README.zh-CN.md"));
}

/// Returns the content of the fenced blocks of a language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let parts = text.split(&fence).skip(1);
    parts.map(|part| part.split_once("```").expect("a fence is closed").0.to_owned()).collect()
}

fn read(file: &str) -> String {
    fs::read_to_string(path(file)).unwrap()
}
