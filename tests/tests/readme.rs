//! The console examples of the READMEs and of the reference are run, and print what they say.

use std::path::Path;

use bank_tests::documents::run_console_examples;

#[test]
fn the_readmes_examples_run() {
    run("README.md");
}

#[test]
fn the_chinese_readmes_examples_run() {
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
