//! Currencies at the command line: decimals in and out, and no money across currencies.

use std::process::Command;

use bank_tests::TestBackend;
use bank_tests::invariants::Ledger;
use serde_json::{Value, json};
use snapbox::str;

use crate::Scene;

const BOTH: [TestBackend; 2] = [TestBackend::Sqlite, TestBackend::Postgres];

#[test]
fn a_clubs_balances_are_kept_in_euros_with_cents() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        scene
            .cli
            .run(&["open", "Club", "--currency", "EUR", "--balance", "12.50", "--overdraft-limit", "1000"])
            .expect(0, "Opened account Club.\nname = Club, balance = 12.50 EUR\n", "");
        scene.cli.stdout(&["open", "Anna", "--currency", "EUR"]);
        let id = "019b76da-a800-7000-8000-000000000001";
        let transfer = ["transfer", "--from", "Club", "--to", "Anna", "--amount", "20.05", "--id", id];
        scene.cli.run(&[&transfer[..], &["-q"]].concat()).expect(
            0,
            str![[r#"
Transferred 20.05 EUR between accounts.
id     = 019b76da-a800-7000-8000-000000000001
status = posted
from   = Club, balance = -7.55 EUR
to     = Anna, balance = 20.05 EUR

"#]],
            "",
        );
        let json = |arguments: &[&str]| -> Value {
            serde_json::from_str(&scene.cli.stdout(&[arguments, &["--output", "json"]].concat())).unwrap()
        };
        let shown = json(&["show", id]);
        assert_eq!((&shown["amount"], &shown["currency"]), (&json!("20.05"), &json!("EUR")));
        let history = json(&["history", "Club"]);
        assert_eq!((&history[0]["amount"], &history[0]["balance"]), (&json!("-20.05"), &json!("-7.55")));
        let balance = json(&["balance", "Anna"]);
        assert_eq!((&balance["balance"], &balance["currency"]), (&json!("20.05"), &json!("EUR")));
        scene.cli.stdout(&["reverse", id]);
        scene.cli.stdout(&["verify"]);
    }
}

#[test]
fn amounts_that_a_currency_does_not_have_are_refused() {
    for backend in BOTH {
        refuse_amounts(backend);
    }
}

fn refuse_amounts(backend: TestBackend) {
    let scene = Scene::on(backend);
    scene.cli.stdout(&["open", "Anna", "--currency", "EUR", "--balance", "5"]);
    scene.cli.stdout(&["open", "Ben", "--currency", "EUR"]);
    let before = Ledger::read(&scene.database);
    let transfer = |to: &'static str, amount: &'static str| {
        scene.cli.run(&["-q", "transfer", "--from", "Anna", "--to", to, "--amount", amount])
    };
    transfer("Ben", "1.005").expect_failure(
        2,
        "\"1.005\" has too many decimals: EUR has 2",
        "an amount in EUR has at most 2 decimals, such as 12.50",
    );
    let too_large = "\"92233720368547759\" is too large: amounts have at most 2^63-1 of their smallest unit";
    let largest = "an amount in EUR is at most 92233720368547758.07";
    transfer("Ben", "92233720368547759").expect_failure(2, too_large, largest);
    transfer("Ben", "5.01").expect_failure(4, "`Anna` has 5.00 EUR available, not 5.01 EUR", "transfer at most 5.00");
    transfer("John", "1").expect_failure(
        4,
        "the paying account is in EUR and the receiving account in XXX",
        "transfer between accounts of one currency; see them with `bank-cli list --output table`",
    );
    for (arguments, code, error, hint) in [
        (
            &["open", "Eve", "--currency", "ABC"][..],
            2,
            "there is no currency ABC",
            "write a code of ISO 4217, such as EUR, or add it first: bank-cli currency add CODE --scale N",
        ),
        (
            &["open", "Eve", "--currency", "eur"],
            2,
            "currency \"eur\" is not 3 to 12 characters of A-Z and 0-9",
            "a currency is a code of ISO 4217, such as EUR, or one that `bank-cli currency add` has added",
        ),
        (
            &["open", "Eve", "--currency", "JPY", "--balance", "1.5"],
            2,
            "\"1.5\" has too many decimals: JPY has 0",
            "an amount in JPY has at most 0 decimals, such as 1250",
        ),
        (&["open", "Eve", "--currency", "EUR", "--balance", "92233720368547759"], 2, too_large, largest),
        (
            &["currency", "add", "EUR", "--scale", "3"],
            2,
            "EUR has 2 decimals by ISO 4217, not 3",
            "leave it out: the first account with --currency EUR adds it",
        ),
    ] {
        scene.cli.run(arguments).expect_failure(code, error, hint);
    }
    assert_eq!(Ledger::read(&scene.database), before, "nothing was changed");
}

