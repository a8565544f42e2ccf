//! Standard output and standard error: quiet, verbose, closed, full, and on interrupts.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read};

use bank_persistence::accounts;
use bank_tests::TestBackend;
use bank_tests::cli::Run;
use bank_tests::fixtures::new_account;
use bank_tests::terminal::Session;

use crate::{Scene, sandbox, start_blocked};

const TRANSFER: [&str; 7] = ["transfer", "--from", "Jessica", "--to", "John", "--amount", "800"];

#[test]
fn a_closed_stdout_ends_quietly() {
    let scene = Scene::new();
    let opened = scene.database.bank().write("opening many accounts", |connection| {
        (0..5000).try_for_each(|number| accounts::open(connection, &new_account(&format!("a{number}"), 1)).map(|_| ()))
    });
    opened.unwrap();
    for format in ["lines", "table", "json", "jsonl", "csv"] {
        let mut child = scene.cli.command(&["list", "--output", format]).spawn().unwrap();
        let mut first = String::new();
        // Reads a line and hangs up, as `head -1` does.
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert!(!first.is_empty());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        let status = child.wait().unwrap();
        assert_eq!((status.code(), stderr.as_str()), (Some(0), ""), "{format}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_stdout_is_an_error() {
    let scene = Scene::new();
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let run = Run::to_end(scene.cli.command(&["list"]).stdout(full));
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.starts_with("error: cannot write to standard output: "), "{run:?}");
    assert_eq!(run.stderr.lines().count(), 2);
}

#[test]
fn a_closed_stderr_does_not_stop_a_transfer() {
    let scene = Scene::new();
    let mut child = scene.cli.command(&TRANSFER).spawn().unwrap();
    drop(child.stderr.take());
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(stdout.contains("status = posted"), "{stdout}");
}

#[test]
fn quiet_prints_errors_only() {
    let scene = Scene::new();
    let run = scene.cli.run(&[&TRANSFER[..], &["-q"]].concat());
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    scene.cli.run(&["-q", "history", "Nobody"]).expect_failure(3, "there is no account `Nobody`", "[..]");
}

#[test]
fn verbose_names_the_database_and_the_source_of_its_url() {
    let scene = Scene::new();
    let url = scene.database.url_text();
    let says = |run: Run, from: &str| {
        assert!(run.stderr.contains(&format!("note: database: {url} (from {from})\n")), "{run:?}");
        assert!(!run.stdout.contains("note"), "{run:?}");
    };
    says(scene.cli.run(&["-v", "list"]), "the environment variable DATABASE_URL");
    let cli = sandbox().database_url("sqlite:no/such.db");
    says(cli.run(&["list", "-v", "--database-url", &url]), "--database-url");
    let cli = sandbox();
    std::fs::write(cli.home().join(".env"), format!("# mine\nDATABASE_URL='{url}'\n")).unwrap();
    let file = format!("DATABASE_URL in {}", cli.home().canonicalize().unwrap().join(".env").display());
    says(cli.run(&["list", "-v"]), &file);
    says(Run::to_end(cli.command(&["list", "-v"]).env("DATABASE_URL", "")), &file);
    let run = sandbox().run(&["list", "-v"]);
    assert!(run.stderr.contains(".local/share/bank/bank.db (from the embedded default)\n"), "{run:?}");
}

#[test]
fn colours_are_for_terminals_only() {
    for arguments in [&["--help"][..], &["list", "--help"], &["--no-such"], &["list"]] {
        let run = Run::to_end(sandbox().command(arguments).env("TERM", "xterm-256color"));
        assert!(!run.stdout.contains('\u{1b}') && !run.stderr.contains('\u{1b}'), "{run:?}");
    }
}

#[test]
fn a_terminal_shows_what_takes_long_unless_quiet() {
    let scene = Scene::on(TestBackend::Postgres);
    let mut plain = scene.database.plain();
    plain.execute("BEGIN; LOCK TABLE accounts IN SHARE MODE");
    let start = |arguments: &[&str]| Session::start(scene.cli.command(arguments), 80, |_| {});
    let quiet = start(&[&TRANSFER[..], &["-q"]].concat());
    scene.database.wait_for_blocked_session();
    // When the second one shows progress, the quiet one has waited for longer.
    let mut loud = start(&TRANSFER);
    loud.wait_for("posting");
    plain.execute("ROLLBACK");
    let (quiet, loud) = (quiet.end(), loud.end());
    assert_eq!((quiet.code, loud.code), (Some(0), Some(0)), "{quiet:?} {loud:?}");
    assert!(!quiet.stdout.contains("posting"), "{quiet:?}");
    // The line is gone when the result is printed.
    let before_result = loud.stdout.split("Transferred 800").next().unwrap();
    assert!(before_result.ends_with("\u{1b}[2K"), "{loud:?}");
}

#[test]
fn an_interrupted_command_ends_immediately_and_changes_nothing() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let scene = Scene::on(backend);
        let mut plain = scene.database.plain();
        let lock = if scene.database.is_sqlite() { "BEGIN IMMEDIATE" } else { "BEGIN; LOCK TABLE accounts" };
        plain.execute(lock);
        let waiting = start_blocked(&scene.cli, &scene.database, &TRANSFER);
        waiting.interrupt();
        // A shell reports death by this signal as 130.
        assert_eq!(waiting.end().signal, Some(2));
        plain.execute("ROLLBACK");
        assert_eq!(plain.number("SELECT count(*) AS value FROM transfers"), 0);
        scene.cli.stdout(&["verify"]);
    }
}

#[test]
fn verbose_shows_each_attempt_that_is_repeated() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let scene = Scene::on(backend);
        let writer = scene.database.keep_writers_out();
        let waiting = scene.cli.start(&[&TRANSFER[..], &["-v", "--lock-timeout", "0.2"]].concat());
        waiting.wait_for_stderr("trying again");
        drop(writer);
        let run = waiting.end();
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(run.stderr.contains("operation=\"posting\" attempts=1"), "{run:?}");
    }
}
