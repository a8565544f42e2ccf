//! Wrong requests, each rejected with a reason before the database is asked.

use bank_tests::TestBackend;
use bank_tests::invariants::Ledger;
use serde_json::json;

use crate::answers::Scene;
use crate::server::{key, order};

const JSON: (&str, &str) = ("Content-Type", "application/json");

#[test]
fn a_transfer_needs_one_uuid_as_its_key() {
    let Scene { client, database, .. } = &Scene::on(TestBackend::Sqlite, &[]);
    let body = order("Jessica", "John", 1).to_string();
    let missing = client.post_text("/transfers", &[JSON], &body);
    missing.expect_problem(400, "idempotency_key_missing", "Idempotency-Key is missing");
    for wrong in ["", "42", "\"\"", "not-a-uuid", "018f4e5e-0000-7000-8000-00000000002", "ü"] {
        let malformed = client.post_text("/transfers", &[JSON, ("Idempotency-Key", wrong)], &body);
        malformed.expect_problem(400, "idempotency_key_malformed", "not a UUID");
    }
    let (one, another) = (key(), key());
    let twice = [JSON, ("Idempotency-Key", one.as_str()), ("Idempotency-Key", another.as_str())];
    client.post_text("/transfers", &twice, &body).expect_problem(400, "idempotency_key_malformed", "more than once");
    assert!(Ledger::read(database).transfers.is_empty());
}

#[test]
fn a_body_of_the_wrong_shape_is_rejected() {
    let Scene { client, database, .. } = &Scene::on(TestBackend::Sqlite, &[]);
    for body in [
        "",
        "{",
        "[]",
        "null",
        r#"{"from":"Jessica","to":"John"}"#,
        r#"{"from":"Jessica","to":"John","amount":null}"#,
        r#"{"from":"Jessica","to":"John","amount":[1]}"#,
        r#"{"from":"Jessica","to":"John","amount":true}"#,
        r#"{"from":"Jessica","to":"John","amount":1,"memmo":"rent"}"#,
    ] {
        let answer = client.post_text("/transfers", &[JSON, ("Idempotency-Key", &key())], body);
        answer.expect_problem(400, "invalid_body", "");
    }
    for (body, reason) in [
        (json!({ "from": "Jessica", "to": "John", "amount": 1.5 }), "1.5"),
        (json!({ "from": "Jessica", "to": "John", "amount": "1,5" }), "1,5"),
        (json!({ "from": "Jessica", "to": "John", "amount": "" }), "number"),
        (json!({ "from": "Jessica", "to": "John", "amount": 9_223_372_036_854_775_808_u64 }), "9223372036854775808"),
        (order("Jessica", "John", 0), "is zero"),
        (order("Jessica", "John", -1), "is negative"),
        (order("", "John", 1), "account name is empty"),
        (order("Jessica", "John\n", 1), "control character"),
        (json!({ "from": "Jessica", "to": "John", "amount": 1, "memo": "x".repeat(201) }), "memo is longer"),
    ] {
        client.transfer(&key(), &body).expect_problem(400, "invalid_input", reason);
    }
    assert!(Ledger::read(database).transfers.is_empty());
}

#[test]
fn a_body_must_be_json_and_not_too_large() {
    let Scene { client, .. } = &Scene::on(TestBackend::Sqlite, &[]);
    let (key, body) = (key(), order("Jessica", "John", 1).to_string());
    let text = client.post_text("/transfers", &[("Content-Type", "text/plain"), ("Idempotency-Key", &key)], &body);
    text.expect_problem(415, "not_json", "");
    let long = json!({ "from": "Jessica", "to": "John", "amount": 1, "memo": "x".repeat(10_000) });
    client.transfer(&key, &long).expect_problem(413, "body_too_large", "more than 8192 bytes");
}

#[test]
fn an_invalid_account_is_not_opened() {
    let Scene { client, database, .. } = &Scene::on(TestBackend::Sqlite, &[]);
    for (body, reason) in [
        (json!({ "name": "x", "age": 151, "country": "USA" }), "age \"151\""),
        (json!({ "name": " x", "age": 1, "country": "USA" }), "white space"),
        (json!({ "name": "x", "age": 1, "country": "" }), "country is empty"),
        (json!({ "name": "x", "age": 1, "country": "USA", "overdraft_limit": -1 }), "overdraft limit"),
        (json!({ "name": "x", "age": 1, "country": "USA", "balance": -1 }), "opening balance -1 is below"),
        (json!({ "name": "x", "currency": "eur" }), "eur"),
        (json!({ "name": "x", "currency": "EUR", "balance": "0.001" }), "0.001"),
    ] {
        client.post("/accounts", &body).expect_problem(400, "invalid_input", reason);
    }
    client.post("/accounts", &json!({ "age": 1 })).expect_problem(400, "invalid_body", "missing field `name`");
    assert_eq!(Ledger::read(database).accounts.len(), 2);
}

#[test]
fn paths_parameters_and_methods_are_checked() {
    let Scene { client, .. } = &Scene::on(TestBackend::Sqlite, &[]);
    for query in ["limit=0", "limit=1001", "limit=-1", "limit=x", "after=x", "page=2"] {
        client.get(&format!("/accounts?{query}")).expect_problem(400, "invalid_parameter", "");
    }
    client.get("/transfers/42").expect_problem(400, "invalid_input", "is not a UUID");
    client.get("/accounts/%FF").expect_problem(400, "invalid_path", "");
    client.get("/accounts/%20x").expect_problem(400, "invalid_input", "white space");
    client.get("/transfers").expect_problem(405, "method_not_allowed", "");
    client.post("/health", &json!({})).expect_problem(405, "method_not_allowed", "");
}
