//! The console examples of the documentation are run, and print what they say.
//!
//! The examples of one file run in order, in a database of their own that is empty at first.

use std::path::Path;

use trycmd::TestCases;

#[test]
fn the_examples_of_the_readme_run() {
    run("README.md");
}

#[test]
fn the_examples_of_the_chinese_readme_run() {
    run("README.zh-CN.md");
}

fn run(file: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let home = tempfile::tempdir().unwrap();
    let home_text = home.path().to_str().unwrap();
    TestCases::new()
        .register_bin("bank-cli", Path::new(env!("CARGO_BIN_EXE_bank-cli-under-test")))
        .env("HOME", home_text)
        .env("DATABASE_URL", format!("sqlite:{home_text}/bank.db"))
        .case(root.join(file))
        .run();
}
