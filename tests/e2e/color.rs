//! Colours: on terminals, unless they are turned off, and never in data.

use std::process::{Command, Stdio};

use bank_tests::cli::Run;
use bank_tests::terminal::{self, Session};

use crate::{Scene, sandbox};

const GREEN_OK: &str = "\u{1b}[32mok\u{1b}[0m";
const RED_ERROR: &str = "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m";

fn on_terminal(command: Command) -> String {
    terminal::run(command, 100).stdout
}

#[test]
fn a_terminal_gets_colours() {
    let scene = Scene::new();
    assert!(on_terminal(scene.cli.command(&["verify"])).contains(&format!("\n{GREEN_OK}      the balances total")));
    let table = on_terminal(scene.cli.command(&["list", "--output", "table"]));
    assert!(table.starts_with("\u{1b}[1mid  name"), "{table:?}");
    let error = on_terminal(scene.cli.command(&["history", "Nobody"]));
    assert!(error.starts_with(&format!("{RED_ERROR} there is no account")), "{error:?}");
    assert!(on_terminal(sandbox().command(&["--help"])).contains("\u{1b}[1m"));
    scene.database.plain().execute("UPDATE accounts SET balance = 0 WHERE name = 'John'");
    assert!(on_terminal(scene.cli.command(&["verify"])).contains("\u{1b}[31mFAILED\u{1b}[0m  "));
}

#[test]
fn colours_can_be_turned_off() {
    let scene = Scene::new();
    for arguments in
        [&["verify"][..], &["list", "--output", "table"], &["history", "Nobody"], &["--help"], &["--no-such"]]
    {
        let typed = [arguments, &["--color", "never"]].concat();
        let mut silenced = scene.cli.command(arguments);
        silenced.env("NO_COLOR", "1");
        // `env`, because the terminal sets TERM for its command. Without the caller's variables, because CI's ask for colours.
        let mut dumb = Command::new("env");
        dumb.args(["-i", "TERM=dumb"]).arg(format!("HOME={}", scene.cli.home().display()));
        dumb.arg(silenced.get_program()).args(arguments);
        for command in [scene.cli.command(&typed), silenced, dumb] {
            let printed = on_terminal(command);
            assert!(!printed.is_empty() && !printed.contains('\u{1b}'), "{arguments:?}: {printed:?}");
        }
    }
}

#[test]
fn a_pipe_gets_colours_only_on_demand() {
    let scene = Scene::new();
    let run = Run::to_end(scene.cli.command(&["verify"]).env("TERM", "xterm-256color"));
    assert!(!run.stdout.contains('\u{1b}'), "{run:?}");
    assert!(scene.cli.stdout(&["verify", "--color", "always"]).contains(GREEN_OK));
    // The option wins over the variable, at any position.
    let run = Run::to_end(scene.cli.command(&["--color=always", "history", "Nobody"]).env("NO_COLOR", "1"));
    assert!(run.stderr.starts_with(RED_ERROR), "{run:?}");
    assert!(scene.cli.stdout(&["--help", "--color", "always"]).contains('\u{1b}'));
    scene.cli.run(&["list", "--color", "mauve"]).expect_failure(
        2,
        "invalid value 'mauve' for '--color <WHEN>'[..]",
        "[..]",
    );
}

#[test]
fn standard_output_and_standard_error_get_colours_independently() {
    let scene = Scene::new();
    let session = Session::start(scene.cli.command(&["verify", "-v"]), 100, |command| {
        command.stdout(Stdio::null());
    });
    let run = session.end();
    assert!(run.stdout.starts_with("\u{1b}[1mnote:\u{1b}[0m database: "), "{run:?}");
}

#[test]
fn data_never_has_colours() {
    let scene = Scene::new();
    for format in ["lines", "json", "jsonl", "csv"] {
        let arguments = ["list", "--output", format];
        let loud = scene.cli.stdout(&[&arguments[..], &["--color", "always"]].concat());
        assert_eq!(loud, scene.cli.stdout(&arguments));
    }
    let run = scene.cli.run(&["verify", "--output", "json", "--color", "always"]);
    assert!(!run.stdout.contains('\u{1b}'), "{run:?}");
    let run = scene.cli.run(&["history", "Nobody", "--output", "json", "--color", "always"]);
    assert!(run.stderr.starts_with("{\"error\""), "{run:?}");
}
