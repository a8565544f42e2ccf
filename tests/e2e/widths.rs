//! Terminals of every width, and arguments that are not UTF-8.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use bank_tests::cli::Run;
use bank_tests::terminal;

use crate::{Scene, sandbox};

const ID: &str = "019b76da-a800-7000-8000-000000000001";

fn printed(scene: &Scene, columns: u16, arguments: &[&str]) -> String {
    let mut command = scene.cli.command(arguments);
    command.env("NO_COLOR", "1");
    let run = terminal::run(command, columns);
    assert_eq!(run.code, Some(0), "{run:?}");
    run.stdout
}

fn scene() -> Scene {
    let scene = Scene::new();
    let memo = "the rent of the last month and of this one";
    scene
        .cli
        .stdout(&["transfer", "--from", "Jessica", "--to", "John", "--amount", "1234", "--id", ID, "--memo", memo]);
    scene
}

#[test]
fn tables_fit_the_terminal() {
    let scene = scene();
    for columns in [20, 40, 60, 80, 100, 200] {
        for arguments in [&["list", "--output", "table"][..], &["history", "Jessica"]] {
            let table = printed(&scene, columns, arguments);
            let widest = table.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= usize::from(columns), "{columns}: {table}");
            let amount = if arguments[0] == "list" { "10,234" } else { "-1,234" };
            assert!(table.contains(amount), "numbers are not broken at {columns}: {table}");
        }
    }
    assert_eq!(printed(&scene, 200, &["history", "Jessica"]).lines().count(), 2);
    let narrow = printed(&scene, 20, &["list", "--output", "table"]);
    assert!(narrow.starts_with("id       1\nname     Jessica\n"), "{narrow}");
}

#[test]
fn a_pipe_has_no_width() {
    let scene = scene();
    let table = scene.cli.stdout(&["history", "Jessica"]);
    assert_eq!(table.lines().count(), 2);
    assert!(table.contains(ID) && table.contains("the rent of the last month and of this one"), "{table}");
}

#[test]
fn thousands_are_separated_in_tables_only() {
    let scene = scene();
    let table = scene.cli.stdout(&["list", "--output", "table"]);
    assert!(table.contains("  8,766\n") && table.contains(" 10,234\n"), "{table}");
    for format in ["lines", "json", "jsonl", "csv"] {
        let data = scene.cli.stdout(&["list", "--output", format]);
        assert!(data.contains("10234") && !data.contains("10,234"), "{data}");
    }
    let history = scene.cli.stdout(&["history", "Jessica", "--output", "csv"]);
    assert!(history.contains(",-1234,8766,"), "{history}");
}

#[test]
fn the_help_fits_a_narrow_terminal_as_far_as_its_words_do() {
    let scene = Scene::new();
    let help = printed(&scene, 40, &["--help"]);
    let commands = help.split("Money and accounts:").nth(1).unwrap().split("\nOptions").next().unwrap();
    for line in commands.lines() {
        assert!(line.chars().count() <= 40, "{line:?} in {help}");
    }
}

#[test]
fn an_argument_that_is_not_utf_8_is_rejected_and_named() {
    let bad = OsStr::from_bytes(b"Jos\xe9");
    for (before, after) in [
        (&["history"][..], &[][..]),
        (&["transfer", "--to=b", "--amount=1", "--from"], &[]),
        (&["open", "x", "--age=1", "--country"], &[]),
        (&["list", "--database-url"], &["-v"]),
        (&["show"], &[]),
        (&[], &[]),
    ] {
        let run = Run::to_end(sandbox().command(before).arg(bad).args(after));
        let hint = "set the terminal to UTF-8, and type the name again";
        if before.is_empty() {
            assert_eq!(run.code, Some(2), "{run:?}");
            continue;
        }
        run.expect_failure(2, "an argument is not UTF-8: \"Jos[..]xE9\"", hint);
    }
    // A file may have any name.
    let run = Run::to_end(sandbox().command(&["batch"]).arg(bad));
    assert!(run.stderr.contains("No such file"), "{run:?}");
}
