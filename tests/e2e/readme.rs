//! The console examples of the documentation are run, and print what they say.
//!
//! The examples of one file run in order, in a database of their own that is empty at first.

use std::path::Path;

use bank_tests::documents::run_console_examples;

#[test]
fn the_examples_of_the_readme_run() {
    run("README.md");
}

#[test]
fn the_examples_of_the_chinese_readme_run() {
    run("README.zh-CN.md");
}

#[test]
fn the_references_examples_run() {
    run("docs/cli.md");
}

#[test]
fn the_chinese_references_examples_run() {
    run("docs/cli.zh-CN.md");
}

fn run(file: &str) {
    run_console_examples(Path::new(env!("CARGO_BIN_EXE_bank-cli-under-test")), file);
}
