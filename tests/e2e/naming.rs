//! How a database is named: in files `.env` of any directory, in variables as other programs set them, in URLs as they write
//! them. None of these makes a second bank by accident.

use bank_tests::cli::{Run, Sandbox};

use crate::sandbox;

/// Runs a command in a directory below the sandbox's home.
fn run_in(cli: &Sandbox, directory: &str, arguments: &[&str]) -> Run {
    let path = cli.home().join(directory);
    std::fs::create_dir_all(&path).unwrap();
    Run::to_end(cli.command(arguments).current_dir(path))
}

#[test]
fn a_relative_path_in_a_dot_env_is_beside_it_from_every_directory_below() {
    let cli = sandbox();
    std::fs::write(cli.home().join(".env"), "DATABASE_URL=sqlite:bank.db\n").unwrap();
    assert_eq!(cli.run(&["setup", "-q"]).code, Some(0));
    cli.stdout(&["transfer", "--from", "Jessica", "--to", "John", "--amount", "1000"]);
    for directory in ["below", "below/further"] {
        let run = run_in(&cli, directory, &["balance", "Jessica", "-v"]);
        assert!(run.stdout.contains("balance = 9000"), "{run:?}");
        let home = cli.home().canonicalize().unwrap();
        let shown =
            format!("database: sqlite:{} (from DATABASE_URL in {}", home.join("bank.db").display(), home.display());
        assert!(run.stderr.contains(&shown), "{run:?}");
        assert_eq!(run_in(&cli, directory, &["setup", "-q"]).code, Some(0));
        assert!(!cli.home().join(directory).join("bank.db").exists());
    }
    // Elsewhere the path is relative to the working directory, as typed.
    let run = run_in(&cli, "below", &["setup", "-q", "--database-url", "sqlite:own.db"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(cli.home().join("below/own.db").exists());
}

#[test]
fn what_a_dot_env_does_to_a_value_is_noted() {
    let cli = sandbox();
    let content = "TITLE=My bank app\nDATABASE_URL=sqlite:a$UNSET.db\n";
    std::fs::write(cli.home().join(".env"), content).unwrap();
    let run = cli.run(&["setup"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stderr.contains("/.env is not of the form NAME=value and was left out"), "{run:?}");
    assert!(
        run.stderr.contains("note: line 2 of ") && run.stderr.contains(" has a $ outside of single quotes"),
        "{run:?}"
    );
    assert!(cli.home().join("a.db").exists());
    assert_eq!(cli.run(&["list", "-q"]).stderr, "");
}

#[test]
fn a_line_end_after_a_value_is_no_part_of_it_and_an_empty_variable_is_not_set() {
    let cli = sandbox();
    let path = cli.home().join("bank.db");
    let url = format!("sqlite:{}", path.display());
    assert_eq!(cli.run(&["setup", "-q", "--database-url", &url]).code, Some(0));
    for end in ["\n", "\r\n"] {
        let run = Run::to_end(cli.command(&["list"]).env("DATABASE_URL", format!("{url}{end}")));
        assert_eq!(run.code, Some(0), "{run:?}");
    }
    let mut command = cli.command(&["list", "--database-url", &url]);
    for name in ["ISOLATION", "ANSWER_TIMEOUT", "STATEMENT_TIMEOUT", "LOCK_TIMEOUT", "ATTEMPTS", "RETRY_TIME"] {
        command.env(format!("BANK_{name}"), "");
    }
    assert_eq!(Run::to_end(&mut command).code, Some(0));
    let run = Run::to_end(cli.command(&["list", "--database-url", &url]).env("BANK_ISOLATION", "serializable\n"));
    assert_eq!(run.code, Some(0), "{run:?}");
    let run = Run::to_end(cli.command(&["list", "--database-url", &url]).env("BANK_ATTEMPTS", "many"));
    assert_eq!(run.code, Some(2), "{run:?}");
}

#[test]
fn the_sqlite_urls_of_other_programs_lead_to_the_same_file() {
    let cli = sandbox();
    let path = cli.home().canonicalize().unwrap().join("bank.db");
    let url = |slashes: &str| format!("sqlite:{slashes}{}", path.display());
    assert_eq!(cli.run(&["setup", "-q", "--database-url", &url("///")]).code, Some(0));
    for slashes in ["", "//", "///"] {
        let run = cli.run(&["list", "--database-url", &url(slashes)]);
        assert_eq!(run.code, Some(0), "{run:?}");
    }
    let refused = |url: &str, error: &str, hint: &str| {
        let error = format!("{error} (from --database-url)");
        cli.run(&["setup", "--database-url", url]).expect_failure(2, &error, hint);
    };
    refused(
        "sqlite:///bank.db",
        "the SQLite URL is ambiguous: programs read it as `bank.db` here or as `/bank.db`",
        "write sqlite:bank.db or sqlite:/bank.db",
    );
    refused(
        "sqlite://bank.db?mode=rwc",
        "the SQLite URL has options after \"?\", which bank does not know",
        "leave the options out, and write sqlite:path/to/file.db",
    );
    assert_eq!(std::fs::read_dir(cli.home()).unwrap().count(), 1, "no other file was made");
}
