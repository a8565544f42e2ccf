//! `bank-cli reverse`, and how `show` displays a reversal.

use bank_tests::TestBackend;
use bank_tests::fixtures::open;
use serde_json::{Value, json};
use snapbox::str;

use crate::Scene;

const ID: &str = "019b76da-a800-7000-8000-000000000001";
const REVERSAL: &str = "7e2f1194-082a-5c48-92f9-b488d486361d";
const TRANSFER: [&str; 9] = ["transfer", "--from", "Jessica", "--to", "John", "--amount", "800", "--id", ID];

#[test]
fn a_transfer_is_reversed_once_and_linked() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let scene = Scene::on(backend);
        scene.cli.stdout(&TRANSFER);
        scene.cli.run(&["reverse", ID, "--memo", "wrong account"]).expect(
            0,
            str![[r#"
Reversed transfer 019b76da-a800-7000-8000-000000000001.
id       = 7e2f1194-082a-5c48-92f9-b488d486361d
status   = posted
memo     = wrong account
from     = John, balance = 9000
to       = Jessica, balance = 10000
reverses = 019b76da-a800-7000-8000-000000000001

"#]],
            "",
        );
        scene.cli.run(&["reverse", ID, "--memo", "another reason"]).expect(
            0,
            str![[r#"
Transfer 019b76da-a800-7000-8000-000000000001 is already reversed by 7e2f1194-082a-5c48-92f9-b488d486361d.
id       = 7e2f1194-082a-5c48-92f9-b488d486361d
status   = replayed
memo     = wrong account
from     = John, balance = 9000
to       = Jessica, balance = 10000
reverses = 019b76da-a800-7000-8000-000000000001

"#]],
            "note: it was reversed before: no money moved; the balances are from the original posting\n",
        );
        let original = scene.cli.stdout(&["show", ID]);
        assert!(original.ends_with(&format!("\nreversed by = {REVERSAL}\n")), "{original}");
        let reversal = scene.cli.stdout(&["show", REVERSAL]);
        assert!(reversal.ends_with(&format!("\nreverses = {ID}\n")), "{reversal}");
        scene.cli.stdout(&["verify"]);
    }
}

#[test]
fn a_reversal_is_json() {
    let scene = Scene::new();
    scene.cli.stdout(&TRANSFER);
    let parse = |text: String| -> Value { serde_json::from_str(&text).unwrap() };
    let reversed = parse(scene.cli.stdout(&["reverse", ID, "--output", "json"]));
    let expected = json!({
        "id": REVERSAL, "status": "posted", "currency": "XXX", "amount": "800", "memo": null, "reverses": ID,
        "from": {"account_id": 2, "name": "John", "balance": "9000", "version": 2},
        "to": {"account_id": 1, "name": "Jessica", "balance": "10000", "version": 2},
    });
    assert_eq!(reversed, expected);
    let run = scene.cli.run(&["reverse", ID, "--output", "json"]);
    assert_eq!(parse(run.stdout)["status"], json!("replayed"));
    assert!(parse(run.stderr)["note"].is_string());
    let original = parse(scene.cli.stdout(&["show", ID, "--output", "json"]));
    assert_eq!((&original["reversed_by"], &original["reverses"]), (&json!(REVERSAL), &Value::Null));
    let reversal = parse(scene.cli.stdout(&["show", REVERSAL, "--output", "json"]));
    assert_eq!((&reversal["reversed_by"], &reversal["reverses"]), (&Value::Null, &json!(ID)));
}

#[test]
fn a_reversal_is_reversed_only_by_force() {
    let scene = Scene::new();
    scene.cli.stdout(&TRANSFER);
    scene.cli.stdout(&["reverse", ID]);
    let error = format!("the transfer {REVERSAL} is itself the reversal of {ID}");
    scene.cli.run(&["reverse", REVERSAL]).expect_failure(4, &error, "pass --force to reverse it anyway");
    let stdout = scene.cli.stdout(&["reverse", REVERSAL, "--force"]);
    assert!(stdout.contains("to       = John, balance = 9800"), "{stdout}");
}

#[test]
fn an_impossible_reversal_is_explained() {
    let scene = Scene::new();
    open(&scene.database.bank(), "Mary", 0);
    let cli = &scene.cli;
    let hint = "a rejected transfer is not recorded; see the others with `bank-cli history`";
    cli.run(&["reverse", ID]).expect_failure(3, &format!("there is no transfer {ID}"), hint);
    cli.run(&["reverse", "42"]).expect_failure(
        2,
        "transfer id \"42\" is not a UUID",
        "a transfer id is a UUID, such as 019b76da-a800-7000-8000-000000000001",
    );
    cli.run(&["reverse", ID, "--memo", &"x".repeat(201)]).expect_failure(
        2,
        "memo is longer than 200 characters",
        "a memo has 1 to 200 characters, no control characters",
    );
    cli.stdout(&["transfer", "--from", "Jessica", "--to", "Mary", "--amount", "5", "--id", ID]);
    cli.stdout(&["transfer", "--from", "Mary", "--to", "John", "--amount", "4"]);
    for arguments in [&["reverse", ID][..], &["reverse", ID, "--force"]] {
        cli.run(arguments).expect_failure(
            4,
            "`Mary` has 1 available, not 5",
            "a reversal moves the whole amount back: pay something into `Mary` first",
        );
    }
    cli.stdout(&["transfer", "--from", "John", "--to", "Mary", "--amount", "4", "--id", REVERSAL]);
    cli.run(&["reverse", ID]).expect_failure(
        5,
        &format!("the id {REVERSAL} was posted before with another kind"),
        &format!("another transfer has the id that belongs to the reversal: see it with `bank-cli show {REVERSAL}`"),
    );
}
