//! Bad input: one line of error, one line of hint, the right exit code, and nothing changed.

use bank_tests::TestBackend;
use bank_tests::fixtures::{open, open_with_limit};
use bank_tests::invariants::Ledger;

use crate::Scene;

const ID: &str = "019b76da-a800-7000-8000-000000000001";

/// Runs the binary on a database on each backend and checks the failure and that nothing has changed.
#[track_caller]
fn fails(arguments: &[&str], code: i32, error: &str, hint: &str) {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        fails_in(&Scene::on(backend), arguments, code, error, hint);
    }
}

#[track_caller]
fn fails_in(scene: &Scene, arguments: &[&str], code: i32, error: &str, hint: &str) {
    let before = Ledger::read(&scene.database);
    scene.cli.run(arguments).expect_failure(code, error, hint);
    assert_eq!(Ledger::read(&scene.database), before, "nothing has changed");
}

fn transfer<'a>(from: &'a str, to: &'a str, amount: &'a str) -> [&'a str; 7] {
    ["transfer", "--from", from, "--to", to, "--amount", amount]
}

#[test]
fn an_unknown_account_is_answered_with_the_nearest_name() {
    let hint = "did you mean `Jessica`?";
    fails(&transfer("Jesica", "John", "1"), 3, "there is no account `Jesica`", hint);
    fails(&transfer("John", "jessica", "1"), 3, "there is no account `jessica`", hint);
    fails(&["history", "Jessicca"], 3, "there is no account `Jessicca`", hint);
    let hint = "see all accounts with `bank-cli list`";
    fails(&transfer("Xerxes", "John", "1"), 3, "there is no account `Xerxes`", hint);
}

#[test]
fn the_same_account_is_rejected() {
    let error = "a transfer needs two different accounts";
    fails(&transfer("John", "John", "1"), 4, error, "name another account with --to");
}

#[test]
fn invalid_amounts_are_rejected() {
    let hint = "an amount is a number above 0, such as 800 or 12.50";
    let not_a_number = "is not a number: write digits, and decimals behind a point, such as 12.50";
    let separator = "can be read in several ways: write digits, and decimals behind a point, such as 1000.50";
    let too_large = "is too large: amounts have at most 2^63-1 of their smallest unit";
    for (typed, error) in [
        ("0", "amount \"0\" is zero, but a transfer moves at least 1".to_owned()),
        ("-5", "amount \"-5\" is negative, but a transfer moves at least 1".to_owned()),
        ("-9223372036854775809", format!("\"-9223372036854775809\" {too_large}")),
        ("9223372036854775808", format!("\"9223372036854775808\" {too_large}")),
        ("much", format!("\"much\" {not_a_number}")),
        ("1e3", format!("\"1e3\" {not_a_number}")),
        ("0x10", format!("\"0x10\" {not_a_number}")),
        ("1 000", format!("\"1 000\" {separator}")),
        ("1,50", format!("\"1,50\" {separator}")),
        ("", format!("\"\" {not_a_number}")),
        ("١٢", format!("\"١٢\" {not_a_number}")),
    ] {
        let scene = Scene::new();
        fails_in(&scene, &transfer("Jessica", "John", typed), 2, &error, hint);
    }
    let error = "\"1.5\" has too many decimals: XXX has 0";
    fails(&transfer("Jessica", "John", "1.5"), 2, error, "an amount in XXX has at most 0 decimals, such as 1250");
}

#[test]
fn an_overdraft_is_rejected_with_what_is_available() {
    let error = "`Jessica` has 10000 available, not 10001";
    fails(&transfer("Jessica", "John", "10001"), 4, error, "transfer at most 10000");
    let scene = Scene::new();
    open_with_limit(&scene.database.bank(), "Mary", 5, 10);
    let error = "`Mary` has 15 available, not 16";
    fails_in(&scene, &transfer("Mary", "John", "16"), 4, error, "transfer at most 15");
    open(&scene.database.bank(), "Poor", 0);
    let error = "`Poor` has 0 available, not 1";
    fails_in(&scene, &transfer("Poor", "John", "1"), 4, error, "pay something into `Poor` first");
}

