//! Files with groups: lines that are posted together or not at all.

use bank_tests::fixtures::new_account;
use bank_tests::invariants::{Ledger, assert_sound};

use super::{BOTH, Scene, expect};

#[test]
fn the_lines_of_a_group_are_posted_together_or_not_at_all() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        let file = "from,to,amount,group\na,b,600,first\na,c,2,first\na,b,300,second\na,c,200,second\na,c,5,\n";
        let run = scene.batch(file, &["--results", "results.csv", "--rejected", "rest.csv", "--chunk", "1"]);
        expect(&run, 4, "Posted 3, replayed 0, rejected 2 of 5 lines");
        let second = "line 4: rejected: group_rejected: it belongs to a group whose transfer ";
        assert!(run.stderr.starts_with(second), "{run:?}");
        assert!(
            run.stderr.contains("\nline 5: rejected: insufficient_funds: `a` has 98 available, not 200\n"),
            "{run:?}"
        );
        assert_eq!((scene.balances(), scene.transfers()), ([393, 1600, 1007], 3));
        // Again, everything that was posted is replayed.
        let again = scene.batch(file, &[]);
        expect(&again, 4, "Posted 0, replayed 3, rejected 2 of 5 lines");
        // The rest, corrected: the group is posted, and the original reports the corrected line.
        let rest = scene.read("rest.csv").replace("200,second", "20,second");
        scene.write("rest.csv", &rest);
        expect(&scene.cli.run(&["batch", "rest.csv"]), 0, "Posted 2, replayed 0, rejected 0 of 2 lines");
        let original = scene.batch(file, &[]);
        expect(&original, 4, "Posted 0, replayed 3, rejected 2 of 5 lines");
        assert!(original.stderr.contains("line 5: rejected: id_conflict"), "{original:?}");
        assert_eq!((scene.balances(), scene.transfers()), ([73, 1900, 1027], 5));
        assert_sound(&scene.database);
    }
}

#[test]
fn a_bad_line_takes_its_group_with_it_and_no_other_line() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        let file = "from,to,amount,group\na,b,1,x\na,nobody,1,x\na,b,1,\na,b,1,y\na,b,0,y\na,c,7,z\na,b,8,z\na,b,9,x\na,b,9,x\n";
        let run = scene.batch(file, &[]);
        expect(&run, 4, "Posted 3, replayed 0, rejected 0, malformed 6 of 9 lines");
        for line in [
            "line 2: malformed: the group begins on line 9, too: the lines of a group stand one after the other",
            "line 5: malformed: line 6 of its group is malformed",
            "line 9: malformed: the group begins on line 2, too: the lines of a group stand one after the other",
        ] {
            assert!(run.stderr.lines().any(|found| found == line), "{line}: {run:?}");
        }
        assert_eq!(scene.transfers(), 3);
        scene.write("unknown.csv", "from,to,amount,group\na,b,1,x\na,nobody,1,x\na,b,1,\n");
        let run = scene.cli.run(&["batch", "unknown.csv", "--reference", "unknown"]);
        expect(&run, 4, "Posted 1, replayed 0, rejected 2 of 3 lines");
        assert!(
            run.stderr.starts_with("line 2: rejected: group_rejected: line 3 of its group is rejected\n"),
            "{run:?}"
        );
        assert_sound(&scene.database);
    }
}

#[test]
fn stop_and_atomic_keep_groups_whole() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        let file = "from,to,amount,group\na,b,1,\na,b,900,x\na,b,200,x\na,b,1,\n";
        let before = Ledger::read(&scene.database);
        let run = scene.batch(file, &["--on-reject", "atomic"]);
        assert_eq!(run.code, Some(4), "{run:?}");
        assert_eq!(Ledger::read(&scene.database), before);
        let run = scene.batch(file, &["--on-reject", "stop"]);
        assert_eq!(run.code, Some(4), "{run:?}");
        assert_eq!((scene.balances(), scene.transfers()), ([999, 1001, 1000], 1));
        assert_sound(&scene.database);
    }
}

#[test]
fn a_file_exchanges_currencies() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        let bank = scene.database.bank();
        for (name, currency, balance) in
            [("Anna EUR", "EUR", 1000), ("Anna USD", "USD", 0), ("Desk EUR", "EUR", 0), ("Desk USD", "USD", 1100)]
        {
            let code = bank_domain::CurrencyCode::new(currency).unwrap();
            bank.open_account(&new_account(name, balance).with_currency(Some(code))).unwrap();
        }
        let file = "from,to,amount,group\nAnna EUR,Desk EUR,10.00,exchange\nDesk USD,Anna USD,11.00,exchange\n";
        expect(&scene.batch(file, &[]), 0, "Posted 2, replayed 0, rejected 0 of 2 lines");
        expect(&scene.batch(file, &[]), 0, "Posted 0, replayed 2, rejected 0 of 2 lines");
        assert!(scene.cli.stdout(&["balance", "Anna USD"]).contains("balance = 11.00 USD"));
        assert_sound(&scene.database);
    }
}
