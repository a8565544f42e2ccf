//! `bank-cli doctor`, on healthy databases and on others.

use std::net::TcpListener;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use bank_persistence::Settings;
use bank_tests::TestBackend;
use bank_tests::cli::{Run, Sandbox};
use bank_tests::plain::Plain;
use bank_tests::postgres::{self, PASSWORD, PostgresServer, ServerBuilder, StopMode, USER};
use bank_tests::proxy::{Fault, Plan, Proxy};
use bank_tests::wait::wait_until;
use serde_json::Value;

use crate::{Scene, connection_timeout, sandbox};

/// A durable server.
static DURABLE: LazyLock<PostgresServer> = LazyLock::new(|| {
    let server = ServerBuilder::new().durable().start();
    sandbox().database_url(server.tcp_url("postgres")).stdout(&["setup"]);
    server
});

fn report(cli: &Sandbox, options: &[&str]) -> (Option<i32>, Vec<Value>) {
    let run = cli.run(&[&["doctor", "--output", "json"], options].concat());
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"));
    assert_eq!(report["ok"], Value::Bool(run.code == Some(0)), "{run:?}");
    (run.code, report["checks"].as_array().unwrap().clone())
}

fn find<'a>(checks: &'a [Value], name: &str) -> &'a Value {
    checks.iter().find(|check| check["check"] == name).unwrap_or_else(|| panic!("{name} is not in {checks:?}"))
}

#[track_caller]
fn assert_check(checks: &[Value], name: &str, status: &str, finding: &str) {
    let check = find(checks, name);
    let text = check["finding"].as_str().unwrap();
    assert!(check["status"] == status && text.contains(finding), "{check}");
    assert!(status == "ok" || status == "unknown" || check["advice"].is_string(), "{check}");
}

#[test]
fn a_healthy_file_has_a_line_for_everything() {
    let scene = Scene::new();
    let url = scene.database.url_text();
    let expected = format!(
        "\
ok       database    {url}, from the environment variable DATABASE_URL
ok       server      SQLite 3.[..]
ok       size        [..] bytes without the log
ok       integrity   quick_check has read every page and found no damage
ok       writable    a transaction that writes can begin
ok       journal     journal_mode is wal
ok       durability  synchronous is full: every commit is on the disk
ok       migrations  none pending
ok       round trip  p50 [..], longest [..] of 20
ok       keys        the journal has its three unique keys
ok       tables      as bank has made them
ok       names       no two accounts have names that look the same
"
    );
    scene.cli.run(&["doctor"]).expect(0, expected, "");
}

/// On a busy machine the round trip is slow, and doctor warns.
#[test]
fn a_healthy_server_has_a_line_for_everything() {
    let url = format!("postgres://{USER}:***@127.0.0.1:{}/postgres", DURABLE.port());
    let expected = format!(
        "\
ok       database     {url}, from the environment variable DATABASE_URL
ok       server       PostgreSQL [..]
ok       session      database postgres, user bank
ok       tls          not encrypted; the host is this machine
ok       writable     a transaction that writes can begin
ok       isolation    read committed, as asked for
ok       timeouts     statement 10s, lock 5s, idle in transaction 1min; answer 10 s
ok       durability   fsync = on, synchronous_commit = on, full_page_writes = on
ok       standbys     none; if this server is lost, so is its data
ok       connections  [..] of 197 in use; a pool has up to 1
ok       pooler       none seen: each connection has a session of its own; a pooler in session mode would look the same
ok       clock        the server is [..] this machine, give or take [..]
ok       language     lc_messages = [..]
ok       migrations   none pending
[..]     round trip   p50 [..], longest [..] of 20[..]
ok       keys         the journal has its three unique keys
ok       tables       as bank has made them
ok       names        no two accounts have names that look the same
ok       encoding     UTF8
ok       identity     the sequence of account ids is ahead of all accounts
"
    );
    sandbox().database_url(DURABLE.tcp_url("postgres")).run(&["doctor"]).expect(0, expected, "");
}

#[test]
fn requested_settings_are_reported_as_in_force() {
    let cli = sandbox().database_url(DURABLE.tcp_url("postgres"));
    let (code, checks) = report(&cli, &["--isolation", "serializable", "--lock-timeout", "0.25"]);
    assert_eq!(code, Some(0), "{checks:?}");
    assert_check(&checks, "isolation", "ok", "serializable, as asked for");
    assert_check(&checks, "timeouts", "ok", "lock 250ms");
    let clock = find(&checks, "clock")["value"]["offset_microseconds"].as_i64().unwrap();
    assert!(clock.abs() < 1_000_000, "one machine has one clock: {clock}");
}

