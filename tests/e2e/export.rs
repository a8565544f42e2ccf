//! `bank-cli export`, checked by hledger.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use bank_domain::AccountName;
use bank_tests::TestBackend;
use bank_tests::fixtures::{open, open_with_limit};
use serde_json::{Value, json};

use crate::Scene;

const TRANSFERS: usize = 10_000;

/// Names that hledger could misread.
const NAMES: [&str; 34] = [
    "a",
    "b",
    "a:b",
    "a%3Ab",
    "a%253Ab",
    ":",
    "::x:",
    "a::b",
    "two  spaces",
    "three   spaces",
    "wide\u{3000}space",
    "no\u{a0}break",
    "\u{200b}zero width",
    "line\u{2028}separator",
    "semi;colon",
    "; comment",
    "a ;b",
    "(virtual)",
    "[balanced]",
    "(open",
    "* starred",
    "! pending",
    "100%",
    "%",
    "=1+1",
    "@ 5",
    "{5}",
    "2026-07-01",
    "-5",
    "1.000,00",
    "\"quoted\", twice",
    "pipe | pipe",
    "date:2026-99-99",
    "约翰 李 🏦 é",
];

const MEMOS: [&str; 16] = [
    "rent",
    "rent; July",
    "; comment",
    "a | b",
    "date:2026-99-99",
    "[2026-99-99]",
    "* starred",
    "! pending",
    "(code)",
    "50% off",
    "%3B",
    "double  space",
    "=HYPERLINK(\"x\")",
    "  ; tag:x, y:z".trim_ascii(),
    "comment",
    "备注 🏦",
];

#[test]
fn ten_thousand_transfers_pass_hledgers_check_on_sqlite() {
    ten_thousand_transfers_pass_hledgers_check(TestBackend::Sqlite);
}

#[test]
fn ten_thousand_transfers_pass_hledgers_check_on_postgres() {
    ten_thousand_transfers_pass_hledgers_check(TestBackend::Postgres);
}

