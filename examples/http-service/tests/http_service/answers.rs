//! Successful answers, and rejected transfers.

use std::collections::BTreeSet;

use bank_domain::AccountChange;
use bank_persistence::ChangeOutcome;
use bank_tests::fixtures::name;
use bank_tests::invariants::assert_sound;
use bank_tests::{TestBackend, TestDatabase};
use serde_json::{Value, json};

use crate::server::{Client, Server, key, order};

pub(crate) struct Scene {
    pub(crate) client: Client,
    pub(crate) server: Server,
    pub(crate) database: TestDatabase,
}

impl Scene {
    /// Starts the service on a database with the accounts Jessica and John.
    pub(crate) fn on(backend: TestBackend, options: &[&str]) -> Self {
        let (database, client) = (backend.database(), Client::new());
        let server = Server::start(&database, options, &client);
        client.open("Jessica", 10_000);
        client.open("John", 9_000);
        Self { client, server, database }
    }
}

fn on_both(test: impl Fn(Scene)) {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        test(Scene::on(backend, &[]));
    }
}

#[test]
fn a_transfer_is_posted_once_and_then_replayed() {
    on_both(|Scene { client, database, .. }| {
        let (key, body) = (key(), json!({ "from": "Jessica", "to": "John", "amount": 800, "memo": "rent" }));
        let posted = client.transfer(&key, &body);
        assert_eq!((posted.status, posted.location.clone()), (201, Some(format!("/transfers/{key}"))), "{posted:?}");
        let mut expected = json!({
            "id": key, "kind": "payment", "status": "posted", "amount": "800", "currency": "XXX", "memo": "rent",
            "from": { "account_id": 1, "name": "Jessica", "balance": "9200", "version": 1 },
            "to": { "account_id": 2, "name": "John", "balance": "9800", "version": 1 },
        });
        assert_eq!(posted.json(), expected);

        // The draft standard of the header has quotation marks around the key.
        for key in [key.clone(), format!("\"{key}\""), key.to_uppercase()] {
            let replayed = client.transfer(&key, &body);
            expected["status"] = json!("replayed");
            assert_eq!((replayed.status, replayed.json()), (200, expected.clone()), "{replayed:?}");
        }

        let shown = client.get(&format!("/transfers/{key}"));
        assert_eq!(shown.status, 200);
        assert!(shown.json()["posted_at"].as_str().unwrap().ends_with('Z'), "{shown:?}");
        assert_eq!(shown.json()["from"], expected["from"]);
        assert_eq!(client.get("/accounts/John").json()["balance"], "9800");
        assert_sound(&database);
    });
}

#[test]
fn a_rejected_transfer_changes_nothing_and_its_key_can_be_used_again() {
    on_both(|Scene { client, database, .. }| {
        let key = key();
        let refused = client.transfer(&key, &order("Jessica", "John", 10_001));
        refused.expect_problem(422, "insufficient_funds", "`Jessica` has 10000 available, not 10001");
        client.transfer(&key, &order("Jessica", "Jessica", 1)).expect_problem(422, "same_account", "two different");
        client.open("Rich", i64::MAX);
        let refused = client.transfer(&key, &order("John", "Rich", 1));
        refused.expect_problem(422, "balance_overflow", "`Rich` would exceed 9223372036854775807");
        let mut stale = order("Jessica", "John", 10_000);
        stale["expected_version"] = json!(1);
        client.transfer(&key, &stale).expect_problem(422, "version_mismatch", "`Jessica` has version 0, not 1");

        stale["expected_version"] = json!(0);
        assert_eq!(client.transfer(&key, &stale).status, 201);
        assert_eq!(client.transfer(&key, &stale).status, 200);
        assert_sound(&database);
    });
}

