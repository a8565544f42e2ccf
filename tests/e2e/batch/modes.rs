//! `--on-reject` and `--dry-run`.

use super::{BOTH, ID, Scene, expect};

const REJECTED: &str = "from,to,amount\na,b,10\na,b,20\na,b,5000\na,b,30\n";
const MALFORMED: &str = "from,to,amount\na,b,10\na,b,20\na,b,x\na,b,30\n";
const UNKNOWN: &str = "from,to,amount\na,b,10\na,b,20\na,nobody,1\na,b,30\n";

#[test]
fn stop_posts_the_lines_before_the_first_bad_one() {
    for backend in BOTH {
        for file in [REJECTED, MALFORMED, UNKNOWN] {
            for chunk in ["1", "2", "100"] {
                let scene = Scene::on(backend);
                let run = scene.batch(file, &["--on-reject", "stop", "--chunk", chunk, "--results", "results.csv"]);
                expect(&run, 4, "Posted 2, replayed 0, rejected ");
                assert!(run.stdout.contains("skipped 1 of 4 lines"), "{run:?}");
                assert!(run.stderr.starts_with("line 4: "), "{run:?}");
                assert!(run.stderr.contains("1 of 4 lines were rejected or malformed; nothing after them"), "{run:?}");
                assert_eq!((scene.balances(), scene.transfers()), ([970, 1030, 1000], 2));
                let results = scene.read("results.csv");
                assert_eq!(results.lines().count(), 5);
                assert!(results.lines().last().unwrap().contains(",skipped,"), "{results}");
            }
        }
    }
}

#[test]
fn stop_at_the_first_line_posts_nothing() {
    let scene = Scene::new();
    let run = scene.batch("from,to,amount\na,b,5000\na,b,1\n", &["--on-reject", "stop"]);
    expect(&run, 4, "Posted 0, replayed 0, rejected 1, skipped 1 of 2 lines");
    assert_eq!(scene.transfers(), 0);
}

#[test]
fn stop_continues_with_the_corrected_lines_or_with_the_same_file() {
    let scene = Scene::new();
    scene.batch(REJECTED, &["--on-reject", "stop", "--rejected", "rest.csv"]);
    scene.write("rest.csv", scene.read("rest.csv").replace("5000", "50"));
    expect(
        &scene.cli.run(&["batch", "rest.csv", "--on-reject", "stop"]),
        0,
        "Posted 2, replayed 0, rejected 0 of 2 lines",
    );
    // The corrected line was posted with another amount.
    let run = scene.again(&[]);
    expect(&run, 4, "Posted 0, replayed 3, rejected 1 of 4 lines");
    assert!(run.stderr.contains("line 4: rejected: id_conflict: "), "{run:?}");
}

#[test]
fn atomic_posts_nothing_when_any_line_is_bad() {
    for backend in BOTH {
        for file in [REJECTED, MALFORMED, UNKNOWN] {
            let scene = Scene::on(backend);
            let run = scene.batch(file, &["--on-reject", "atomic", "--chunk", "1", "--results", "results.csv"]);
            expect(&run, 4, "Posted 0, replayed 0, rejected ");
            assert!(run.stdout.contains(", skipped 3 of 4 lines"), "{run:?}");
            assert!(run.stderr.contains("1 of 4 lines were rejected or malformed; nothing was posted"), "{run:?}");
            assert_eq!((scene.balances(), scene.transfers()), ([1000, 1000, 1000], 0));
            let results = scene.read("results.csv");
            assert_eq!(results.matches(",skipped,").count(), 3, "{results}");
        }
    }
}

#[test]
fn atomic_posts_all_of_a_good_file() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        let file = REJECTED.replace("5000", "50");
        expect(&scene.batch(&file, &["--on-reject", "atomic"]), 0, "Posted 4, replayed 0, rejected 0 of 4 lines");
        expect(&scene.again(&["--on-reject", "atomic"]), 0, "Posted 0, replayed 4, rejected 0 of 4 lines");
        assert_eq!((scene.balances(), scene.transfers()), ([890, 1110, 1000], 4));
    }
}

#[test]
fn atomic_reports_every_bad_line() {
    let scene = Scene::new();
    let run = scene.batch("from,to,amount\na,b,x\nnobody,b,1\na,b,10\n", &["--on-reject", "atomic"]);
    expect(&run, 4, "Posted 0, replayed 0, rejected 1, malformed 1, skipped 1 of 3 lines");
    let run = scene.batch("from,to,amount\na,b,5000\nb,c,5000\na,b,10\n", &["--on-reject", "atomic"]);
    expect(&run, 4, "Posted 0, replayed 0, rejected 2, skipped 1 of 3 lines");
}

#[test]
fn a_dry_run_finds_what_needs_no_balance_and_posts_nothing() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        let file =
            format!("from,to,amount,id\na,b,10,{ID}\na,b,10,{ID}\na,b,11,\na,b,x,\nnobody,b,1,\na,a,1,\na,b,5000,\n");
        let run = scene.batch(file, &["--dry-run", "--results", "results.csv"]);
        expect(&run, 4, "Checked 2, replayed 0, rejected 2, malformed 3 of 7 lines");
        assert!(run.stdout.ends_with("; nothing was posted.\n"), "{run:?}");
        assert!(run.stderr.contains("note: balances were not checked, nor ids that were posted earlier\n"), "{run:?}");
        assert_eq!(scene.transfers(), 0);
        let results = scene.read("results.csv");
        let statuses: Vec<&str> = results.lines().skip(1).map(|line| line.split(',').nth(2).unwrap()).collect();
        assert_eq!(statuses, ["malformed", "malformed", "checked", "malformed", "rejected", "rejected", "checked"]);
    }
}