fn ten_thousand_transfers_pass_hledgers_check(backend: TestBackend) {
    let scene = Scene::on(backend);
    let bank = scene.database.bank();
    for name in NAMES {
        // Earlier versions gave accounts names that a new one may not have.
        let is_new = AccountName::new(name).unwrap().for_new_account().is_ok();
        open_with_limit(&bank, if is_new { name } else { "old" }, 100_000, 50_000);
        if !is_new {
            scene.database.plain().execute(&format!(
                "UPDATE accounts SET name = '{name}' WHERE name = 'old'; \
                 UPDATE account_names SET name = '{name}' WHERE name = 'old'"
            ));
        }
    }
    open(&bank, "rich", i64::MAX - 100_000_000);
    open(&bank, "empty", 0);
    open_with_limit(&bank, "poor", -77, 100);
    let lines = scene.cli.home().join("transfers.jsonl");
    std::fs::write(&lines, strange_transfers()).unwrap();
    let posted = scene.cli.stdout(&["batch", "transfers.jsonl", "--reference", "strange"]);
    assert!(posted.starts_with(&format!("Posted {TRANSFERS}, ")), "{posted}");

    scene.cli.run(&["export", "--format", "hledger", "--out", "bank.journal"]).expect(0, "", "");
    let journal = scene.cli.home().join("bank.journal");
    for check in [&["check"][..], &["check", "--strict"]] {
        let output = hledger(&journal, check);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(hledgers_balances(&journal), listed_balances(&scene));
    assert_eq!(scene.cli.stdout(&["export", "--format", "hledger"]), std::fs::read_to_string(&journal).unwrap());

    // A missing transfer is found.
    let text = std::fs::read_to_string(&journal).unwrap();
    let (start, _) = text.match_indices("\n20").nth(500).unwrap();
    let length = text[start + 1..].find("\n20").unwrap() + 1;
    let broken = scene.cli.home().join("broken.journal");
    std::fs::write(&broken, format!("{}{}", &text[..start], &text[start + length..])).unwrap();
    assert!(!hledger(&broken, &["check"]).status.success());
}

fn strange_transfers() -> String {
    let mut random = fastrand::Rng::with_seed(11);
    let mut lines = String::new();
    for number in 0..TRANSFERS {
        let from = if number % 100 == 0 { "rich" } else { NAMES[random.usize(..NAMES.len())] };
        let to = loop {
            let to = NAMES[random.usize(..NAMES.len())];
            if to != from {
                break to;
            }
        };
        let memo = (number % 3 != 0).then(|| MEMOS[random.usize(..MEMOS.len())]);
        let mut line = json!({"from": from, "to": to, "amount": random.u32(1..100)});
        if let Some(memo) = memo {
            line["memo"] = json!(memo);
        }
        writeln!(lines, "{line}").unwrap();
    }
    lines
}

/// Runs Debian's hledger, which `scripts/test` installs.
fn hledger(journal: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new("hledger");
    // Without a UTF-8 locale hledger reads no text but ASCII.
    command.env("LC_ALL", "C.UTF-8").arg("-f").arg(journal).args(arguments);
    command.output().unwrap_or_else(|error| panic!("hledger: {error}; scripts/test installs it"))
}

fn hledgers_balances(journal: &Path) -> BTreeMap<String, i64> {
    let output = hledger(journal, &["balance", "--empty", "--no-total", "--output-format", "csv", "^assets:"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let rows = text.lines().skip(1).map(|line| {
        let (account, balance) = line.trim_matches('"').rsplit_once("\",\"").unwrap();
        let account = account.replace("\"\"", "\"");
        (plain(account.strip_prefix("assets:holders:").unwrap()), balance.parse().unwrap())
    });
    rows.collect()
}

/// Decodes the names of the export: every `%XX` is a byte.
fn plain(escaped: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = escaped.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap()
}

fn listed_balances(scene: &Scene) -> BTreeMap<String, i64> {
    let list: Vec<Value> = serde_json::from_str(&scene.cli.stdout(&["list", "--output", "json"])).unwrap();
    let rows = list.iter().map(|row| {
        (row["name"].as_str().unwrap().to_owned(), row["balance"].as_str().unwrap().parse::<i64>().unwrap())
    });
    rows.collect()
}

/// Jessica and John, opened on 1 July; Jessica pays 1 on the 2nd, John 10 to Mary on the 3rd, Jessica 100 on the 4th.
fn three_transfers(backend: TestBackend) -> Scene {
    let scene = Scene::on(backend);
    open(&scene.database.bank(), "Mary; O'Neil, \"M\"", 0);
    let mut plain = scene.database.plain();
    plain.execute("UPDATE accounts SET created_at = '2026-07-01T12:00:00.000000Z'");
    for (day, from, to, amount) in
        [(2, "Jessica", "John", "1"), (3, "John", "Mary; O'Neil, \"M\"", "10"), (4, "Jessica", "John", "100")]
    {
        let id = format!("019b76da-a800-7000-8000-00000000000{day}");
        let transfer = ["transfer", "--from", from, "--to", to, "--amount", amount, "--memo", "a;b", "--id", &id];
        scene.cli.stdout(&transfer);
        plain.execute(&format!(
            "UPDATE transfers SET posted_at = '2026-07-0{day}T12:00:00.000000Z' WHERE amount = {amount}"
        ));
    }
    scene
}

#[test]
fn an_export_is_csv() {
    let csv = "\
id,posted_at,from,to,amount,currency,kind,related_id,group_id,memo,from_account_id,to_account_id,from_version,to_version,from_balance,to_balance
019b76da-a800-7000-8000-000000000002,2026-07-02T12:00:00.000000Z,Jessica,John,1,XXX,payment,,,a;b,1,2,1,1,9999,9001
019b76da-a800-7000-8000-000000000003,2026-07-03T12:00:00.000000Z,John,\"Mary; O'Neil, \"\"M\"\"\",10,XXX,payment,,,a;b,2,3,2,1,8991,10
019b76da-a800-7000-8000-000000000004,2026-07-04T12:00:00.000000Z,Jessica,John,100,XXX,payment,,,a;b,1,2,2,3,9899,9091
";
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let scene = three_transfers(backend);
        scene.cli.run(&["export"]).expect(0, csv, "");
        let days = |arguments: &[&str]| -> Vec<String> {
            let stdout = scene.cli.stdout(&[&["export"], arguments].concat());
            stdout.lines().skip(1).map(|line| line[35..36].to_owned()).collect()
        };
        assert_eq!(days(&["--since", "2026-07-03"]), ["3", "4"]);
        assert_eq!(days(&["--until", "2026-07-03"]), ["2", "3"]);
        assert_eq!(days(&["--account", "Jessica"]), ["2", "4"]);
        assert_eq!(days(&["--account", "John", "--since", "2026-07-03", "--until", "2026-07-03T12:00:00Z"]), ["3"]);
    }
}

#[test]
fn an_export_is_json_lines() {
    let scene = three_transfers(TestBackend::Sqlite);
    let stdout = scene.cli.stdout(&["export", "--format", "jsonl"]);
    let rows: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 3);
    let expected = json!({
        "id": "019b76da-a800-7000-8000-000000000003", "posted_at": "2026-07-03T12:00:00.000000Z", "from": "John",
        "to": "Mary; O'Neil, \"M\"", "amount": "10", "currency": "XXX", "kind": "payment", "related_id": null, "group_id": null, "memo": "a;b", "from_account_id": 2, "to_account_id": 3,
        "from_version": 2, "to_version": 1, "from_balance": "8991", "to_balance": "10",
    });
    assert_eq!(rows[1], expected);
    let run = scene.cli.run(&["export", "--format", "jsonl", "--account", "Jesica"]);
    let error: Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!((run.code, &error["error"]["code"]), (Some(3), &json!("account_not_found")));
}

#[test]
fn an_export_is_a_journal_of_hledger() {
    let scene = three_transfers(TestBackend::Sqlite);
    let journal = scene.cli.stdout(&["export", "--format", "hledger"]);
    let (_, after_header) = journal.split_once("account equity:opening balances\n").unwrap();
    assert_eq!(
        after_header,
        "
account assets:holders:Jessica

2026-07-01 opening balance
    assets:holders:Jessica  10000
    equity:opening balances

account assets:holders:John

2026-07-01 opening balance
    assets:holders:John  9000
    equity:opening balances

account assets:holders:Mary%3B O'Neil, \"M\"

2026-07-02 (019b76da-a800-7000-8000-000000000002) a%3Bb  ; posted_at:2026-07-02T12:00:00.000000Z
    assets:holders:John  1
    assets:holders:Jessica  -1

2026-07-03 (019b76da-a800-7000-8000-000000000003) a%3Bb  ; posted_at:2026-07-03T12:00:00.000000Z
    assets:holders:Mary%3B O'Neil, \"M\"  10
    assets:holders:John  -10

2026-07-04 (019b76da-a800-7000-8000-000000000004) a%3Bb  ; posted_at:2026-07-04T12:00:00.000000Z
    assets:holders:John  100
    assets:holders:Jessica  -100

2026-07-04 closing balances
    assets:holders:Jessica  0 = 9899
    assets:holders:John  0 = 9091
    assets:holders:Mary%3B O'Neil, \"M\"  0 = 10
"
    );
    let june = scene.cli.stdout(&["export", "--format", "hledger", "--until", "2026-06-30"]);
    assert!(!june.contains("opening balance\n") && !june.contains("closing balances"), "{june}");
    let begun = scene.cli.stdout(&["export", "--format", "hledger", "--until", "2026-07-02"]);
    assert!(begun.contains("opening balance\n") && !begun.contains("closing balances"), "{begun}");
    let run = scene.cli.run(&["export", "--format", "hledger", "--since", "2026-07-03", "--out", "july.journal"]);
    assert_eq!(run.stderr, "note: the journal begins in the middle: there are no opening balances in it\n");
    scene.cli.stdout(&["export", "--format", "hledger", "--account", "John", "--out", "john.journal"]);
    for part in ["july.journal", "john.journal"] {
        let output = hledger(&scene.cli.home().join(part), &["check"]);
        assert!(output.status.success(), "{part}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn an_empty_journal_is_exported() {
    let scene = Scene::new();
    let note = "note: no transfers to export\n";
    scene.cli.run(&["export"]).expect(0, "id,posted_at,from,to,amount,currency,[..]\n", note);
    scene.cli.run(&["export", "--format", "jsonl"]).expect(0, "", "{\"note\":\"no transfers to export\"}\n");
    open(&scene.database.bank(), "Mary", 0);
    for reset in [false, true] {
        if reset {
            scene.cli.stdout(&["setup", "--reset", "--yes", "--no-demo"]);
            open(&scene.database.bank(), "Mary", 0);
        }
        scene.cli.stdout(&["export", "--format", "hledger", "--out", "bank.journal", "--force"]);
        let output = hledger(&scene.cli.home().join("bank.journal"), &["check", "--strict"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn an_export_overwrites_a_file_only_with_force() {
    let scene = three_transfers(TestBackend::Sqlite);
    let path = scene.cli.home().join("bank.csv");
    std::fs::write(&path, "mine").unwrap();
    scene.cli.run(&["export", "--out", "bank.csv"]).expect_failure(
        2,
        "the file bank.csv exists already",
        "name another file, or overwrite it with --force",
    );
    scene.cli.run(&["export", "--out", "bank.csv", "--force", "--account", "Jesica"]).expect_failure(
        3,
        "there is no account `Jesica`",
        "did you mean `Jessica`?",
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    scene.cli.run(&["export", "--out", "bank.csv", "--force"]).expect(0, "", "");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), scene.cli.stdout(&["export"]));
    scene.cli.run(&["export", "--out", "nowhere/bank.csv"]).expect_failure(
        1,
        "cannot write the export to nowhere/bank.csv: [..]",
        "name a file that can be written",
    );
    let left = scene.cli.home().read_dir().unwrap().map(|entry| entry.unwrap().file_name());
    assert!(left.into_iter().all(|file| !file.to_string_lossy().contains("export")), "no part is left behind");
}
