//! Lines that the database refuses to store.

use bank_tests::invariants::Ledger;
use bank_tests::{TestBackend, postgres};

use super::{BOTH, Scene, expect};

/// Returns a scene whose journal takes no memo of ten characters or more: an administrator has changed the table.
fn narrow(backend: TestBackend) -> Scene {
    let scene = Scene::on(backend);
    scene.database.plain().execute(if scene.database.is_sqlite() {
        "ALTER TABLE transfers ADD COLUMN note TEXT CHECK (memo IS NULL OR length(memo) < 10)"
    } else {
        "ALTER TABLE transfers ALTER COLUMN memo TYPE VARCHAR(9)"
    });
    scene
}

/// Returns a file of this many lines, of which these have a memo that is too long, and the database refuses.
fn file(lines: usize, long: &[usize]) -> String {
    let line = |number| {
        let memo = if long.contains(&number) { "much too long" } else { "short" };
        format!("{},{},1,{memo}\n", ["a", "b"][number % 2], ["b", "a"][number % 2])
    };
    format!("from,to,amount,memo\n{}", (0..lines).map(line).collect::<String>())
}

#[test]
fn a_line_that_the_database_refuses_is_named_and_the_others_are_posted() {
    for backend in BOTH {
        for chunk in ["7", "50000"] {
            let scene = narrow(backend);
            let options = ["--chunk", chunk, "--results", "results.csv", "--rejected", "rest.csv"];
            let run = scene.batch(file(3000, &[0, 77, 78, 2999]), &options);
            expect(&run, 4, "Posted 2996, replayed 0, rejected 4 of 3000 lines");
            let lines: Vec<&str> = run.stderr.lines().collect();
            for (place, number) in [2, 79, 80, 3001].into_iter().enumerate() {
                let refused = format!("line {number}: rejected: refused_by_database: ");
                assert!(lines[place].starts_with(&refused), "{run:?}");
            }
            assert!(!run.stderr.contains("again"), "{run:?}");
            assert_eq!((scene.read("results.csv").lines().count(), scene.read("rest.csv").lines().count()), (3001, 5));
            assert_eq!(scene.transfers(), 2996);
            // Corrected, they are posted once.
            scene.write("rest.csv", scene.read("rest.csv").replace("much too long", "ok"));
            expect(&scene.cli.run(&["batch", "rest.csv"]), 0, "Posted 4, replayed 0");
            assert_eq!(scene.transfers(), 3000);
        }
    }
}

#[test]
fn a_file_of_refused_lines_alone_ends() {
    for backend in BOTH {
        let scene = narrow(backend);
        let run = scene.batch(file(100, &(0..100).collect::<Vec<_>>()), &[]);
        expect(&run, 4, "Posted 0, replayed 0, rejected 100 of 100 lines");
        assert_eq!(scene.transfers(), 0);
    }
}

#[test]
fn a_refused_line_stops_a_file_like_any_other_bad_line() {
    for backend in BOTH {
        let scene = narrow(backend);
        let run = scene.batch(file(100, &[60, 61]), &["--on-reject", "stop", "--chunk", "50"]);
        expect(&run, 4, "Posted 60, replayed 0, rejected 1, skipped 39 of 100 lines");
        assert!(run.stderr.starts_with("line 62: rejected: refused_by_database: "), "{run:?}");
        assert_eq!(scene.transfers(), 60);

        let scene = narrow(backend);
        let before = Ledger::read(&scene.database);
        let run = scene.batch(file(100, &[60, 61]), &["--on-reject", "atomic"]);
        expect(&run, 4, "Posted 0, replayed 0, rejected 1, skipped 99 of 100 lines");
        assert!(run.stderr.starts_with("line 62: rejected: refused_by_database: "), "{run:?}");
        assert_eq!(Ledger::read(&scene.database), before);
    }
}

#[test]
fn characters_that_the_encoding_of_the_database_has_not_are_told_by_line() {
    let scene = Scene::on(TestBackend::Postgres);
    let name = format!("latin_{}", std::process::id());
    let encoding = "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0";
    scene.database.plain().execute(&format!("CREATE DATABASE {name} {encoding}"));
    let url = postgres::shared().socket_url(&name);
    let cli = |arguments: &[&str]| scene.cli.run(&[arguments, &["--database-url", &url]].concat());
    assert_eq!(cli(&["setup", "-q"]).code, Some(0));
    scene.write(
        "in.csv",
        "from,to,amount,memo\nJessica,John,1,café\nJessica,John,2,Σ\nJessica,Ζoë,4,x\nJohn,Jessica,8,\n",
    );
    let run = cli(&["batch", "in.csv", "--reference", "r"]);
    expect(&run, 4, "Posted 2, replayed 0, rejected 2 of 4 lines");
    assert!(run.stderr.contains("line 3: rejected: refused_by_database: "), "{run:?}");
    assert!(run.stderr.contains("line 4: rejected: account_not_found: there is no account `Ζoë`"), "{run:?}");
    scene.database.plain().execute(&format!("DROP DATABASE {name} WITH (FORCE)"));
}
