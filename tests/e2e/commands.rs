//! The commands, as a person sees them.

use bank_tests::TestBackend;
use bank_tests::fixtures::{open, open_many, random_transfers};
use snapbox::str;

use crate::{Scene, sandbox};

const ID: &str = "019b76da-a800-7000-8000-000000000001";
const TRANSFER: [&str; 7] = ["transfer", "--from", "Jessica", "--to", "John", "--amount", "800"];

#[test]
fn a_command_that_has_ended_leaves_no_log_beside_the_file() {
    let scene = Scene::new();
    let directory = scene.database.url().sqlite_path().unwrap().parent().unwrap().to_owned();
    for round in 0..20 {
        scene.cli.stdout(&["list"]);
        let files: Vec<_> = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(files, ["bank.db"], "round {round}");
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    let help = sandbox().stdout(&["--help"]);
    for command in
        ["setup", "list", "transfer", "reverse", "balance", "open", "history", "show", "export", "verify", "demo"]
    {
        assert!(help.contains(&format!("\n  {command} ")), "{command} is not in:\n{help}");
        for flag in ["--help", "-h"] {
            let help = sandbox().stdout(&[command, flag]);
            assert!(help.contains(&format!("EXAMPLE:\n  bank-cli {command}")), "{help}");
        }
    }
    for code in ["0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "6 ", "7 ", "8 ", "9 ", "130 "] {
        assert!(help.contains(&format!("\n  {code}")), "exit code {code} is not in:\n{help}");
    }
}

#[test]
fn the_version_is_printed() {
    sandbox().run(&["--version"]).expect(0, "bank-cli [..]\n", "");
}

#[test]
fn setup_without_demo_accounts_makes_an_empty_bank() {
    let database = TestBackend::Sqlite.empty_database();
    let cli = sandbox().database_url(database.url_text());
    cli.stdout(&["setup", "--no-demo"]);
    cli.run(&["list"]).expect(0, "", "note: no accounts yet\nhint: add the demo accounts with [..]\n");
}

#[test]
fn setup_without_a_url_works_in_the_users_data_directory() {
    let cli = sandbox();
    let path = cli.home().join(".local/share/bank/bank.db");
    let stdout = cli.stdout(&["setup"]);
    assert!(stdout.contains(&format!("database {}.", path.display())), "{stdout}");
    assert!(path.is_file());
    assert_eq!(cli.stdout(&["list"]).lines().count(), 2);

    let cli = sandbox();
    let mut command = cli.command(&["setup"]);
    command.env("XDG_DATA_HOME", cli.home().join("elsewhere"));
    bank_tests::cli::Run::to_end(&mut command).expect(
        0,
        "Connected to SQLite, database [..]/elsewhere/bank/bank.db.\n...\n",
        "",
    );
}

#[test]
fn a_reset_asks_for_confirmation() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let scene = Scene::on(backend);
        scene.cli.stdout(&TRANSFER);
        scene.cli.run(&["setup", "--reset"]).expect_failure(
            2,
            "cannot ask for confirmation: stdin is not a terminal",
            "add --yes to destroy all accounts and transfers without being asked",
        );
        assert!(scene.cli.stdout(&["list"]).contains("balance = 9200"));
        let stdout = scene.cli.stdout(&["setup", "--reset", "--yes"]);
        assert!(stdout.contains("Destroyed all accounts and transfers"), "{stdout}");
        assert!(scene.cli.stdout(&["list"]).contains("balance = 10000"));
    }
}

