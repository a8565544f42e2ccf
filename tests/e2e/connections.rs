//! Servers that can be reached, and servers that cannot.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use bank_tests::TestBackend;
use bank_tests::invariants::{Ledger, assert_sound};
use bank_tests::postgres::{self, PASSWORD, USER};
use bank_tests::proxy::{Fault, Plan, Proxy};
use bank_tests::wait::wait_until;

use crate::{Scene, connection_timeout, sandbox, start_blocked};

const ID: &str = "019b76da-a800-7000-8000-000000000001";
const TRANSFER: [&str; 9] = ["transfer", "--from", "Jessica", "--to", "John", "--amount", "800", "--id", ID];

#[test]
fn a_server_is_reached_over_tcp_and_over_its_socket() {
    let scene = Scene::on(TestBackend::Postgres);
    let server = postgres::shared();
    let name = scene.database.bank().database().name().unwrap();
    let socket = server.home().display();
    for url in [
        server.tcp_url(&name),
        server.tcp_url(&name).replace("postgres://", "postgresql://"),
        server.socket_url(&name),
        format!("postgres:///{name}?host={socket}&port={}&user={USER}", server.port()),
        format!(
            "postgres://{USER}:{PASSWORD}@127.0.0.1:1,127.0.0.1:{}/{name}?target_session_attrs=read-write",
            server.port()
        ),
    ] {
        let list = sandbox().database_url(&url).stdout(&["list"]);
        assert_eq!(list.lines().count(), 2, "{url}");
    }
}

#[test]
fn a_wrong_password_is_reported_without_waiting() {
    let database = TestBackend::Postgres.empty_database();
    let url = database.url_through(postgres::shared().port()).replace(PASSWORD, "wrong");
    let cli = sandbox().database_url(url);
    for command in ["list", "setup", "demo", "verify"] {
        let started = Instant::now();
        let error = "cannot connect to postgres://bank:***@127.0.0.1:[..]: [..]password authentication failed[..]";
        cli.run(&[command]).expect_failure(7, error, "check user and password in the URL, or PGPASSWORD");
        assert!(started.elapsed() < connection_timeout(), "{command} took {:?}", started.elapsed());
    }
}

#[test]
fn an_unknown_database_role_or_host_is_reported() {
    let server = postgres::shared();
    let unknown_database = server.socket_url("no_such_database");
    let hint = "create the database first, or name another in the URL";
    sandbox().database_url(unknown_database).run(&["list"]).expect_failure(7, "cannot connect to [..]", hint);
    let unknown_role = server.socket_url("postgres").replace("://bank@", "://nobody@");
    let hint = "check user and password in the URL, or PGPASSWORD";
    sandbox().database_url(unknown_role).run(&["list"]).expect_failure(7, "cannot connect to [..]", hint);
    let unknown_host = "postgres://bank@no-such-host.invalid/bank";
    sandbox().database_url(unknown_host).run(&["list"]).expect_failure(
        7,
        "cannot connect to [..]",
        "check the host in the URL",
    );
}

#[test]
fn a_refused_connection_is_reported_with_a_hint() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = format!("cannot connect to postgres://bank@127.0.0.1:{port}/bank: [..]");
    sandbox().impatient().database_url(format!("postgres://bank@127.0.0.1:{port}/bank")).run(&["list"]).expect_failure(
        7,
        &error,
        "check that the server runs and that host and port in the URL are right",
    );
}

#[test]
fn a_silent_host_is_given_up_within_the_timeout() {
    // The kernel accepts the connection; nobody answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let url = format!("postgres://bank@127.0.0.1:{port}/bank?connect_timeout=2");
    let cli = sandbox().database_url(url).impatient();
    let started = Instant::now();
    cli.run(&["list"]).expect_failure(
        7,
        "cannot connect to [..]",
        "check that the server runs and that host and port in the URL are right",
    );
    let elapsed = started.elapsed();
    assert!(elapsed > Duration::from_secs(1) && elapsed < connection_timeout(), "{elapsed:?}");
}

#[test]
fn lost_connections_exhaust_the_retries_and_change_nothing() {
    let scene = Scene::on(TestBackend::Postgres);
    let before = Ledger::read(&scene.database);
    let proxy = Proxy::start(postgres::shared().port(), Plan::at_each("BEGIN", Fault::CutBefore));
    let cli = sandbox().database_url(scene.database.url_through(proxy.port()));
    cli.run(&TRANSFER).expect_failure(
        6,
        "posting failed 10 times in [..] s: [..]",
        "nothing was changed: run the same command again later",
    );
    assert_eq!(proxy.faults(), 10);
    assert_eq!(Ledger::read(&scene.database), before);
}