#[test]
fn a_currency_is_added_once_with_its_scale() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        let add = |scale: &'static str| scene.cli.run(&["currency", "add", "POINTS", "--scale", scale]);
        add("3").expect(0, "The currency POINTS was added.\ncode = POINTS, scale = 3\n", "");
        add("3").expect(0, "The currency POINTS is there already.\ncode = POINTS, scale = 3\n", "");
        add("2").expect_failure(
            4,
            "the ledger has POINTS with 3 decimals, not 2",
            "the scale of a currency never changes: choose another code",
        );
        scene.cli.run(&["currency", "list"]).expect(0, "code = POINTS, scale = 3\ncode = XXX, scale = 0\n", "");
    }
}

#[test]
fn a_ledger_has_a_default_currency() {
    let database = TestBackend::Sqlite.empty_database();
    let cli = crate::sandbox().database_url(database.url_text());
    let stdout = cli.stdout(&["setup", "--currency", "EUR"]);
    assert!(
        stdout.contains("\nAccounts are opened in EUR, which has 2 decimals, unless they name another.\n"),
        "{stdout}"
    );
    assert!(stdout.contains("\nCreated account Jessica with balance 10000.00 EUR.\n"), "{stdout}");
    cli.stdout(&["open", "Anna", "--balance", "12.5"]);
    assert!(cli.stdout(&["list"]).ends_with("name = Anna, balance = 12.50 EUR\n"));
}

#[test]
fn a_file_has_amounts_with_decimals() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        scene.cli.stdout(&["open", "Anna", "--currency", "EUR", "--balance", "100"]);
        scene.cli.stdout(&["open", "Ben", "--currency", "EUR"]);
        let file = scene.cli.home().join("in.csv");
        std::fs::write(&file, "from,to,amount\nAnna,Ben,1.50\nAnna,Ben,2\nAnna,Ben,0.005\nAnna,John,1\n").unwrap();
        let run = scene.cli.run(&["batch", "in.csv", "--reference", "june"]);
        assert_eq!(run.code, Some(4), "{run:?}");
        assert!(run.stdout.starts_with("Posted 2, replayed 0, rejected 2 of 4 lines"), "{run:?}");
        let reasons: Vec<&str> = run.stderr.lines().take(2).collect();
        assert_eq!(
            reasons,
            [
                "line 4: rejected: invalid_amount: \"0.005\" has too many decimals: EUR has 2",
                "line 5: rejected: currency_mismatch: the paying account is in EUR and the receiving account in XXX",
            ]
        );
        assert_eq!(scene.cli.stdout(&["balance", "Ben"]), "name = Ben, balance = 3.50 EUR, version = 2\n");
        // The same numbers, written otherwise, are the same content.
        std::fs::write(&file, "from,to,amount\nAnna,Ben,1.5\nAnna,Ben,2.00\nAnna,Ben,0.005\nAnna,John,1\n").unwrap();
        let run = scene.cli.run(&["batch", "in.csv", "--reference", "june"]);
        assert!(run.stdout.starts_with("Posted 0, replayed 2, rejected 2 of 4 lines"), "{run:?}");
    }
}

#[test]
fn hledger_checks_a_ledger_of_three_currencies() {
    if Command::new("hledger").arg("--version").output().is_err() {
        bank_tests::backend::say("left out: hledger's check of three currencies, because hledger is not installed");
        return;
    }
    let scene = Scene::new();
    scene.cli.stdout(&["currency", "add", "POINTS2", "--scale", "3"]);
    for (name, currency, balance) in [
        ("Anna", "EUR", "12.50"),
        ("Ben", "EUR", "0"),
        ("Shop", "POINTS2", "7.125"),
        ("Fan", "POINTS2", "0"),
        ("Yen", "JPY", "9"),
    ] {
        scene.cli.stdout(&["open", name, "--currency", currency, "--balance", balance]);
    }
    for (from, to, amount) in [("Anna", "Ben", "0.05"), ("Shop", "Fan", "1.001"), ("Jessica", "John", "7")] {
        scene.cli.stdout(&["transfer", "--from", from, "--to", to, "--amount", amount]);
    }
    let journal = scene.cli.home().join("bank.journal");
    scene.cli.stdout(&["export", "--format", "hledger", "--out", journal.to_str().unwrap()]);
    let check = Command::new("hledger").args(["-f", journal.to_str().unwrap(), "check", "--strict"]).output().unwrap();
    let text = std::fs::read_to_string(&journal).unwrap();
    assert!(check.status.success(), "{}\n{text}", String::from_utf8_lossy(&check.stderr));
    assert!(text.contains("assets:holders:Ben  0.05 EUR") && text.contains("  1.001 \"POINTS2\""), "{text}");
}
