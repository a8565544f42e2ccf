//! JSON for programs: the data on stdout, every message on stderr, one object per line.

use bank_tests::TestBackend;
use serde_json::{Value, json};

use crate::{Scene, sandbox};

const ID: &str = "019b76da-a800-7000-8000-000000000001";

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(parse).collect()
}

#[test]
fn a_list_is_json() {
    let scene = Scene::new();
    let jessica = json!({
        "id": 1, "name": "Jessica", "age": 28, "country": "USA", "currency": "XXX",
        "status": "open", "balance": "10000", "opening_balance": "10000", "overdraft_limit": "0", "version": 0,
    });
    let array = parse(&scene.cli.stdout(&["list", "--output", "json"]));
    assert_eq!(array[0], jessica);
    assert_eq!(array.as_array().unwrap().len(), 2);
    assert_eq!(Value::from(lines(&scene.cli.stdout(&["list", "--output", "jsonl"]))), array);
    scene.cli.stdout(&["setup", "--reset", "--yes", "--no-demo"]);
    let run = scene.cli.run(&["list", "--output", "json"]);
    assert_eq!(parse(&run.stdout), json!([]));
    assert_eq!(lines(&run.stderr).len(), 2, "{run:?}");
}

#[test]
fn a_transfer_is_json() {
    let scene = Scene::new();
    let arguments = [
        "transfer", "--from", "Jessica", "--to", "John", "--amount", "800", "--id", ID, "--memo", "re\"nt", "--output",
        "json",
    ];
    let run = scene.cli.run(&arguments);
    let expected = json!({
        "id": ID, "status": "posted", "currency": "XXX", "amount": "800", "memo": "re\"nt",
        "from": {"account_id": 1, "name": "Jessica", "balance": "9200", "version": 1},
        "to": {"account_id": 2, "name": "John", "balance": "9800", "version": 1},
    });
    assert_eq!(parse(&run.stdout), expected);
    assert_eq!(lines(&run.stderr), [json!({"transfer_id": ID})]);

    let mut shown = parse(&scene.cli.stdout(&["show", ID, "--output", "json"]));
    assert!(shown["posted_at"].as_str().unwrap().ends_with('Z'));
    shown.as_object_mut().unwrap().remove("posted_at");
    shown["status"] = json!("posted");
    assert_eq!(shown, expected);

    let history = parse(&scene.cli.stdout(&["history", "John", "--output", "json"]));
    assert_eq!(history[0]["amount"], json!("800"));
    assert_eq!(history[0]["counterparty"], json!("Jessica"));
    assert_eq!(history[0]["transfer_id"], json!(ID));
}

#[test]
fn an_opened_account_is_json() {
    let scene = Scene::new();
    let opened = parse(&scene.cli.stdout(&["open", "Mary", "--age", "35", "--country", "Peru", "--output", "json"]));
    assert_eq!((&opened["name"], &opened["balance"], &opened["id"]), (&json!("Mary"), &json!("0"), &json!(3)));
}

#[test]
fn an_audit_is_json() {
    let scene = Scene::new();
    let report = parse(&scene.cli.stdout(&["verify", "--output", "json"]));
    let totals = json!([{"currency": "XXX", "accounts": 2, "opening_total": "19000", "balance_total": "19000"}]);
    assert_eq!((&report["sound"], &report["totals"]), (&json!(true), &totals));
    assert_eq!(report["invariants"].as_array().unwrap().len(), 9);

    scene.database.plain().execute("UPDATE accounts SET version = 3 WHERE name = 'John'");
    let run = scene.cli.run(&["verify", "--output", "json"]);
    assert_eq!(run.code, Some(8));
    let report = parse(&run.stdout);
    assert_eq!(report["sound"], json!(false));
    let broken: Vec<&Value> = report["invariants"].as_array().unwrap().iter().filter(|i| i["ok"] == false).collect();
    assert!(broken.iter().any(|invariant| invariant["code"] == "unbroken_versions"), "{broken:?}");
}

#[test]
fn errors_are_json_with_a_stable_code() {
    let scene = Scene::new();
    let transfer = |extra: &[&'static str]| -> Vec<&str> { [&["transfer", "--output", "json"], extra].concat() };
    for (arguments, exit_code, code) in [
        (transfer(&["--from", "Nobody", "--to", "John", "--amount", "1"]), 3, "account_not_found"),
        (transfer(&["--from", "John", "--to", "John", "--amount", "1"]), 4, "same_account"),
        (transfer(&["--from", "John", "--to", "Jessica", "--amount", "9001"]), 4, "insufficient_funds"),
        (transfer(&["--from", "John", "--to", "Jessica", "--amount", "x"]), 2, "invalid_input"),
        (transfer(&["--from", "John", "--to", "Jessica"]), 2, "usage"),
        (vec!["show", ID, "--output", "json"], 3, "transfer_not_found"),
        (vec!["open", "John", "--age", "1", "--country", "Peru", "--output", "json"], 4, "account_exists"),
        (vec!["list", "--output", "json", "--database-url", "bank.db"], 2, "invalid_database_url"),
        (vec!["list", "--output", "json", "--database-url", "sqlite:no/such.db"], 7, "unavailable"),
        (vec!["list", "--output", "jsonl", "--database-url", "sqlite:new.db"], 1, "not_set_up"),
    ] {
        let run = scene.cli.run(&arguments);
        assert_eq!((run.code, run.stdout.as_str()), (Some(exit_code), ""), "{arguments:?}: {run:?}");
        let last = lines(&run.stderr).pop().unwrap();
        assert_eq!(last["error"]["code"], json!(code), "{arguments:?}");
        for part in ["message", "hint"] {
            let text = last["error"][part].as_str().unwrap();
            assert!(!text.is_empty() && !text.contains('\n'), "{arguments:?}: {text}");
        }
    }
}

#[test]
fn numbers_of_64_bits_survive_json() {
    let database = TestBackend::Sqlite.empty_database();
    let cli = sandbox().database_url(database.url_text());
    cli.stdout(&["setup", "--no-demo"]);
    cli.stdout(&["open", "Rich", "--age", "99", "--country", "Peru", "--balance", "9223372036854775807"]);
    cli.stdout(&["open", "Richer", "--age", "99", "--country", "Peru", "--balance", "9223372036854775807"]);
    let list = cli.stdout(&["list", "--output", "jsonl"]);
    assert_eq!(lines(&list)[0]["balance"], json!("9223372036854775807"));
    let report = cli.stdout(&["verify", "--output", "json"]);
    assert!(report.contains("\"balance_total\":\"18446744073709551614\""), "{report}");
}
