//! Files that are corrected, saved by other programs, cut or mixed up, and sent again.

use std::path::Path;

use bank_tests::TestBackend;
use bank_tests::cli::Sandbox;
use bank_tests::invariants::Ledger;

use super::{BOTH, Scene, expect, many_lines};

const PAYROLL: &str = "from,to,amount,memo\na,b,600,2026-07\na,b,600,2026-07\na,c,5,2026-07\n";

#[track_caller]
fn expect_other_content(scene: &Scene, content: &str, options: &[&str], difference: &str) {
    let before = Ledger::read(&scene.database);
    let run = scene.batch(content, options);
    expect(&run, 4, "");
    let error = "error: the reference `r` belongs to another file since ";
    assert!(run.stderr.starts_with(error), "{run:?}");
    assert!(run.stderr.lines().next().unwrap().ends_with(&format!(" UTC: {difference}")), "{run:?}");
    assert!(
        run.stderr.contains("\nhint: nothing was posted; post corrected lines with the ids that --rejected"),
        "{run:?}"
    );
    assert_eq!(Ledger::read(&scene.database), before);
}

#[test]
fn a_reference_belongs_to_one_content() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        expect(&scene.batch(PAYROLL, &[]), 4, "Posted 2, replayed 0, rejected 1 of 3 lines");
        // The rejected line alone, as one sends a bank's file of rejects.
        let cut = "from,to,amount,memo\na,b,600,2026-07\n";
        expect_other_content(&scene, cut, &[], "that file has 3 lines, this one 1");
        // A spreadsheet has written dates in its own way.
        let saved = PAYROLL.replace("2026-07", "Jul-26");
        expect_other_content(&scene, &saved, &[], "line 2 was posted with another memo");
        // A rejected line was taken out: the line after it would have its place.
        let without = "from,to,amount,memo\na,b,600,2026-07\na,c,5,2026-07\n";
        let difference = "line 3 was posted with another";
        let run = scene.batch(without, &[]);
        assert!(!run.stderr.contains(difference), "line 3 of the first file was never posted: {run:?}");
        expect_other_content(&scene, without, &[], "that file has 3 lines, this one 2");
        // A rejected line was corrected in place.
        let corrected = PAYROLL.replacen("600", "60", 2).replacen("60,", "600,", 1);
        expect_other_content(&scene, &corrected, &[], "both have 3 lines, but not the same ones");
        for mode in [["--on-reject", "atomic"], ["--on-reject", "stop"], ["--dry-run", "-q"]] {
            expect_other_content(&scene, &corrected, &mode, "both have 3 lines, but not the same ones");
        }
        // The same content is the same file, however it is written and whatever the reference looks like.
        let same = "memo,amount,to,from\r\n\"2026-07\",600,b,a\r\n\r\n2026-07,0600,b,a\r\n2026-07,5,c,a\r\n";
        scene.write("in.csv", same);
        let run = scene.cli.run(&["batch", "in.csv", "--reference", "R"]);
        expect(&run, 4, "Posted 0, replayed 2, rejected 1 of 3 lines");
        assert_eq!((scene.balances(), scene.transfers()), ([395, 1600, 1005], 2));
    }
}

#[test]
fn rejected_lines_are_corrected_in_a_file_of_their_own() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        let file = "from,to,amount,memo\na,b,600,x\na,b,600,x\nnobody,b,1,\na,b,6x,\na,c,5,y\n";
        let run = scene.batch(file, &["--rejected", "rest.csv"]);
        expect(&run, 4, "Posted 2, replayed 0, rejected 2, malformed 1 of 5 lines");
        let hint = "hint: fix them in rest.csv and post it: bank-cli batch rest.csv; leave the original as it is\n";
        assert!(run.stderr.ends_with(hint), "{run:?}");
        let rest = scene.read("rest.csv");
        let lines: Vec<&str> = rest.lines().map(|line| line.split_once(',').unwrap().1).collect();
        assert_eq!(lines, ["from,to,amount,memo", "a,b,600,x", "nobody,b,1,", "a,b,6x,"]);

        scene.write("rest.csv", rest.replace("600", "60").replace("nobody", "c").replace("6x", "6"));
        for (posted, replayed) in [(3, 0), (0, 3)] {
            let run = scene.cli.run(&["batch", "rest.csv"]);
            expect(&run, 0, &format!("Posted {posted}, replayed {replayed}, rejected 0 of 3 lines"));
        }
        // The original finds what was corrected, and pays nothing twice.
        let run = scene.again(&[]);
        expect(&run, 4, "Posted 0, replayed 2, rejected 2, malformed 1 of 5 lines");
        assert!(run.stderr.contains("line 3: rejected: id_conflict: "), "{run:?}");
        assert_eq!((scene.balances(), scene.transfers()), ([329, 1667, 1004], 5));
    }
}

#[test]
fn a_rejected_line_is_posted_once_whether_its_own_file_or_the_original_is_sent_again() {
    for backend in BOTH {
        for rest_first in [true, false] {
            let scene = Scene::on(backend);
            scene.batch(PAYROLL, &["--rejected", "rest.csv"]);
            scene.cli.stdout(&["transfer", "--from", "b", "--to", "a", "--amount", "600"]);
            let rest = || scene.cli.run(&["batch", "rest.csv"]);
            let original = || scene.again(&[]);
            let (first, second) = if rest_first { (rest(), original()) } else { (original(), rest()) };
            assert!(first.stdout.starts_with("Posted 1, "), "{first:?}");
            assert!(second.stdout.starts_with("Posted 0, "), "{second:?}");
            assert_eq!((first.code, second.code), (Some(0), Some(0)));
            assert_eq!(scene.balances(), [395, 1600, 1005]);
        }
    }
}

