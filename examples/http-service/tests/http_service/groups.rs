//! Groups of transfers.

use bank_tests::TestBackend;
use bank_tests::invariants::{Ledger, assert_sound};
use serde_json::{Value, json};

use crate::answers::Scene;
use crate::server::key;

fn with_fee(fee: &Value) -> Value {
    json!({ "transfers": [
        { "from": "Jessica", "to": "John", "amount": "800", "memo": "rent" },
        { "from": "Jessica", "to": "Fees", "amount": fee },
    ] })
}

#[test]
fn a_payment_and_its_fee_are_posted_together_once() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let Scene { client, database, .. } = &Scene::on(backend, &[]);
        client.open("Fees", 0);
        let key = key();
        let posted = client.group(&key, &with_fee(&json!("2")));
        assert_eq!(posted.status, 201, "{posted:?}");
        let body = posted.json();
        assert_eq!((&body["status"], &body["transfers"][0]["id"]), (&json!("posted"), &json!(key)));
        assert_eq!(body["transfers"][1]["from"]["balance"], "9198");
        let again = client.group(&key, &with_fee(&json!("2")));
        assert_eq!((again.status, &again.json()["status"]), (200, &json!("replayed")));
        let shown = client.get(posted.location.as_deref().unwrap()).json();
        assert_eq!(shown["transfers"].as_array().unwrap().len(), 2);
        assert_eq!(shown["transfers"][0]["group_id"], body["id"]);
        client.get(&format!("/groups/{key}")).expect_problem(404, "group_not_found", "there is no group");
        assert_sound(database);
    }
}

#[test]
fn of_a_rejected_group_nothing_is_posted() {
    let Scene { client, database, .. } = &Scene::on(TestBackend::Postgres, &[]);
    client.open("Fees", 0);
    let before = Ledger::read(database);
    let group = |body: &Value| client.group(&key(), body);
    group(&with_fee(&json!("9201"))).expect_problem(
        422,
        "insufficient_funds",
        "`Jessica` has 9200 available, not 9201",
    );
    group(&with_fee(&json!("0"))).expect_problem(400, "invalid_input", "is zero");
    group(&json!({ "transfers": [] })).expect_problem(400, "invalid_input", "2 to 1000 transfers, not 0");
    let alone = json!({ "transfers": [{ "from": "Jessica", "to": "John", "amount": 1 }] });
    group(&alone).expect_problem(400, "invalid_input", "2 to 1000 transfers, not 1");
    let many = |count: usize| {
        let member = json!({ "from": "Jessica", "to": "John", "amount": 1, "memo": "x".repeat(200) });
        json!({ "transfers": vec![member; count] })
    };
    group(&many(1_001)).expect_problem(400, "invalid_input", "2 to 1000 transfers, not 1001");
    client.post("/groups", &alone).expect_problem(400, "idempotency_key_missing", "Idempotency-Key");
    client.get("/groups/42").expect_problem(400, "invalid_input", "is not a UUID");
    assert_eq!(Ledger::read(database), before);
    assert_eq!(group(&many(1_000)).status, 201);
    assert_sound(database);
}