#[test]
fn a_lost_answer_is_an_unknown_outcome_that_the_same_command_resolves() {
    let scene = Scene::on(TestBackend::Postgres);
    let proxy = Proxy::start(postgres::shared().port(), Plan::at_first("COMMIT\0", Fault::CutAfter).then_close());
    let cli = sandbox().database_url(scene.database.url_through(proxy.port())).retry_time("3");
    let command = format!("bank-cli transfer --from=Jessica --to=John --amount 800 --id {ID}");
    let run = cli.run(&TRANSFER);
    run.expect_failure(9, "the outcome is unknown: [..]", &format!("run again, it is never posted twice: {command}"));
    assert_eq!(proxy.faults(), 1);
    assert!(run.stderr.starts_with(&format!("transfer id: {ID}\n")), "{run:?}");

    proxy.open();
    let again = cli.stdout(&arguments_of(&command));
    assert!(again.contains("status = replayed") && again.contains("Jessica, balance = 9200"), "{again}");
    assert_eq!(Ledger::read(&scene.database).transfers.len(), 1);
    assert_sound(&scene.database);
}

/// Splits the command that the hint gives, as a shell would.
fn arguments_of(command: &str) -> Vec<&str> {
    command.split(' ').skip(1).collect()
}

#[test]
fn a_lost_answer_is_resolved_by_sending_the_same_transfer_again() {
    let scene = Scene::on(TestBackend::Postgres);
    let proxy = Proxy::start(postgres::shared().port(), Plan::at_first("COMMIT\0", Fault::CutAfter).then_close());
    let cli = sandbox().database_url(scene.database.url_through(proxy.port()));
    let transfer = cli.start(&TRANSFER);
    wait_until("the commit is cut", || proxy.faults() == 1);
    proxy.open();
    let run = transfer.end();
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("Jessica, balance = 9200"), "{run:?}");
    assert_eq!(Ledger::read(&scene.database).transfers.len(), 1);
    assert_sound(&scene.database);
}

#[test]
fn a_database_locked_by_another_program_is_waited_for() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let scene = Scene::on(backend);
        let mut plain = scene.database.plain();
        let lock =
            if scene.database.is_sqlite() { "BEGIN IMMEDIATE" } else { "BEGIN; LOCK TABLE accounts IN SHARE MODE" };
        plain.execute(lock);
        let waiting = start_blocked(&scene.cli, &scene.database, &TRANSFER);
        plain.execute("ROLLBACK");
        let run = waiting.end();
        assert_eq!(run.code, Some(0), "{run:?}");
    }
}

#[test]
fn an_unverified_remote_server_is_noted() {
    let note = "note: the server's certificate is not verified: ";
    let remote = "postgres://bank@no-such-host.invalid/bank";
    let remarks = |url: &str| sandbox().database_url(url).run(&["list"]).stderr.contains(note);
    assert!(remarks(remote));
    assert!(remarks(&format!("{remote}?sslmode=require")));
    assert!(!remarks(&format!("{remote}?sslmode=verify-full&sslrootcert=system")));
    assert!(!remarks(&postgres::shared().tcp_url("no_such_database")));
    assert!(!remarks(&postgres::shared().socket_url("no_such_database")));
}

#[test]
fn a_first_connection_is_tried_again_until_the_server_is_there() {
    let scene = Scene::on(TestBackend::Postgres);
    let proxy = Proxy::start(postgres::shared().port(), Plan::pass());
    proxy.close();
    let url = scene.database.url_through(proxy.port());
    let running = scene.cli.start(&[&TRANSFER[..], &["--database-url", &url]].concat());
    running.wait_for_stderr("cannot connect yet; trying again for up to 30 s (--retry-time)");
    proxy.open();
    let run = running.end();
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("status = posted"), "{run:?}");
    assert_eq!(run.stderr.matches("cannot connect yet").count(), 1, "{run:?}");
}

#[test]
fn a_connection_that_is_refused_for_good_is_tried_once() {
    let proxy = Proxy::start(postgres::shared().port(), Plan::pass());
    let name = Scene::on(TestBackend::Postgres).database.bank().database().name().unwrap();
    for url in [
        format!("postgres://{USER}:wrong@127.0.0.1:{}/{name}?sslmode=disable", proxy.port()),
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/no_such_database?sslmode=disable", proxy.port()),
    ] {
        let before = proxy.accepted();
        let run = sandbox().database_url(url).run(&["list"]);
        assert_eq!(run.code, Some(7), "{run:?}");
        assert!(!run.stderr.contains("trying again"), "{run:?}");
        assert_eq!(proxy.accepted() - before, 1, "{run:?}");
    }
}

#[test]
fn a_server_that_never_comes_is_given_up_and_doctor_does_not_wait() {
    let nowhere = "postgres://bank@127.0.0.1:1/bank";
    let hint = "check that the server runs and that host and port in the URL are right";
    let quick = sandbox().database_url(nowhere);
    quick.run(&["list", "--retry-time", "0.2", "-q"]).expect_failure(7, "cannot connect to [..]", hint);
    let doctor = quick.run(&["doctor"]);
    assert_eq!(doctor.code, Some(7), "{doctor:?}");
    assert!(!doctor.stderr.contains("trying again"), "{doctor:?}");
}
