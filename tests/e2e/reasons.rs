//! What a failure says is wrong, and what to do about it.

use std::process::Command;

use bank_tests::cli::{Run, Sandbox};
use bank_tests::invariants::Ledger;
use bank_tests::{TestBackend, TestDatabase};

use crate::{Scene, sandbox};

/// Returns the URL of the scene's database for another role, which is created with these options.
fn role(scene: &Scene, name: &str, options: &str) -> String {
    let mut plain = scene.database.plain();
    plain.execute(&format!("CREATE ROLE {name} LOGIN {options}"));
    plain.execute(&format!("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {name}"));
    scene.database.url_text().replace("://bank@", &format!("://{name}@"))
}

fn postgres() -> Scene {
    Scene::on(TestBackend::Postgres)
}

#[test]
fn an_identity_that_is_behind_comes_with_the_statement_that_corrects_it() {
    let scene = postgres();
    let mut plain = scene.database.plain();
    plain.execute("ALTER TABLE accounts ALTER COLUMN id RESTART WITH 1");
    let open = || scene.cli.run(&["open", "Newcomer", "--age", "1", "--country", "X"]);
    let run = open();
    run.expect_failure(
        1,
        "the id for the new account is taken: the sequence of accounts.id is behind",
        "run in the database: SELECT setval(pg_get_serial_sequence('accounts', 'id'), (SELECT max(id) FROM accounts))",
    );
    plain.execute(run.stderr.lines().nth(1).unwrap().split_once("database: ").unwrap().1);
    assert_eq!(open().code, Some(0));
}

#[test]
fn the_database_of_another_application_is_told_as_such_and_stays_as_it_is() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let database: TestDatabase = backend.empty_database();
        database.plain().execute(
            "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY, run_on TIMESTAMP); \
             INSERT INTO __diesel_schema_migrations VALUES ('20210304000000', NULL); CREATE TABLE users (id BIGINT)",
        );
        let cli = sandbox().database_url(database.url_text());
        for command in ["setup", "list"] {
            let run = cli.run(&[command]);
            assert_eq!(run.code, Some(1), "{run:?}");
            let error =
                "error: the database belongs to another application, which has run its migration 20210304000000\n";
            assert!(run.stderr.starts_with(error), "{run:?}");
            assert!(run.stderr.contains("hint: give bank a database or a schema of its own: "), "{run:?}");
        }
        let report = cli.run(&["doctor"]);
        assert!(report.stdout.contains("the database belongs to another application"), "{report:?}");
        assert!(database.plain().try_execute("SELECT 1 FROM accounts").is_err());
    }
}

#[test]
fn a_limit_of_the_role_does_not_cut_a_read_with_a_limit_of_its_own() {
    let scene = postgres();
    let url = role(&scene, "slow", "");
    scene.database.plain().execute("ALTER ROLE slow SET statement_timeout = 1");
    scene.database.plain().execute(
        "INSERT INTO accounts (name, age, country, currency, opening_balance, balance) \
         SELECT 'n' || n, 1, 'X', 'XXX', 0, 0 FROM generate_series(1, 200000) AS n",
    );
    let verify = |options: &[&str]| scene.cli.run(&[&["verify", "--database-url", &url], options].concat());
    let hint = "the server ends statements after a limit: allow more seconds with --statement-timeout";
    let error = "the database refused a statement: canceling statement due to statement timeout";
    verify(&[]).expect_failure(1, error, hint);
    assert_eq!(verify(&["--statement-timeout", "600"]).code, Some(0));
}

#[test]
fn a_role_without_connections_is_not_told_to_check_its_password() {
    let scene = postgres();
    let url = role(&scene, "many", "CONNECTION LIMIT 0");
    let run = scene.cli.run(&["list", "--database-url", &url, "--retry-time", "0.01"]);
    assert_eq!(run.code, Some(7), "{run:?}");
    assert!(run.stderr.contains("too many connections for role"), "{run:?}");
    assert!(run.stderr.ends_with("hint: close connections of other programs, or try again later\n"), "{run:?}");
}

#[test]
fn rows_hidden_by_a_policy_are_a_failure_and_not_a_smaller_ledger() {
    let scene = postgres();
    scene.cli.stdout(&["transfer", "--from", "Jessica", "--to", "John", "--amount", "5"]);
    let url = role(&scene, "shaded", "");
    scene.database.plain().execute("ALTER TABLE transfers ENABLE ROW LEVEL SECURITY");
    for command in [["verify", "-q"], ["export", "-q"], ["history", "Jessica"]] {
        let run: Run = scene.cli.run(&[&command[..], &["--database-url", &url]].concat());
        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(run.stderr.contains("row-level security policy for table \"transfers\""), "{run:?}");
        assert!(run.stderr.contains("hint: row-level security hides rows from this user"), "{run:?}");
        assert!(!run.stdout.contains("Jessica"), "{run:?}");
    }
}

