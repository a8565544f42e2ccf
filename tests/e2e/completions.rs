//! `bank-cli completions` and `bank-cli man`: for the shell and for `man`, without any database.

use std::path::Path;
use std::process::Command;

use bank_tests::cli::Run;

use crate::sandbox;

const SHELLS: [&str; 5] = ["bash", "zsh", "fish", "elvish", "powershell"];

#[test]
fn every_shell_gets_completions_of_every_command_without_a_database() {
    for shell in SHELLS {
        let cli = sandbox().database_url("mysql://nowhere");
        let script = cli.stdout(&["completions", shell]);
        for word in ["transfer", "--database-url", "verify", "--isolation"] {
            let word = if shell == "fish" { word.trim_start_matches("--") } else { word };
            assert!(script.contains(word), "{shell} lacks {word}");
        }
        assert_eq!(std::fs::read_dir(cli.home()).unwrap().count(), 0);
    }
}

#[test]
fn bash_completes_commands_and_options() {
    let script = sandbox().stdout(&["completions", "bash"]);
    let complete = |before: &str, word: &str| {
        let words = format!("COMP_WORDS=(bank-cli {before} '{word}'); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))");
        let previous = before.split(' ').next_back().unwrap();
        let ask = format!("{words}; _bank__cli bank-cli '{word}' '{previous}'; echo \"${{COMPREPLY[@]}}\"");
        let run = Run::to_end(Command::new("bash").args(["--norc", "-c", &format!("{script}\n{ask}")]));
        assert_eq!(run.code, Some(0), "{run:?}");
        run.stdout
    };
    assert_eq!(complete("", "transf"), "transfer\n");
    assert_eq!(complete("transfer", "--amo"), "--amount\n");
    assert_eq!(complete("list --output", "jsonl"), "jsonl\n");
}

#[test]
fn an_unknown_shell_is_rejected_and_the_known_ones_are_listed() {
    let run = sandbox().run(&["completions", "tcsh"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{run:?}");
    assert!(SHELLS.iter().all(|shell| run.stderr.contains(shell)), "{run:?}");
}

#[test]
fn every_command_has_a_manual_page() {
    let cli = sandbox().database_url("mysql://nowhere");
    cli.run(&["man", "--dir", "share/man1"]).expect(0, "", "");
    let pages = cli.home().join("share/man1");
    let program = std::fs::read_to_string(pages.join("bank-cli.1")).unwrap();
    assert_eq!(cli.stdout(&["man"]), program);
    assert!(program.contains(".SH \"EXIT CODES\"\n.nf\n  0    success"), "{program}");
    for command in ["setup", "list", "transfer", "batch", "verify", "man"] {
        let page = std::fs::read_to_string(pages.join(format!("bank-cli-{command}.1"))).unwrap();
        assert_eq!(cli.stdout(&["man", command]), page);
        assert_sound(&pages.join(format!("bank-cli-{command}.1")));
    }
    // The same program writes the same pages.
    cli.stdout(&["man", "--dir", "again"]);
    for entry in std::fs::read_dir(&pages).unwrap() {
        let name = entry.unwrap().file_name();
        let again = std::fs::read(cli.home().join("again").join(&name)).unwrap();
        assert_eq!(std::fs::read(pages.join(&name)).unwrap(), again, "{name:?}");
    }
}

/// Checks that every request of the page is one that `man` knows.
fn assert_sound(page: &Path) {
    const KNOWN: [&str; 11] = [".TH", ".SH", ".TP", ".IP", ".nf", ".fi", ".RS", ".RE", ".br", ".ie", ".el"];
    for line in std::fs::read_to_string(page).unwrap().lines().filter(|line| line.starts_with('.')) {
        let request = line.split(' ').next().unwrap();
        assert!(KNOWN.contains(&request), "{}: {line}", page.display());
    }
}

#[test]
fn a_manual_page_that_cannot_be_written_is_an_error() {
    let cli = sandbox();
    let hint = "see all commands with `bank-cli --help`";
    cli.run(&["man", "transfre"]).expect_failure(2, "there is no command \"transfre\"", hint);
    std::fs::write(cli.home().join("file"), "").unwrap();
    cli.run(&["man", "--dir", "file/man1"]).expect_failure(
        1,
        "cannot write the manual pages to file/man1: [..]",
        "name a directory that you may write to",
    );
}