#[test]
fn a_key_that_was_used_for_another_transfer_is_a_conflict() {
    on_both(|Scene { client, database, .. }| {
        let key = key();
        assert_eq!(client.transfer(&key, &order("Jessica", "John", 1)).status, 201);
        for (body, field) in [
            (order("Jessica", "John", 2), "amount"),
            (order("John", "Jessica", 1), "from account"),
            (json!({ "from": "Jessica", "to": "John", "amount": 1, "memo": "x" }), "memo"),
        ] {
            client.transfer(&key, &body).expect_problem(409, "id_conflict", field);
        }
        assert_eq!(client.get("/accounts/John").json()["balance"], "9001");
        assert_sound(&database);
    });
}

#[test]
fn unknown_accounts_transfers_and_paths_are_not_found() {
    on_both(|Scene { client, .. }| {
        client.transfer(&key(), &order("Jessica", "Jon", 1)).expect_problem(404, "account_not_found", "`Jon`");
        client.transfer(&key(), &order("Jess", "John", 1)).expect_problem(404, "account_not_found", "`Jess`");
        client.get("/accounts/Jon").expect_problem(404, "account_not_found", "there is no account `Jon`");
        client.get(&format!("/transfers/{}", key())).expect_problem(404, "transfer_not_found", "there is no transfer");
        client.get("/").expect_problem(404, "no_such_path", "nothing at this path");
    });
}

#[test]
fn an_account_is_opened_once() {
    on_both(|Scene { client, .. }| {
        let mut body = json!({ "name": "Zoë / Co", "age": 30, "country": "Österreich", "currency": "EUR" });
        body["balance"] = json!("-5.00");
        body["overdraft_limit"] = json!("5.00");
        let opened = client.post("/accounts", &body);
        assert_eq!(opened.status, 201, "{opened:?}");
        let mut expected = body.clone();
        let more =
            [("id", json!(3)), ("opening_balance", json!("-5.00")), ("version", json!(0)), ("status", json!("open"))];
        expected.as_object_mut().unwrap().extend(more.map(|(name, value)| (name.to_owned(), value)));
        assert_eq!(opened.json(), expected);
        assert_eq!(client.get("/accounts/Zo%C3%AB%20%2F%20Co").json(), expected);
        client.post("/accounts", &body).expect_problem(409, "account_exists", "`Zoë / Co` exists already");
    });
}

#[test]
fn amounts_have_the_decimals_of_their_currency() {
    on_both(|Scene { client, database, .. }| {
        for (name, currency, balance) in
            [("Anna", "EUR", json!("12.50")), ("Club", "EUR", json!(12.5)), ("Ken", "JPY", json!(7))]
        {
            let opened = client.post("/accounts", &json!({ "name": name, "currency": currency, "balance": balance }));
            assert_eq!(opened.status, 201, "{opened:?}");
        }
        assert_eq!(client.get("/accounts/Club").json()["balance"], "12.50");
        let pay = |to: &str, amount: serde_json::Value| {
            client.transfer(&key(), &json!({ "from": "Anna", "to": to, "amount": amount }))
        };
        let posted = pay("Club", json!("0.05"));
        assert_eq!((posted.status, &posted.json()["from"]["balance"]), (201, &json!("12.45")), "{posted:?}");
        assert_eq!((&posted.json()["amount"], &posted.json()["currency"]), (&json!("0.05"), &json!("EUR")));
        assert_eq!(pay("Club", json!(0.1)).json()["from"]["balance"], "12.35");
        pay("Club", json!("0.005")).expect_problem(400, "invalid_input", "0.005");
        pay("Club", json!("12.36")).expect_problem(422, "insufficient_funds", "has 12.35 EUR available, not 12.36 EUR");
        pay("Ken", json!("1.00")).expect_problem(422, "currency_mismatch", "EUR");
        let unknown = client.post("/accounts", &json!({ "name": "x", "currency": "ABC" }));
        unknown.expect_problem(400, "currency_unknown", "ABC");
        assert_sound(&database);
    });
}