#[test]
fn a_file_of_rejected_lines_that_is_sent_under_the_reference_is_refused() {
    let scene = Scene::new();
    scene.batch(PAYROLL, &["--rejected", "rest.csv"]);
    let rest = scene.read("rest.csv");
    expect_other_content(&scene, &rest, &[], "that file has 3 lines, this one 1");
    // Under another reference its lines keep their ids.
    let run = scene.cli.run(&["batch", "rest.csv", "--reference", "s"]);
    expect(&run, 4, "Posted 0, replayed 0, rejected 1 of 1 lines");
}

#[test]
fn a_refused_file_that_was_to_be_posted_as_a_whole_leaves_no_reference() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        let atomic = ["--on-reject", "atomic"];
        expect(&scene.batch(PAYROLL, &atomic), 4, "Posted 0, replayed 0, rejected 1, skipped 2 of 3 lines");
        expect(&scene.batch(PAYROLL, &["--dry-run"]), 0, "Checked 3");
        let corrected = PAYROLL.replace("600", "60");
        expect(&scene.batch(&corrected, &atomic), 0, "Posted 3, replayed 0");
        expect(&scene.again(&atomic), 0, "Posted 0, replayed 3");
        expect_other_content(&scene, PAYROLL, &atomic, "line 2 was posted with another amount");
    }
}

#[test]
fn a_reference_of_which_nothing_was_posted_can_be_forgotten() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        expect(&scene.batch("from,to,amount\nnobody,b,1\n", &[]), 4, "Posted 0");
        let forgotten = scene.cli.stdout(&["batch", "--forget", "R"]);
        assert_eq!(forgotten, "Forgot the reference `r` and its file of 1 lines.\n");
        let hint = "a reference is known once a line of its file could have been posted";
        scene.cli.run(&["batch", "--forget", "r"]).expect_failure(3, "there is no file with the reference `r`", hint);
        expect(&scene.batch("from,to,amount\nnobody,b,1\na,b,7\n", &[]), 4, "Posted 1");
        scene.cli.run(&["batch", "--forget", "r"]).expect_failure(
            4,
            "the reference `r` cannot be forgotten: transfer 2 of its file was posted",
            "post other payments under another reference",
        );
        expect(&scene.again(&[]), 4, "Posted 0, replayed 1");
    }
}

#[test]
fn a_file_sent_by_several_processes_is_posted_once() {
    const LINES: usize = 2000;
    for backend in BOTH {
        let scene = Scene::on(backend);
        scene.write("in.csv", many_lines(LINES));
        let arguments = ["batch", "in.csv", "--reference", "r", "--chunk", "50"];
        let running: Vec<_> = (0..4).map(|_| scene.cli.start(&arguments)).collect();
        let codes: Vec<_> = running.into_iter().map(|batch| batch.end().code).collect();
        assert_eq!(codes, [Some(0); 4]);
        assert_eq!(scene.transfers(), LINES);
    }
}

/// Returns a scene on a ledger that the first edition has made, with the files that it has posted there.
fn first_edition(backend: TestBackend) -> Scene {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("first_edition");
    let database = backend.empty_database();
    let dump = if database.is_sqlite() { "sqlite.sql" } else { "postgres.sql" };
    database.plain().execute(&std::fs::read_to_string(directory.join(dump)).unwrap());
    let cli = Sandbox::new(env!("CARGO_BIN_EXE_bank-cli-under-test")).database_url(database.url_text());
    cli.stdout(&["setup", "--no-demo", "-q"]);
    for file in ["payroll.csv", "payroll.jsonl"] {
        std::fs::copy(directory.join(file), cli.home().join(file)).unwrap();
    }
    Scene { database, cli }
}

#[test]
fn files_that_the_first_edition_has_posted_are_replayed() {
    for backend in BOTH {
        let scene = first_edition(backend);
        let before = Ledger::read(&scene.database);
        for _ in 0..2 {
            let run = scene.cli.run(&["batch", "payroll.csv", "--reference", "Payroll 2026-10"]);
            expect(&run, 4, "Posted 0, replayed 6, rejected 2, malformed 1 of 9 lines");
            let run = scene.cli.run(&["batch", "payroll.jsonl", "--reference", "expenses", "--chunk", "1"]);
            expect(&run, 0, "Posted 0, replayed 3, rejected 0 of 3 lines");
        }
        // The ids follow from the reference as it was typed first.
        let run = scene.cli.run(&["batch", "payroll.jsonl", "--reference", "EXPENSES"]);
        expect(&run, 0, "Posted 0, replayed 3, rejected 0 of 3 lines");
        assert_eq!(Ledger::read(&scene.database), before);

        let cannot = "the reference `expenses` cannot be forgotten: its file was posted";
        let hint = "post other payments under another reference";
        scene.cli.run(&["batch", "--forget", "expenses"]).expect_failure(4, cannot, hint);
    }
}

#[test]
fn a_file_of_the_first_edition_that_was_corrected_posts_the_corrected_lines_once() {
    for backend in BOTH {
        let scene = first_edition(backend);
        let payroll = scene.read("payroll.csv").replace("999999", "9").replace("Jessica,x", "Jessica,3");
        scene.write("payroll.csv", payroll);
        let arguments = ["batch", "payroll.csv", "--reference", "Payroll 2026-10", "--rejected", "rest.csv", "--force"];
        expect(&scene.cli.run(&arguments), 4, "Posted 2, replayed 6, rejected 1 of 9 lines");
        scene.write("rest.csv", scene.read("rest.csv").replace("Nobody", "John"));
        expect(&scene.cli.run(&["batch", "rest.csv"]), 0, "Posted 1, replayed 0");
        expect(&scene.cli.run(&arguments), 4, "Posted 0, replayed 8, rejected 1 of 9 lines");
    }
}