#[test]
fn a_transfer_that_expects_another_version_is_rejected() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let scene = Scene::on(backend);
        let expecting = |version| [&transfer("Jessica", "John", "1")[..], &["--expect-version", version]].concat();
        scene.cli.stdout(&[&expecting("0")[..], &["--id", ID]].concat());
        let hint = "see what has changed with `bank-cli history Jessica`, then decide again with --expect-version 1";
        fails_in(&scene, &expecting("0"), 4, "`Jessica` has version 1, not 0", hint);
        // A posted transfer stays posted, whatever version it expects.
        let again = scene.cli.stdout(&[&expecting("0")[..], &["--id", ID]].concat());
        assert!(again.contains("status = replayed"), "{again}");
        scene.cli.stdout(&expecting("1"));
    }
    let hint = "a version is a whole number from the first column of `bank-cli history`";
    for typed in ["-1", "one", "9223372036854775808"] {
        let arguments = [&transfer("Jessica", "John", "1")[..], &["--expect-version", typed]].concat();
        let error = format!("account version \"{typed}\" is not a whole number from 0 to 9223372036854775807");
        fails(&arguments, 2, &error, hint);
    }
}

#[test]
fn a_receiving_balance_that_would_overflow_is_rejected() {
    let scene = Scene::new();
    open(&scene.database.bank(), "Rich", i64::MAX);
    let error = "the balance of `Rich` would exceed 9223372036854775807";
    fails_in(&scene, &transfer("John", "Rich", "1"), 4, error, "transfer less, or to another account");
}

#[test]
fn an_id_that_is_not_a_uuid_is_rejected() {
    let hint = "a transfer id is a UUID, such as 019b76da-a800-7000-8000-000000000001";
    for id in ["42", "", "019b76da-a800-7000-8000-00000000000g", "019b76da-a800-7000-8000-0000000000011"] {
        let error = format!("transfer id \"{id}\" is not a UUID");
        let arguments = [&transfer("Jessica", "John", "1")[..], &["--id", id]].concat();
        fails_in(&Scene::new(), &arguments, 2, &error, hint);
        fails_in(&Scene::new(), &["show", id], 2, &error, hint);
    }
}

#[test]
fn an_id_used_before_with_other_content_is_a_conflict() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let scene = Scene::on(backend);
        scene.cli.stdout(&[&transfer("Jessica", "John", "1")[..], &["--id", ID]].concat());
        let hint = format!("see it with `bank-cli show {ID}`; leave --id out for a new transfer");
        for (arguments, field) in [
            (transfer("Jessica", "John", "2").to_vec(), "amount"),
            (transfer("John", "Jessica", "1").to_vec(), "from account"),
            ([&transfer("Jessica", "John", "1")[..], &["--memo", "rent"]].concat(), "memo"),
        ] {
            let error = format!("the id {ID} was posted before with another {field}");
            fails_in(&scene, &[&arguments[..], &["--id", ID]].concat(), 5, &error, &hint);
        }
    }
}

#[test]
fn a_duplicate_account_name_is_rejected() {
    let error = "an account named Jessica exists already";
    let hint = "names are unique: see those taken with `bank-cli list`";
    fails(&["open", "Jessica", "--age", "30", "--country", "Peru"], 4, error, hint);
}

#[test]
fn invalid_names_are_rejected() {
    let hint = "a name has 1 to 64 characters, no control characters, and no space at either end";
    let long = "x".repeat(65);
    for (name, problem) in [
        ("", "is empty"),
        ("two\nlines", "contains a control character (U+000A at character 4)"),
        ("bell\u{7}", "contains a control character (U+0007 at character 5)"),
        (" Mary", "begins or ends with white space"),
        ("Mary ", "begins or ends with white space"),
        (long.as_str(), "is longer than 64 characters"),
    ] {
        let error = format!("account name {problem}");
        let scene = Scene::new();
        fails_in(&scene, &["open", name, "--age", "30", "--country", "Peru"], 2, &error, hint);
        fails_in(&scene, &transfer(name, "John", "1"), 2, &error, hint);
        fails_in(&scene, &["history", name], 2, &error, hint);
    }
}

