//! `bank-cli balance`, and `history` of a period.

use bank_tests::TestBackend;
use serde_json::{Value, json};

use crate::Scene;

/// Jessica and John, opened on 1 July; Jessica pays 1 on the 2nd, 10 on the 3rd, 100 on the 4th, at noon.
fn four_days(backend: TestBackend) -> Scene {
    let scene = Scene::on(backend);
    let mut plain = scene.database.plain();
    plain.execute("UPDATE accounts SET created_at = '2026-07-01T12:00:00.000000Z'");
    for (day, amount) in [(2, "1"), (3, "10"), (4, "100")] {
        scene.cli.stdout(&["transfer", "--from", "Jessica", "--to", "John", "--amount", amount]);
        plain.execute(&format!(
            "UPDATE transfers SET posted_at = '2026-07-0{day}T12:00:00.000000Z' WHERE amount = {amount}"
        ));
    }
    scene
}

#[test]
fn a_balance_is_shown_as_of_now_or_of_a_time() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let scene = four_days(backend);
        scene.cli.run(&["balance", "Jessica"]).expect(0, "name = Jessica, balance = 9889, version = 3\n", "");
        for (at, balance, version, shown) in [
            ("2026-07-01", 10_000, 0, "2026-07-01T23:59:59.999999Z"),
            ("2026-07-02T13:59:59+02:00", 10_000, 0, "2026-07-02T11:59:59.000000Z"),
            ("2026-07-02T14:00:00+02:00", 9_999, 1, "2026-07-02T12:00:00.000000Z"),
            ("2026-07-03", 9_989, 2, "2026-07-03T23:59:59.999999Z"),
            ("9999-12-31", 9_889, 3, "9999-12-31T23:59:59.999999Z"),
        ] {
            let expected = format!("name = Jessica, balance = {balance}, version = {version}, at = {shown}\n");
            scene.cli.run(&["balance", "Jessica", "--at", at]).expect(0, expected, "");
        }
    }
}

#[test]
fn a_balance_is_json() {
    let scene = four_days(TestBackend::Sqlite);
    let parse = |arguments: &[&str]| -> Value { serde_json::from_str(&scene.cli.stdout(arguments)).unwrap() };
    let now = json!({"account_id": 1, "name": "Jessica", "currency": "XXX", "balance": "9889", "version": 3});
    assert_eq!(parse(&["balance", "Jessica", "--output", "json"]), now);
    let then = json!({
        "account_id": 1, "name": "Jessica", "currency": "XXX", "balance": "9999", "version": 1,
        "at": "2026-07-02T23:59:59.999999Z", "posted_at": "2026-07-02T12:00:00.000000Z",
    });
    assert_eq!(parse(&["balance", "Jessica", "--at", "2026-07-02", "--output", "json"]), then);
    let opening = parse(&["balance", "Jessica", "--at", "2026-07-01", "--output", "json"]);
    assert_eq!((&opening["balance"], &opening["posted_at"]), (&json!("10000"), &Value::Null));
}

#[test]
fn a_balance_that_does_not_exist_is_explained() {
    let scene = four_days(TestBackend::Sqlite);
    scene.cli.run(&["balance", "Jessica", "--at", "2026-06-30"]).expect_failure(
        3,
        "there was no account `Jessica` yet at 2026-06-30T23:59:59.999999Z",
        "it was opened at 2026-07-01T12:00:00.000000Z",
    );
    scene.cli.run(&["balance", "Jesica"]).expect_failure(3, "there is no account `Jesica`", "did you mean `Jessica`?");
    let hint = "write a date in UTC, such as 2026-07-01, or a time with its offset, such as 2026-07-01T12:00:00Z";
    for typed in ["yesterday", "2026-07-01T12:00:00", "2026-02-30", ""] {
        let error = format!("time {typed:?} is neither a date nor a time with its offset");
        scene.cli.run(&["balance", "Jessica", "--at", typed]).expect_failure(2, &error, hint);
        scene.cli.run(&["history", "Jessica", "--since", typed]).expect_failure(2, &error, hint);
    }
}

#[test]
fn a_history_can_be_limited_to_a_period() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let scene = four_days(backend);
        let amounts = |arguments: &[&str]| -> Vec<String> {
            let stdout = scene.cli.stdout(&[&["history", "Jessica", "--output", "csv"], arguments].concat());
            stdout.lines().skip(1).filter_map(|line| line.split(',').nth(4).map(ToOwned::to_owned)).collect()
        };
        assert_eq!(amounts(&["--since", "2026-07-03"]), ["-100", "-10"]);
        assert_eq!(amounts(&["--until", "2026-07-03"]), ["-10", "-1"]);
        assert_eq!(amounts(&["--since", "2026-07-03", "--until", "2026-07-03"]), ["-10"]);
        assert_eq!(amounts(&["--until", "2026-07-03T11:59:59Z", "--since", "2026-07-02T12:00:00Z"]), ["-1"]);
    }
    let scene = four_days(TestBackend::Sqlite);
    let run = scene.cli.run(&["history", "Jessica", "--since", "2026-07-01", "--limit", "1"]);
    let note = "note: there are older transfers: `bank-cli history Jessica --before 3 --since 2026-07-01`\n";
    assert_eq!(run.stderr, note);
    scene.cli.run(&["history", "Jessica", "--since", "2026-08-01"]).expect(
        0,
        "",
        "note: no transfers in this period\n",
    );
    scene.cli.run(&["history", "Jessica", "--since", "2026-07-02", "--until", "2026-07-01"]).expect_failure(
        2,
        "the period ends before it begins",
        "swap --since and --until",
    );
}
