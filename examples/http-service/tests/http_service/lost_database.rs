//! A database that is slow, or lost before or after an answer.

use std::sync::mpsc::channel;

use bank_tests::TestBackend;
use bank_tests::invariants::{Ledger, assert_sound};
use bank_tests::postgres::{self, PASSWORD, USER};
use bank_tests::proxy::{Fault, Plan, Proxy};

use crate::answers::Scene;
use crate::server::{Client, Server, key, order};

#[test]
fn a_full_queue_rejects_clients_that_may_retry() {
    let Scene { client, database, .. } = &Scene::on(TestBackend::Sqlite, &["--queue-capacity", "1"]);
    // Both names are cached from here on, so that transfers wait for nothing but posting.
    assert_eq!(client.transfer(&key(), &order("Jessica", "John", 1)).status, 201);
    let mut writer = database.plain();
    writer.execute("BEGIN IMMEDIATE");
    let (tell, told) = channel();
    let keys: Vec<String> = (0..6).map(|_| key()).collect();
    std::thread::scope(|scope| {
        for key in &keys {
            let (client, tell) = (client.clone(), tell.clone());
            scope.spawn(move || tell.send(client.transfer(key, &order("Jessica", "John", 1))).unwrap());
        }
        // One is being posted and one waits, so at least four are rejected.
        for _ in 0..4 {
            let answer = told.recv().unwrap();
            answer.expect_problem(503, "overloaded", "nothing was changed");
            assert_eq!(answer.retry_after.as_deref(), Some("1"));
        }
        writer.execute("ROLLBACK");
    });
    let posted = told.try_iter().filter(|answer| answer.status == 201).count();
    assert!((1..=2).contains(&posted), "{posted} posted");
    for key in &keys {
        let again = client.transfer(key, &order("Jessica", "John", 1));
        assert!([200, 201].contains(&again.status), "{again:?}");
    }
    assert_eq!(client.get("/accounts/John").json()["balance"], "9007");
    assert_sound(database);
}

/// Starts the service on a PostgreSQL database that is reached through a proxy.
fn behind_a_proxy(plan: Plan) -> (Scene, Proxy) {
    let (database, client) = (TestBackend::Postgres.database(), Client::new());
    let first = Server::start(&database, &[], &client);
    client.open("Jessica", 10_000);
    client.open("John", 9_000);
    drop(first);
    let proxy = Proxy::start(postgres::shared().port(), plan);
    let name = database.bank().database().name().unwrap();
    let url = format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{name}?sslmode=disable", proxy.port());
    let server = Server::start_at(&url, &[], &client);
    (Scene { client, server, database }, proxy)
}

#[test]
fn a_database_that_is_lost_before_anything_was_sent_has_changed_nothing() {
    let lost = Plan::at_first("FROM \"account_names\"", Fault::CutAfter).then_close();
    let (Scene { client, database, server }, proxy) = behind_a_proxy(lost);
    let answer = client.transfer(&key(), &order("Jessica", "John", 1));
    answer.expect_problem(503, "unavailable", "nothing was changed");
    assert_eq!(answer.retry_after.as_deref(), Some("5"));
    assert_eq!(proxy.faults(), 1);
    assert!(Ledger::read(&database).transfers.is_empty());
    server.signal("TERM");
    let (status, log) = server.wait();
    assert!(status.success(), "{log}");
    assert!(log.contains("a request failed with unavailable") && !log.contains(PASSWORD), "{log}");
}

#[test]
fn an_unknown_outcome_is_reported_and_the_same_key_resolves_it() {
    let (Scene { client, database, server: _server }, proxy) =
        behind_a_proxy(Plan::at_first("cut here", Fault::CutAfter).then_close());
    // The memo is in the statement that posts, with or without BEGIN and COMMIT.
    let (key, mut body) = (key(), order("Jessica", "John", 800));
    body["memo"] = "cut here".into();
    let answer = client.transfer(&key, &body);
    answer.expect_problem(504, "outcome_unknown", "may or may not have taken effect");
    assert!(answer.json()["hint"].as_str().unwrap().contains("same request with the same key again"), "{answer:?}");
    client.get("/ready").expect_problem(503, "not_ready", "does not answer");
    client.get("/accounts/Jessica").expect_problem(503, "unavailable", "does not answer");
    assert_eq!(client.get("/health").status, 200);

    proxy.open();
    let again = client.transfer(&key, &body);
    assert_eq!((again.status, &again.json()["status"]), (200, &"replayed".into()), "{again:?}");
    assert_eq!(client.get("/ready").status, 200);
    assert_eq!(Ledger::read(&database).transfers.len(), 1);
    assert_sound(&database);
}