#[test]
fn a_transfer_sent_again_is_replayed() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let scene = Scene::on(backend);
        let arguments = [&TRANSFER[..], &["--id", ID, "--memo", "rent"]].concat();
        let posted = str![[r#"
Transferred 800 between accounts.
id     = 019b76da-a800-7000-8000-000000000001
status = posted
memo   = rent
from   = Jessica, balance = 9200
to     = John, balance = 9800

"#]];
        let id = "transfer id: 019b76da-a800-7000-8000-000000000001\n";
        scene.cli.run(&arguments).expect(0, posted, id);
        let replayed = str![[r#"
Transferred 800 between accounts.
id     = 019b76da-a800-7000-8000-000000000001
status = replayed
memo   = rent
from   = Jessica, balance = 9200
to     = John, balance = 9800

"#]];
        let note = "note: this id was posted before: no money moved; the balances are from the original posting\n";
        scene.cli.run(&arguments).expect(0, replayed, format!("{id}{note}"));
    }
}

#[test]
fn ids_are_accepted_in_any_spelling() {
    let scene = Scene::new();
    scene.cli.stdout(&[&TRANSFER[..], &["--id", &ID.to_uppercase()]].concat());
    let again = scene.cli.stdout(&[&TRANSFER[..], &["--id", &ID.replace('-', "")]].concat());
    assert!(again.contains("status = replayed"), "{again}");
    assert!(scene.cli.stdout(&["show", &format!("{{{ID}}}")]).contains("amount = 800"));
}

#[test]
fn a_transfer_is_shown() {
    let scene = Scene::new();
    scene.cli.stdout(&[&TRANSFER[..], &["--id", ID]].concat());
    scene.cli.stdout(&["transfer", "--from", "John", "--to", "Jessica", "--amount", "1"]);
    scene.cli.run(&["show", ID]).expect(
        0,
        str![[r#"
id     = 019b76da-a800-7000-8000-000000000001
amount = 800
time   = [..]T[..]Z
from   = Jessica, balance = 9200
to     = John, balance = 9800

"#]],
        "",
    );
}

#[test]
fn an_account_is_opened() {
    let scene = Scene::new();
    scene
        .cli
        .run(&["open", "Ann Lee", "--age", "35", "--country", "Peru", "--balance", "-5", "--overdraft-limit", "9"])
        .expect(
            0,
            str![[r#"
Opened account Ann Lee.
name = Ann Lee, age = 35, country = Peru, balance = -5

"#]],
            "",
        );
}

#[test]
fn a_list_has_every_format() {
    let scene = Scene::new();
    open(&scene.database.bank(), "Ann, \"Lee\"", 5);
    let cli = &scene.cli;
    cli.run(&["list", "--output", "table"]).expect(
        0,
        str![[r#"
id  name        age  country  balance
 1  Jessica      28  USA       10,000
 2  John         28  Canada     9,000
 3  Ann, "Lee"   28  Canada         5
    total                      19,005

"#]],
        "",
    );
    cli.run(&["list", "--output", "csv"]).expect(
        0,
        str![[r#"
id,name,age,country,currency,status,balance,opening_balance,overdraft_limit,version
1,Jessica,28,USA,XXX,open,10000,10000,0,0
2,John,28,Canada,XXX,open,9000,9000,0,0
3,"Ann, ""Lee""",28,Canada,XXX,open,5,5,0,0

"#]],
        "",
    );
    let lines = cli.stdout(&["list", "--output", "lines"]);
    assert_eq!(lines, cli.stdout(&["list"]));
    assert_eq!(
        cli.stdout(&["list", "--limit", "2"]).lines().collect::<Vec<_>>(),
        lines.lines().take(2).collect::<Vec<_>>()
    );
}

#[test]
fn a_history_has_pages() {
    let scene = Scene::new();
    let bank = scene.database.bank();
    let accounts = open_many(&bank, 2, 100_000);
    bank.post_batch(&random_transfers(1, &accounts, 30, 10)).unwrap();
    let cli = &scene.cli;
    let versions = |arguments: &[&str]| -> Vec<String> {
        let stdout = cli.stdout(&[&["history", "a0", "--output", "csv"], arguments].concat());
        stdout.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect()
    };
    let numbers = |range: std::ops::RangeInclusive<u32>| range.rev().map(|n| n.to_string()).collect::<Vec<_>>();
    assert_eq!(versions(&[]), numbers(11..=30), "20 without a limit");
    assert_eq!(versions(&["--limit", "5"]), numbers(26..=30));
    assert_eq!(versions(&["--limit", "5", "--before", "26"]), numbers(21..=25));
    assert_eq!(versions(&["--limit", "100"]), numbers(1..=30));
    let run = cli.run(&["history", "a0", "--limit", "5"]);
    assert_eq!(run.stderr, "note: there are older transfers: `bank-cli history a0 --before 26`\n");
    let run = cli.run(&["history", "Jessica"]);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", "note: no transfers yet\n"));
}

#[test]
fn verify_names_the_offender_and_fails() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        let scene = Scene::on(backend);
        scene.database.plain().execute("UPDATE accounts SET balance = balance + 1 WHERE name = 'John'");
        scene.cli.run(&["verify"]).expect(
            8,
            str![[r#"
accounts      = 2
transfers     = 0
opening total = 19000
balance total = 19001
FAILED  the balances total what the accounts were opened with
        the balances total 19001, the opening balances 19000
FAILED  each balance is its opening balance plus credits minus debits
        account John holds 9001, which is not its opening balance of 9000 plus credits minus debits
ok      the transfers of each account are numbered without a gap
ok      each transfer continues from the balance before it
ok      no balance is below its limit
ok      every transfer names accounts that exist
ok      no transfer crosses currencies
ok      every group is there as a whole
ok      each id stands once, and the journal has its keys

"#]],
            str![[r#"
error: 2 invariants are broken
hint: stop posting, keep a copy of the database, and look at the offenders

"#]],
        );
    }
}
