//! `bank-cli account`: changes of accounts that move no money, and their trail.

use bank_tests::TestBackend;
use bank_tests::invariants::Ledger;
use serde_json::{Value, json};
use snapbox::str;

use crate::Scene;

const BOTH: [TestBackend; 2] = [TestBackend::Sqlite, TestBackend::Postgres];

#[test]
fn each_change_says_what_it_did_and_stands_in_the_trail() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        for (arguments, first_line) in [
            (&["freeze", "Jessica", "--note", "card lost"][..], "Froze account Jessica."),
            (&["unfreeze", "Jessica"], "Unfroze account Jessica."),
            (&["limit", "Jessica", "500"], "Set the overdraft limit of account Jessica."),
            (&["rename", "Jessica", "Jess"], "Renamed account Jessica."),
        ] {
            let stdout = scene.cli.stdout(&[&["account"], arguments].concat());
            assert_eq!(stdout.lines().next(), Some(first_line));
        }
        // The former name leads to the account.
        scene.cli.stdout(&["transfer", "--from", "Jessica", "--to", "John", "--amount", "10500"]);
        scene.cli.run(&["account", "show", "Jessica"]).expect(
            0,
            str![[r#"
name = Jess, age = 28, country = USA, balance = -500
opened at [..]
former name = Jessica
change = 1, time = [..], status = open -> frozen, note = card lost
change = 2, time = [..], status = frozen -> open
change = 3, time = [..], overdraft_limit = 0 -> 500
change = 4, time = [..], name = Jessica -> Jess

"#]],
            "",
        );
        let json: Value =
            serde_json::from_str(&scene.cli.stdout(&["account", "show", "Jess", "--output", "json"])).unwrap();
        assert_eq!((&json["name"], &json["former_names"]), (&json!("Jess"), &json!(["Jessica"])));
        let first = &json["trail"][0];
        assert_eq!(
            (&first["before"], &first["after"], &first["note"]),
            (&json!("open"), &json!("frozen"), &json!("card lost"))
        );
        scene.cli.stdout(&["verify"]);
    }
}

#[test]
fn an_empty_account_is_closed_for_good() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        scene.cli.stdout(&["transfer", "--from", "Jessica", "--to", "John", "--amount", "10000"]);
        assert!(scene.cli.stdout(&["account", "close", "Jessica"]).starts_with("Closed account Jessica.\n"));
        scene.cli.run(&["-q", "transfer", "--from", "John", "--to", "Jessica", "--amount", "1"]).expect_failure(
            4,
            "`Jessica` is closed",
            "a closed account stays closed: open another one with `bank-cli open`",
        );
        scene.cli.run(&["account", "unfreeze", "Jessica"]).expect_failure(
            4,
            "the account `Jessica` was not changed: it is closed",
            "a closed account stays closed: open another one with `bank-cli open`",
        );
    }
}

#[test]
fn a_frozen_account_neither_pays_nor_receives() {
    let scene = Scene::new();
    scene.cli.stdout(&["account", "freeze", "Jessica"]);
    let hint = "see its trail: bank-cli account show Jessica";
    for (from, to) in [("Jessica", "John"), ("John", "Jessica")] {
        let transfer = ["-q", "transfer", "--from", from, "--to", to, "--amount", "1"];
        scene.cli.run(&transfer).expect_failure(4, "`Jessica` is frozen", hint);
    }
    let run =
        scene.cli.run(&["-q", "transfer", "--from", "Jessica", "--to", "John", "--amount", "1", "--output", "json"]);
    let error: Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!(error["error"]["code"], "account_frozen");
}

#[test]
fn a_refused_change_has_its_reason_and_changes_nothing() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        scene.cli.stdout(&["account", "limit", "Jessica", "50"]);
        scene.cli.stdout(&["transfer", "--from", "Jessica", "--to", "John", "--amount", "10030"]);
        let before = (Ledger::read(&scene.database), scene.cli.stdout(&["account", "show", "Jessica"]));
        let unchanged = |reason: &str| format!("the account `Jessica` was not changed: {reason}");
        for (arguments, code, error, hint) in [
            (
                &["unfreeze", "Jessica"][..],
                4,
                unchanged("it is not frozen"),
                "see its trail: bank-cli account show Jessica",
            ),
            (&["close", "Jessica"], 4, unchanged("it has -30"), "transfer what is missing to the account first"),
            (
                &["limit", "Jessica", "29"],
                4,
                unchanged("30 of its overdraft are in use"),
                "set at least what is in use: bank-cli account limit Jessica 30",
            ),
            (
                &["rename", "Jessica", "John"],
                4,
                unchanged("the name `John` leads to another account"),
                "a name leads to one account for ever: choose another name",
            ),
            (
                &["rename", "Jessica", "Jes\u{200b}sica"],
                2,
                unchanged("account name contains an invisible character (U+200B at character 4)"),
                "type the name again, without text that was pasted",
            ),
            (
                &["limit", "Jessica", "5.5"],
                2,
                "\"5.5\" has too many decimals: XXX has 0".to_owned(),
                "an overdraft limit is a number of 0 or more",
            ),
            (&["freeze", "Jesica"], 3, "there is no account `Jesica`".to_owned(), "did you mean `Jessica`?"),
        ] {
            scene.cli.run(&[&["account"], arguments].concat()).expect_failure(code, &error, hint);
        }
        let after = (Ledger::read(&scene.database), scene.cli.stdout(&["account", "show", "Jessica"]));
        assert_eq!(after, before);
    }
}

#[test]
fn an_account_with_a_status_of_a_newer_program_is_not_used() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        scene.database.plain().execute("UPDATE accounts SET status = 9 WHERE name = 'Jessica'");
        for arguments in [
            &["account", "freeze", "Jessica"][..],
            &["-q", "transfer", "--from", "John", "--to", "Jessica", "--amount", "1"],
            &["list"],
        ] {
            let run = scene.cli.run(arguments);
            assert_eq!(run.code, Some(1), "{run:?}");
            assert!(run.stderr.contains("its status 9 was written by a newer program"), "{run:?}");
        }
        let moved = scene.database.plain().number("SELECT count(*) AS value FROM transfers");
        assert_eq!(moved, 0);
    }
}