#[test]
fn a_server_that_is_not_durable_fails() {
    let scene = Scene::on(TestBackend::Postgres);
    let (code, checks) = report(&scene.cli, &[]);
    assert_eq!(code, Some(1));
    assert_check(&checks, "durability", "fail", "fsync = off");
    let run = scene.cli.run(&["doctor"]);
    assert_eq!(run.stderr, "error: 1 check has failed: durability\nhint: the report says what to do about it\n");
    assert!(run.stdout.contains("\nFAIL     durability   fsync = off, "), "{run:?}");
}

#[test]
fn a_setting_of_the_role_is_taken_into_account() {
    let mut admin = Plain::postgres(&DURABLE.socket_url("postgres"));
    admin.execute("CREATE ROLE hasty LOGIN; ALTER ROLE hasty SET synchronous_commit = off");
    admin.execute("ALTER ROLE hasty SET default_transaction_read_only = on");
    let url = DURABLE.socket_url("postgres").replace("://bank@", "://hasty@");
    let (_, checks) = report(&sandbox().database_url(url), &[]);
    assert_check(&checks, "durability", "fail", "synchronous_commit = off");
    assert_check(&checks, "writable", "fail", "default_transaction_read_only is on");
    assert_check(&checks, "session", "ok", "user hasty");
}

#[test]
fn a_database_that_is_not_set_up_fails() {
    let missing = sandbox().run(&["doctor"]);
    assert_eq!(missing.code, Some(1), "{missing:?}");
    assert!(missing.stdout.contains("\nFAIL     connection  the database sqlite:"), "{missing:?}");
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let database = backend.empty_database();
        drop(database.bank());
        let (code, checks) = report(&sandbox().database_url(database.url_text()), &[]);
        assert_eq!(code, Some(1));
        assert_check(&checks, "migrations", "fail", "the database is not set up");
    }
}

#[test]
fn a_file_that_another_program_keeps_locked_fails_after_the_timeout() {
    let scene = Scene::new();
    let mut plain = scene.database.plain();
    plain.execute("BEGIN IMMEDIATE");
    let (code, checks) = report(&scene.cli, &["--lock-timeout", "0.2"]);
    assert_eq!(code, Some(1));
    assert_check(&checks, "writable", "fail", "database is locked");
}

#[test]
fn a_silent_host_is_given_up_within_the_timeout() {
    // The kernel accepts the connection; nobody answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let cli = sandbox().database_url(format!("postgres://bank:secret@127.0.0.1:{port}/bank?connect_timeout=2"));
    let started = Instant::now();
    let (code, checks) = report(&cli, &[]);
    let elapsed = started.elapsed();
    assert!(elapsed > Duration::from_secs(1) && elapsed < connection_timeout(), "{elapsed:?}");
    assert_eq!((code, checks.len()), (Some(7), 2));
    assert_check(&checks, "database", "ok", "postgres://bank:***@127.0.0.1:");
    assert_check(&checks, "connection", "fail", "cannot connect to postgres://bank:***@");
}

#[test]
fn a_wrong_password_is_code_7() {
    let url = DURABLE.tcp_url("postgres").replace(PASSWORD, "wrong");
    let run = sandbox().database_url(url).run(&["doctor"]);
    assert_eq!(run.code, Some(7), "{run:?}");
    assert!(run.stdout.contains("; check user and password in the URL, or PGPASSWORD\n"), "{run:?}");
    assert!(run.stderr.starts_with("error: cannot connect to "), "{run:?}");
}

#[test]
fn a_check_that_is_not_answered_in_time_is_unknown_and_the_rest_is_reported() {
    let scene = Scene::on(TestBackend::Postgres);
    let mut plain = scene.database.plain();
    plain.execute("BEGIN; LOCK TABLE __diesel_schema_migrations");
    let started = Instant::now();
    let (code, checks) = report(&scene.cli, &["--answer-timeout", "2"]);
    assert!(started.elapsed() < Settings::default().answer_timeout, "{:?}", started.elapsed());
    assert_eq!(code, Some(1));
    assert_check(&checks, "server", "ok", "PostgreSQL");
    for unanswered in ["migrations", "durability", "clock"] {
        assert_check(&checks, unanswered, "unknown", "not asked");
    }
}

