//! Databases that cannot be used: one line of error, one line of hint, the right exit code, no stray file.

use std::os::unix::fs::PermissionsExt;

use bank_tests::TestBackend;

use crate::{Scene, sandbox};

const FORMS: &str = "write sqlite:path/to/file.db or postgres://user:password@host:port/database";

#[test]
fn an_unknown_scheme_is_rejected() {
    for (url, scheme) in [("mysql://localhost/bank", "mysql"), ("http://localhost", "http"), ("file:bank.db", "file")] {
        let error = format!("the database URL has the unknown scheme \"{scheme}\" (from --database-url)");
        sandbox().run(&["list", "--database-url", url]).expect_failure(2, &error, FORMS);
        let error = format!("the database URL has the unknown scheme \"{scheme}\" (from the environment [..])");
        sandbox().database_url(url).run(&["setup"]).expect_failure(2, &error, FORMS);
    }
}

#[test]
fn a_bare_path_is_not_taken_for_a_database() {
    for path in ["bank.db", "./bank.db", "/var/lib/bank.db"] {
        let cli = sandbox();
        let error = "the database URL has no scheme (from --database-url)";
        cli.run(&["setup", "--database-url", path]).expect_failure(2, error, FORMS);
        assert!(files_in(&cli).is_empty());
    }
}

#[test]
fn a_url_without_a_file_or_with_other_drivers_options_is_rejected() {
    let cli = sandbox();
    cli.run(&["list", "--database-url", "sqlite:"]).expect_failure(2, "the SQLite URL names no file [..]", FORMS);
    let url = "postgres://localhost/bank?load_balance=true";
    let error = "the database URL has the option \"load_balance\", which only YugabyteDB's smart drivers know [..]";
    assert_eq!(cli.run(&["list", "--database-url", url]).code, Some(2));
    cli.run(&["list", "--database-url", url]).expect_failure(2, error, "[..]");
}

#[test]
fn a_missing_directory_is_rejected_and_not_created() {
    let cli = sandbox();
    for command in ["setup", "list", "verify", "demo"] {
        cli.run(&[command, "--database-url", "sqlite:no/such/bank.db"]).expect_failure(
            7,
            "[..]no/such/bank.db[..]",
            "[..]",
        );
    }
    assert!(files_in(&cli).is_empty());
}

#[test]
fn an_unreadable_file_is_rejected() {
    let scene = Scene::new();
    let path = scene.database.url().sqlite_path().unwrap().to_owned();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    // Root reads everything.
    if std::fs::File::open(&path).is_err() {
        scene.cli.run(&["list"]).expect_failure(
            7,
            "cannot connect to sqlite:[..]",
            "check the permissions of the file and its directory",
        );
    }
    // Nor can root read a link that leads to itself.
    let cli = sandbox();
    std::os::unix::fs::symlink("loop.db", cli.home().join("loop.db")).unwrap();
    cli.run(&["list", "--database-url", "sqlite:loop.db"]).expect_failure(
        7,
        "cannot connect to sqlite:loop.db: [..]",
        "check that the directory exists, that the path is a file, and that you may read and write it",
    );
    std::fs::create_dir(cli.home().join("directory")).unwrap();
    cli.run(&["list", "--database-url", "sqlite:directory"]).expect_failure(
        7,
        "cannot connect to sqlite:directory: [..]",
        "[..]",
    );
}

#[test]
fn a_file_that_is_not_a_database_is_rejected_and_kept() {
    let cli = sandbox();
    let path = cli.home().join("letter.txt");
    let letter = "Dear bank,\n".repeat(100);
    std::fs::write(&path, &letter).unwrap();
    for command in ["setup", "list", "verify", "demo"] {
        cli.run(&[command, "--database-url", "sqlite:letter.txt"]).expect_failure(
            7,
            "cannot connect to sqlite:letter.txt: [..]not a database[..]",
            "name another file in the URL; this one was not touched",
        );
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), letter);
    assert_eq!(files_in(&cli), ["letter.txt"]);
}

#[test]
fn a_database_that_is_not_set_up_is_reported_with_a_hint() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let database = backend.empty_database();
        // SQLite's file exists and is empty.
        drop(database.bank());
        let cli = sandbox().database_url(database.url_text());
        for command in ["list", "verify"] {
            cli.run(&[command]).expect_failure(1, "the database is not set up", "run `bank-cli setup`");
        }
    }
}

#[test]
fn a_missing_file_is_reported_with_a_hint_and_not_created() {
    let cli = sandbox();
    for arguments in [&["list"][..], &["list", "--database-url", "sqlite:bank.db"]] {
        cli.run(arguments).expect_failure(1, "the database sqlite:[..]bank.db is not set up", "run `bank-cli setup`");
    }
    assert!(files_in(&cli).is_empty());
}

#[test]
fn a_schema_newer_than_the_binary_is_rejected() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let scene = Scene::on(backend);
        let sql = "INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231000001')";
        scene.database.plain().execute(sql);
        let error = "the database is newer than this program (migration 20991231000001)";
        let hint = "a newer bank-cli has set this database up: use that one";
        for command in ["list", "verify"] {
            scene.cli.run(&[command]).expect_failure(1, error, hint);
        }
        for command in [&["setup"][..], &["setup", "--reset", "--yes"]] {
            let run = scene.cli.run(command);
            assert_eq!(run.code, Some(1), "{run:?}");
            assert_eq!(run.stderr, format!("error: {error}\nhint: {hint}\n"));
        }
        assert_eq!(scene.database.plain().number("SELECT count(*) AS value FROM accounts"), 2, "nothing is lost");
    }
}

#[test]
fn tables_of_another_program_are_not_touched() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let database = backend.empty_database();
        drop(database.bank());
        database.plain().execute("CREATE TABLE accounts (x BIGINT); INSERT INTO accounts VALUES (42)");
        let run = sandbox().database_url(database.url_text()).run(&["setup"]);
        assert_eq!(run.code, Some(1), "{run:?}");
        let hint =
            if database.is_sqlite() { "name a file for bank alone" } else { "may contain tables of another program" };
        assert!(run.stderr.contains(hint), "{run:?}");
        assert_eq!(database.plain().number("SELECT x AS value FROM accounts"), 42);
    }
}

fn files_in(cli: &bank_tests::cli::Sandbox) -> Vec<String> {
    let entries = std::fs::read_dir(cli.home()).unwrap().map(|entry| entry.unwrap());
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
