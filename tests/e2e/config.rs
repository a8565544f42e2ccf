//! `bank-cli config show`: every setting and its source, without a connection.

use bank_tests::cli::{Run, Sandbox};
use serde_json::{Value, json};

use crate::sandbox;

const SHOW: [&str; 2] = ["config", "show"];

fn shown(run: &Run) -> Value {
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    serde_json::from_str(&run.stdout).unwrap()
}

fn json_of(cli: &Sandbox, options: &[&str]) -> Value {
    shown(&cli.run(&[&SHOW[..], &["--output", "json"], options].concat()))
}

fn option(name: &str, value: impl Into<Value>) -> Value {
    json!({"value": value.into(), "source": "option", "name": name})
}

#[test]
fn without_anything_set_every_setting_has_its_default() {
    let cli = sandbox();
    let home = cli.home().display();
    let expected = format!(
        "\
setting            value                                        from
database-url       sqlite:{home}/.local/share/bank/bank.db  default
connect-timeout    10 s                                         default
isolation          read-committed                               default
answer-timeout     10 s                                         default
statement-timeout  10 s                                         default
lock-timeout       5 s                                          default
attempts           10                                           default
retry-time         30 s                                         default
color              auto                                         default
log                off                                          default
data-directory     {home}/.local/share/bank                 default
libpq-variables    none                                         default
"
    );
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(squeezed(&cli.stdout(&SHOW)), squeezed(&expected));
    assert_eq!(std::fs::read_dir(cli.home()).unwrap().count(), 0, "nothing is made");
}

#[test]
fn an_option_is_named_as_the_source_of_its_value() {
    let shown = json_of(
        &sandbox(),
        &[
            "--database-url",
            "sqlite:x.db",
            "--isolation",
            "serializable",
            "--answer-timeout",
            "0.5",
            "--statement-timeout=3",
            "--lock-timeout",
            "4",
            "--attempts",
            "7",
            "--retry-time",
            "60",
            "--color",
            "never",
        ],
    );
    assert_eq!(shown["database_url"], option("--database-url", "sqlite:x.db"));
    assert_eq!(shown["isolation"], option("--isolation", "serializable"));
    assert_eq!(shown["answer_timeout"], option("--answer-timeout", 0.5));
    assert_eq!(shown["statement_timeout"], option("--statement-timeout", 3.0));
    assert_eq!(shown["lock_timeout"], option("--lock-timeout", 4.0));
    assert_eq!(shown["attempts"], option("--attempts", 7));
    assert_eq!(shown["retry_time"], option("--retry-time", 60.0));
    assert_eq!(shown["color"], option("--color", "never"));
    // Global options may stand before the command.
    let before = sandbox().run(&["--attempts", "8", "config", "show", "--output", "json"]);
    assert_eq!(self::shown(&before)["attempts"], option("--attempts", 8));
}

#[test]
fn a_variable_is_named_as_the_source_and_an_option_wins() {
    let environment = |name: &str, value: Value| json!({"value": value, "source": "environment", "name": name});
    let cli = sandbox().database_url("postgres://u:hunter2@h/b?connect_timeout=2&sslmode=require");
    let mut command = cli.command(&["config", "show", "--output", "json", "--lock-timeout", "9"]);
    command.env("BANK_ISOLATION", "repeatable-read").env("BANK_RETRY_TIME", "61").env("BANK_LOCK_TIMEOUT", "8");
    command.env("NO_COLOR", "1").env("RUST_LOG", "bank_persistence=debug").env("XDG_DATA_HOME", "/srv/data");
    command.env("PGPASSWORD", "hunter2").env("PGSSLMODE", "require");
    let run = Run::to_end(&mut command);
    let shown = shown(&run);
    let url = "postgres://u:***@h/b?connect_timeout=2&sslmode=require";
    assert_eq!(shown["database_url"], environment("DATABASE_URL", json!(url)));
    assert_eq!(shown["connect_timeout"], json!({"value": 2, "source": "url", "name": "connect_timeout"}));
    assert_eq!(shown["isolation"], environment("BANK_ISOLATION", json!("repeatable-read")));
    assert_eq!(shown["retry_time"], environment("BANK_RETRY_TIME", json!(61.0)));
    assert_eq!(shown["lock_timeout"], option("--lock-timeout", 9.0));
    assert_eq!(shown["color"], environment("NO_COLOR", json!("never")));
    assert_eq!(shown["log"], environment("RUST_LOG", json!("bank_persistence=debug")));
    assert_eq!(shown["data_directory"], environment("XDG_DATA_HOME", json!("/srv/data/bank")));
    assert_eq!(shown["libpq_variables"], environment("PG...", json!(["PGPASSWORD", "PGSSLMODE"])));
    assert!(!run.stdout.contains("hunter2"), "{run:?}");
}

#[test]
fn a_dot_env_file_is_named_with_its_path() {
    let cli = sandbox();
    let below = cli.home().join("a/b");
    std::fs::create_dir_all(&below).unwrap();
    let file = cli.home().canonicalize().unwrap().join(".env");
    std::fs::write(&file, "OTHER=1\nDATABASE_URL=sqlite:from-file.db\n").unwrap();
    let shown = shown(&Run::to_end(cli.command(&["config", "show", "--output", "json"]).current_dir(&below)));
    let beside = format!("sqlite:{}", file.with_file_name("from-file.db").display());
    assert_eq!(shown["database_url"], json!({"value": beside, "source": "dot_env", "path": file}));
    assert!(cli.stdout(&SHOW).contains(&format!("  {}\n", file.display())));
}

#[test]
fn an_invalid_url_is_rejected_and_its_source_is_named() {
    let cli = sandbox().database_url("bank.db");
    let error = "the database URL has no scheme (from the environment variable DATABASE_URL)";
    cli.run(&SHOW).expect_failure(
        2,
        error,
        "write sqlite:path/to/file.db or postgres://user:password@host:port/database",
    );
    cli.run(&["config"]).expect(2, "", "...\nUsage: bank-cli config [OPTIONS] <COMMAND>\n...");
}