#[test]
fn a_check_that_the_server_does_not_support_is_unknown_and_the_rest_is_reported() {
    // Views with the same names, found first, simulate a server that lacks some columns.
    let mut admin = Plain::postgres(&DURABLE.socket_url("postgres"));
    admin.execute("CREATE SCHEMA lacking; CREATE VIEW lacking.pg_stat_replication AS SELECT 1 AS nothing");
    admin.execute("CREATE VIEW lacking.pg_stat_ssl AS SELECT 1 AS nothing");
    let url = format!("{}?options=-csearch_path%3Dlacking,pg_catalog,public", DURABLE.tcp_url("postgres"));
    let (code, checks) = report(&sandbox().database_url(url), &[]);
    assert_eq!(code, Some(0), "{checks:?}");
    assert_check(&checks, "standbys", "unknown", "does not exist");
    assert_check(&checks, "tls", "unknown", "does not exist");
    assert_check(&checks, "clock", "ok", "this machine");
}

#[test]
fn a_connection_lost_half_way_leaves_the_rest_unknown() {
    let proxy = Proxy::start(DURABLE.port(), Plan::at_each("pg_stat_replication", Fault::CutBefore));
    let url = format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/postgres?sslmode=disable", proxy.port());
    let (code, checks) = report(&sandbox().database_url(url), &[]);
    assert_eq!((code, proxy.faults()), (Some(0), 1), "{checks:?}");
    assert_check(&checks, "durability", "ok", "fsync = on");
    assert_eq!(find(&checks, "standbys")["status"], "unknown", "{checks:?}");
    assert_eq!(find(&checks, "pooler")["status"], "unknown", "{checks:?}");
}

#[test]
fn a_proxy_is_noticed_by_its_port() {
    let proxy = Proxy::start(DURABLE.port(), Plan::pass());
    let url = format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/postgres?sslmode=disable", proxy.port());
    let (_, checks) = report(&sandbox().database_url(url), &[]);
    let port = DURABLE.port();
    assert_check(
        &checks,
        "pooler",
        "ok",
        &format!("something is in between: the server was reached on its port {port}"),
    );
}

#[test]
fn a_replica_fails_and_its_primary_reports_its_standbys() {
    let primary = ServerBuilder::new().durable().setting("cluster_name", postgres::STANDBY_NAME).start();
    let cli = sandbox().database_url(primary.socket_url("postgres"));
    cli.stdout(&["setup"]);
    let standby = primary.new_standby();
    let (code, checks) = report(&sandbox().database_url(standby.socket_url("postgres")), &[]);
    assert_eq!(code, Some(1));
    assert_check(&checks, "writable", "fail", "read-only replica");
    assert_check(&checks, "migrations", "ok", "none pending");

    let (code, checks) = report(&cli, &[]);
    assert_eq!(code, Some(0), "{checks:?}");
    assert_check(&checks, "standbys", "warn", "1 standby (bank_standby) follows asynchronously");
    let mut admin = Plain::postgres(&primary.socket_url("postgres"));
    admin.execute(&format!("ALTER SYSTEM SET synchronous_standby_names = '{}'", postgres::STANDBY_NAME));
    admin.execute("SELECT pg_reload_conf()");
    wait_for(&cli, "standbys", "ok", "1 of them synchronously (bank_standby)");
    standby.stop(StopMode::Immediate);
    wait_for(&cli, "standbys", "fail", "no synchronous standby follows");
}

/// Runs doctor until it reports this.
#[track_caller]
fn wait_for(cli: &Sandbox, name: &str, status: &str, finding: &str) {
    wait_until(&format!("{name} is {status}: {finding}"), || {
        let (_, checks) = report(cli, &[]);
        let check = find(&checks, name);
        check["status"] == status && check["finding"].as_str().unwrap().contains(finding)
    });
}

#[test]
fn a_narrow_terminal_gets_short_lines_in_colours() {
    let scene = Scene::on(TestBackend::Postgres);
    let run = bank_tests::terminal::run(scene.cli.command(&["doctor"]), 40);
    assert!(run.stdout.contains("\u{1b}[32mok\u{1b}[0m       isolation\n  read committed, as asked for\n"), "{run:?}");
    assert!(run.stdout.contains("\u{1b}[31mFAIL\u{1b}[0m     durability\n  fsync = off,"), "{run:?}");
}

#[test]
fn errors_come_last_and_are_json_if_the_report_is() {
    let run: Run = sandbox().database_url("postgres://bank@127.0.0.1:1/bank").run(&["doctor", "--output", "json"]);
    assert_eq!(run.code, Some(7), "{run:?}");
    let error: Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!(error["error"]["code"], "unavailable");
}