#[test]
fn the_library_rejects_nul_in_a_name() {
    // No argument of a process can contain it.
    let error = "Jess\0ica".parse::<bank_domain::AccountName>().unwrap_err();
    assert_eq!(error.to_string(), "account name contains a control character (U+0000 at character 5)");
}

#[test]
fn sql_in_a_name_is_legal_and_stays_a_name() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let scene = Scene::on(backend);
        let robert = "Robert'); DROP TABLE accounts;--";
        let opened = scene.cli.stdout(&["open", robert, "--age", "8", "--country", "USA"]);
        assert!(opened.contains(&format!("Opened account {robert}.")), "{opened}");
        scene.cli.stdout(&transfer("John", robert, "7"));
        let list = scene.cli.stdout(&["list"]);
        assert!(list.contains(&format!("name = {robert}, age = 8, country = USA, balance = 7")), "{list}");
    }
}

#[test]
fn invalid_ages_balances_and_limits_are_rejected() {
    let scene = Scene::new();
    let open = |extra: &[&'static str]| -> Vec<&str> { [&["open", "Mary", "--country", "Peru"], extra].concat() };
    let hint = "an age is a whole number from 0 to 150";
    for (age, range) in [("-1", "from 0 to 150"), ("151", "from 0 to 150"), ("old", "from 0 to 150")] {
        let error = format!("age \"{age}\" is not a whole number {range}");
        fails_in(&scene, &open(&["--age", age]), 2, &error, hint);
    }
    let error = "\"9223372036854775808\" is too large: amounts have at most 2^63-1 of their smallest unit";
    let arguments = open(&["--age", "30", "--balance", "9223372036854775808"]);
    fails_in(&scene, &arguments, 2, error, "write a number, such as 10000 or 12.50");
    let error = "overdraft limit \"-1\" is not a whole number from 0 to 9223372036854775807";
    let hint = "an overdraft limit is a number of 0 or more";
    fails_in(&scene, &open(&["--age", "30", "--overdraft-limit", "-1"]), 2, error, hint);
    let error = "opening balance -6 is below the overdraft limit of 5";
    let hint = "raise --balance, or allow the overdraft with --overdraft-limit";
    fails_in(&scene, &open(&["--age", "30", "--balance", "-6", "--overdraft-limit", "5"]), 2, error, hint);
}

#[test]
fn invalid_limits_and_versions_are_rejected() {
    let scene = Scene::new();
    let hint = "write how many rows you want, such as --limit 20";
    for limit in ["0", "-1", "many", "99999999999999999999"] {
        let error = format!("limit \"{limit}\" is not a positive whole number");
        fails_in(&scene, &["list", "--limit", limit], 2, &error, hint);
        fails_in(&scene, &["history", "John", "--limit", limit], 2, &error, hint);
    }
    let error = "account version \"x\" is not a whole number from 0 to 9223372036854775807";
    let hint = "a version is a whole number from the first column of `bank-cli history`";
    fails_in(&scene, &["history", "John", "--before", "x"], 2, error, hint);
}

#[test]
fn invalid_memos_are_rejected() {
    let long = "x".repeat(201);
    let hint = "a memo has 1 to 200 characters, no control characters";
    for (memo, problem) in [("", "is empty"), (long.as_str(), "is longer than 200 characters")] {
        let arguments = [&transfer("Jessica", "John", "1")[..], &["--memo", memo]].concat();
        fails_in(&Scene::new(), &arguments, 2, &format!("memo {problem}"), hint);
    }
}

#[test]
fn an_unknown_transfer_is_not_found() {
    let error = format!("there is no transfer {ID}");
    let hint = "a rejected transfer is not recorded; see the others with `bank-cli history`";
    fails(&["show", ID], 3, &error, hint);
}

#[test]
fn invalid_command_lines_are_rejected() {
    let scene = Scene::new();
    for arguments in [
        &["trasnfer"][..],
        &["transfer", "--from", "Jessica"],
        &["list", "--output", "xml"],
        &["list", "--no-such-option"],
        &["setup", "--yes"],
        &["list", "-v", "-q"],
    ] {
        fails_in(&scene, arguments, 2, "[..]", "[..]");
    }
    assert_eq!(scene.cli.run(&[]).code, Some(2));
}