#[test]
fn a_frozen_database_is_not_written_to() {
    let scene = postgres();
    let url = role(&scene, "frozen", "");
    scene.database.plain().execute("ALTER ROLE frozen SET default_transaction_read_only = on");
    let before = Ledger::read(&scene.database);
    let run =
        scene.cli.run(&["transfer", "--from", "Jessica", "--to", "John", "--amount", "5", "--database-url", &url]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("in a read-only transaction"), "{run:?}");
    assert!(run.stderr.contains("hint: nothing can be written: "), "{run:?}");
    assert_eq!(Ledger::read(&scene.database), before);
}

#[test]
fn notices_of_the_server_do_not_mix_with_messages() {
    let scene = postgres();
    scene.database.plain().execute(
        "CREATE FUNCTION chatty() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'hello'; RETURN NEW; END $$; \
         CREATE TRIGGER chatty BEFORE INSERT ON transfers FOR EACH ROW EXECUTE FUNCTION chatty()",
    );
    let transfer = ["transfer", "--from", "Jessica", "--to", "John", "--amount", "5", "-q"];
    let run = scene.cli.run(&transfer);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
}

/// Until a connection exists, libpq prints its own warnings and those of the server to standard error by itself.
#[cfg(unix)]
#[test]
fn what_libpq_prints_by_itself_stays_out_of_quiet_and_json_messages() {
    use std::os::unix::fs::PermissionsExt;

    let scene = postgres();
    scene
        .database
        .plain()
        .execute("UPDATE pg_database SET datcollversion = 'another' WHERE datname = current_database()");
    let passwords = scene.cli.home().join("passwords");
    std::fs::write(&passwords, "*:*:*:*:secret\n").unwrap();
    std::fs::set_permissions(&passwords, std::fs::Permissions::from_mode(0o644)).unwrap();
    let run = |arguments: &[&str]| Run::to_end(scene.cli.command(arguments).env("PGPASSFILE", &passwords));

    let warned = run(&["list"]);
    for warning in ["collation version", "has group or world access"] {
        assert!(warned.stderr.contains(warning), "{warned:?}");
    }
    let quiet = run(&["list", "-q"]);
    assert_eq!((quiet.code, quiet.stderr.as_str(), quiet.stdout), (Some(0), "", warned.stdout));
    let refused = run(&["balance", "Nobody", "-q"]);
    assert!(refused.stderr.starts_with("error: "), "{refused:?}");
    let json = run(&["balance", "Nobody", "--output", "json"]);
    let message: serde_json::Value = serde_json::from_str(&json.stderr).unwrap();
    assert_eq!(message["error"]["code"], "account_not_found", "{json:?}");
}

#[test]
fn results_reach_standard_error_even_if_only_errors_are_printed() {
    let scene = Scene::new();
    let file = scene.cli.home().join("in.csv");
    std::fs::write(&file, "from,to,amount\nJessica,John,5\n").unwrap();
    let file = file.to_str().unwrap();
    for name in ["/dev/stderr", "/dev/fd/2"] {
        let run = scene.cli.run(&["batch", file, "-q", "--reference", "june", "--results", name]);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(run.stderr.starts_with("line,id,status,") && run.stderr.lines().count() == 2, "{run:?}");
    }
}

#[test]
fn a_clock_before_1970_stops_no_command() {
    let works = Command::new("faketime").args(["1999-01-01 00:00:00", "true"]).status();
    if !works.is_ok_and(|status| status.success()) {
        bank_tests::backend::say("left out: a clock before 1970, because faketime is not installed");
        return;
    }
    let scene = Scene::new();
    let real: Sandbox = sandbox().database_url(scene.database.url_text());
    let inner = real.command(&["transfer", "--from", "Jessica", "--to", "John", "--amount", "5"]);
    let mut command = Command::new("faketime");
    command.arg("1960-01-01 00:00:00").arg(inner.get_program()).args(inner.get_args());
    let run = Run::to_end(
        command
            .env_clear()
            .env("DATABASE_URL", scene.database.url_text())
            .env("HOME", real.home())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped()),
    );
    assert_eq!(run.code, Some(0), "{run:?}");
}
