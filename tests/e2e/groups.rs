//! Groups at the command line: payments together or not at all.

use bank_tests::TestBackend;
use bank_tests::invariants::{Ledger, assert_sound};
use serde_json::{Value, json};
use snapbox::str;

use crate::Scene;

const BOTH: [TestBackend; 2] = [TestBackend::Sqlite, TestBackend::Postgres];
const ID: &str = "019b76da-a800-7000-8000-000000000001";

fn pay<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let arguments = ["-q", "transfer", "--from", "Jessica", "--to", "John", "--amount", "800", "--id", ID];
    [&arguments[..], more].concat()
}

#[test]
fn a_payment_and_its_fee_are_posted_together_and_replayed_together() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        scene.cli.stdout(&["open", "Fees"]);
        scene.cli.run(&pay(&["--also", "Fees:2", "--memo", "rent"])).expect(
            0,
            str![[r#"
Posted 2 transfers together.
group = [..]

id     = 019b76da-a800-7000-8000-000000000001
amount = 800
memo   = rent
from   = Jessica, balance = 9200
to     = John, balance = 9800

id     = [..]
amount = 2
memo   = rent
from   = Jessica, balance = 9198
to     = Fees, balance = 2

"#]],
            "",
        );
        let again = scene.cli.run(&pay(&["--also", "Fees:2", "--memo", "rent"]));
        assert!(again.stdout.starts_with("These 2 transfers were posted together before.\n"), "{again:?}");
        let shown = scene.cli.stdout(&["show", ID]);
        let group = shown.lines().find_map(|line| line.strip_prefix("group  = ")).unwrap();
        let members = scene.cli.stdout(&["show", "--group", group]);
        assert!(
            members.starts_with(&format!("2 transfers took effect together.\ngroup = {group}\n\nid ")),
            "{members}"
        );
        let exported = scene.cli.stdout(&["export", "--format", "csv"]);
        assert_eq!(exported.matches(group).count(), 2, "{exported}");
        let ledger = scene.cli.stdout(&["export", "--format", "hledger"]);
        assert_eq!(ledger.matches(&format!(", group:{group}\n")).count(), 2, "{ledger}");
        let history = scene.cli.stdout(&["history", "Jessica", "--output", "lines"]);
        assert_eq!(history.matches(&format!(", group = {group}")).count(), 2, "{history}");
        assert_sound(&scene.database);
    }
}

#[test]
fn of_a_group_that_is_rejected_nothing_is_posted() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        scene.cli.stdout(&["open", "Fees"]);
        scene.cli.stdout(&["open", "Euros", "--currency", "EUR"]);
        let before = Ledger::read(&scene.database);
        for (also, code, error, hint) in [
            (
                "Fees:9201",
                4,
                "`Jessica` has 9200 available, not 9201",
                "nothing was posted; what the group pays before counts, too: pay something into `Jessica` first, or \
                 transfer less",
            ),
            ("Nobody:1", 3, "there is no account `Nobody`", "see all accounts with `bank-cli list`"),
            (
                "Euros:1",
                4,
                "the paying account is in XXX and the receiving account in EUR",
                "transfer between accounts of one currency; see them with `bank-cli list --output table`",
            ),
            ("Fees", 2, "--also \"Fees\" is not a name, a colon and an amount", "write it like --also Fees:1.50"),
            (
                "Fees:0",
                2,
                "amount \"0\" is zero, but a transfer moves at least 1",
                "an amount is a number above 0, such as 800 or 12.50",
            ),
            ("Jessica:1", 4, "a transfer needs two different accounts", "name another account with --to"),
        ] {
            scene.cli.run(&pay(&["--also", also])).expect_failure(code, error, hint);
        }
        assert_eq!(Ledger::read(&scene.database), before);
        // A transfer that was posted without the others is not posted again with them.
        scene.cli.stdout(&pay(&[]));
        let again = scene.cli.run(&pay(&["--also", "Fees:2"]));
        assert_eq!(again.code, Some(5), "{again:?}");
        assert!(again.stderr.contains("was posted before with another group"), "{again:?}");
        assert_sound(&scene.database);
    }
}

#[test]
fn a_group_is_reversed_together() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        scene.cli.stdout(&["open", "Fees"]);
        let json = |arguments: &[&str]| -> Value {
            serde_json::from_str(&scene.cli.stdout(&[arguments, &["--output", "json"]].concat())).unwrap()
        };
        let posted = json(&pay(&["--also", "Fees:2"]));
        assert_eq!((&posted["status"], posted["transfers"].as_array().unwrap().len()), (&json!("posted"), 2));
        let group = posted["group_id"].as_str().unwrap();
        let reversed = scene.cli.stdout(&["reverse", "--group", group, "--memo", "wrong month"]);
        assert!(
            reversed.starts_with(&format!("Reversed group {group}.\nPosted 2 transfers together.\n")),
            "{reversed}"
        );
        let list = scene.cli.stdout(&["list"]);
        assert!(list.contains("balance = 10000\n") && list.contains("name = Fees, balance = 0\n"), "{list}");
        let again = scene.cli.run(&["reverse", "--group", group]);
        assert_eq!(again.code, Some(0), "{again:?}");
        assert!(again.stderr.contains("reversed before"), "{again:?}");
        let unknown = scene.cli.run(&["reverse", "--group", ID]);
        unknown.expect_failure(
            3,
            &format!("there is no group {ID}"),
            "`bank-cli show` prints the group of a transfer; a rejected group is not recorded",
        );
        assert_sound(&scene.database);
    }
}