#[test]
fn frozen_and_closed_accounts_are_shown_and_do_not_pay() {
    on_both(|Scene { client, database, .. }| {
        let bank = database.bank();
        let change = |account: &str, change| {
            let changed = bank.change_account(&name(account), change, None).unwrap();
            assert!(matches!(changed, Some(ChangeOutcome::Changed { .. })), "{changed:?}");
        };
        change("John", AccountChange::Freeze);
        let frozen = client.transfer(&key(), &order("Jessica", "John", 1));
        frozen.expect_problem(422, "account_frozen", "`John` is frozen");
        assert_eq!(client.get("/accounts/John").json()["status"], "frozen");
        client.open("Empty", 0);
        change("Empty", AccountChange::Close);
        let closed = client.transfer(&key(), &order("Jessica", "Empty", 1));
        closed.expect_problem(422, "account_closed", "`Empty` is closed");
        assert_sound(&database);
    });
}

#[test]
fn the_openapi_document_describes_every_method() {
    let Scene { client, .. } = &Scene::on(TestBackend::Sqlite, &[]);
    let document = client.get("/openapi.json").json();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 5, "{document}");
    for (path, methods) in paths {
        let refused = client.patch(&path.replace(['{', '}'], ""));
        assert_eq!(refused.status, 405, "{path}: {refused:?}");
        let allowed = refused.allow.unwrap().to_lowercase();
        let allowed: BTreeSet<&str> = allowed.split(',').map(str::trim).filter(|method| *method != "head").collect();
        let described: BTreeSet<&str> = methods.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(described, allowed, "{path}");
    }
    for schema in ["Opening", "AccountBody", "Order", "TransferBody", "ProblemBody"] {
        assert!(document["components"]["schemas"][schema].is_object(), "{schema}: {document}");
    }
}

#[test]
fn accounts_are_listed_page_by_page() {
    on_both(|Scene { client, .. }| {
        for number in 0..5 {
            client.open(&format!("a{number}"), number);
        }
        let (mut names, mut path, mut pages) = (Vec::new(), "/accounts?limit=3".to_owned(), 0);
        loop {
            let page = client.get(&path).json();
            let accounts = page["accounts"].as_array().unwrap();
            assert!(accounts.len() <= 3, "{page}");
            names.extend(accounts.iter().map(|account| account["name"].as_str().unwrap().to_owned()));
            pages += 1;
            let Value::Number(next) = &page["next"] else { break };
            path = format!("/accounts?limit=3&after={next}");
        }
        assert_eq!(names, ["Jessica", "John", "a0", "a1", "a2", "a3", "a4"]);
        assert_eq!(pages, 3);
        assert_eq!(client.get("/accounts").json()["accounts"].as_array().unwrap().len(), 7);
    });
}

#[test]
fn health_readiness_and_metrics_are_shown() {
    on_both(|Scene { client, database, .. }| {
        assert_eq!(client.get("/health").json(), json!({ "status": "ok" }));
        assert_eq!(client.get("/ready").json(), json!({ "status": "ok" }));
        let key = key();
        for _ in 0..2 {
            client.transfer(&key, &order("Jessica", "John", 1));
        }
        client.transfer(&key, &order("Jessica", "John", 2));
        client.get("/some/path");
        let metrics = client.get("/metrics").text;
        for line in [
            "bank_transfers_total{outcome=\"posted\"} 1",
            "bank_transfers_total{outcome=\"replayed\"} 1",
            "bank_transfers_total{outcome=\"id_conflict\"} 1",
            "bank_transfers_waiting 0",
            "bank_http_requests_total{method=\"POST\",route=\"/accounts\",status=\"201\"} 2",
            "bank_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1",
            "bank_http_request_duration_seconds_count{method=\"POST\",route=\"/transfers\"} 3",
        ] {
            assert!(metrics.lines().any(|found| found == line), "{line} is missing in\n{metrics}");
        }

        database.plain().execute("DELETE FROM __diesel_schema_migrations");
        client.get("/ready").expect_problem(503, "not_ready", "not up to date");
        assert_eq!(client.get("/health").status, 200);
    });
}
