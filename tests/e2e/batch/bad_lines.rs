//! Lines that are malformed or rejected, between others that are not.

use bank_tests::invariants::Ledger;

use super::{BOTH, ID, Scene, expect, many_lines};

#[test]
fn bad_lines_are_reported_by_number_and_column_and_the_others_are_posted() {
    for backend in BOTH {
        let scene = Scene::on(backend);
        let file = "from,to,amount\na,b,x\na,b,10\na,b\nnobody,b,1\na,a,1\na,b,5000\na,c,10\n\"a,b,1\n";
        let run = scene.batch(file, &[]);
        expect(&run, 4, "Posted 2, replayed 0, rejected 3, malformed 3 of 8 lines");
        let lines: Vec<&str> = run.stderr.lines().collect();
        assert_eq!(
            lines,
            [
                "line 2: malformed: column 3 (amount): \"x\" is not a number: write digits, and decimals behind a point, such as 12.50",
                "line 4: malformed: columns: 2 in this line, 3 in the header",
                "line 5: rejected: account_not_found: there is no account `nobody`",
                "line 6: rejected: same_account: a transfer needs two different accounts",
                "line 7: rejected: insufficient_funds: `a` has 990 available, not 5000",
                "line 9: malformed: column 1 (from): the field begins with a quote that is not closed on its line",
                "error: 6 of 8 lines were rejected or malformed",
                "hint: with --rejected FILE, this command writes these lines with their ids: fix them there and post FILE; leave \
                 the original as it is",
            ]
        );
        assert_eq!((scene.balances(), scene.transfers()), ([980, 1010, 1010], 2));
    }
}

#[test]
fn lines_inside_a_quoted_memo_are_not_posted() {
    for mode in ["continue", "stop", "atomic"] {
        let scene = Scene::new();
        let file = "from,to,amount,memo\na,b,10,\na,b,1,\"for\na,c,900,\"\"rent\"\"\na,c,50,x\"\na,c,10,\n";
        let run = scene.batch(file, &["--on-reject", mode]);
        assert_eq!(run.code, Some(4), "{run:?}");
        assert!(run.stderr.starts_with("line 3: malformed: column 4 (memo): the field begins with a quote"), "{run:?}");
        let balances = match mode {
            "continue" => [980, 1010, 1010],
            "stop" => [990, 1010, 1000],
            _ => [1000; 3],
        };
        assert_eq!(scene.balances(), balances, "{mode}: {run:?}");
        if mode == "continue" {
            for line in [4, 5] {
                let within = format!("line {line}: malformed: inside a quoted field opened on line 3\n");
                assert!(run.stderr.contains(&within), "{run:?}");
            }
        }
    }
}

#[test]
fn an_id_on_several_lines_is_malformed_on_each_of_them() {
    for backend in BOTH {
        for chunk in ["1", "100"] {
            let scene = Scene::on(backend);
            let file = format!(
                "from,to,amount,id\na,b,10,{ID}\na,b,10,{ID}\na,c,1,019b76da-a800-7000-8000-000000000002\na,b,11,{ID}\n"
            );
            scene.write("in.csv", file);
            let run = scene.cli.run(&["batch", "in.csv", "--chunk", chunk]);
            expect(&run, 4, "Posted 1, replayed 0, rejected 0, malformed 3 of 4 lines");
            let lines: Vec<&str> = run.stderr.lines().collect();
            for (place, line, other) in [(0, 2, 3), (1, 3, 2), (2, 5, 2)] {
                let equal = format!(
                    "line {line}: malformed: the id {ID} is also that of line {other}: every transfer needs an id of its own"
                );
                assert_eq!(lines[place], equal);
            }
            assert_eq!(scene.transfers(), 1);
        }
    }
}

#[test]
fn the_nil_uuid_is_no_id_of_a_line() {
    let scene = Scene::new();
    scene.write("in.csv", "from,to,amount,id\na,b,10,00000000-0000-0000-0000-000000000000\n");
    let run = scene.cli.run(&["batch", "in.csv"]);
    expect(&run, 4, "Posted 0, replayed 0, rejected 0, malformed 1 of 1 lines");
    assert!(run.stderr.starts_with("line 2: malformed: column 4 (id): transfer id 0"), "{run:?}");
}

#[test]
fn a_line_that_is_not_utf_8_is_reported_with_the_byte() {
    let scene = Scene::new();
    let run = scene.batch(b"from,to,amount\na,b,1\nM\xfcller,b,1\na,b,1\n", &[]);
    expect(&run, 4, "Posted 2, replayed 0, rejected 0, malformed 1 of 3 lines");
    assert!(run.stderr.starts_with("line 3: malformed: byte 2 is not UTF-8: save the file as UTF-8\n"), "{run:?}");
}

#[test]
fn a_line_of_ten_megabytes_is_rejected_and_the_next_one_is_posted() {
    let scene = Scene::new();
    let file = format!("from,to,amount\na,b,1\na,b,{}\na,b,1\n", "9".repeat(10 << 20));
    let run = scene.batch(&file, &[]);
    expect(&run, 4, "Posted 2, replayed 0, rejected 0, malformed 1 of 3 lines");
    assert!(run.stderr.starts_with("line 3: malformed: the line is longer than 1048576 bytes\n"), "{run:?}");
    let file = format!("{}\na,b,1\n", "x".repeat(10 << 20));
    let error = "the header cannot be read: the line is longer than 1048576 bytes";
    scene.batch(&file, &[]).expect_failure(2, error, "[..]");
}

#[test]
fn a_long_value_is_not_printed_in_full() {
    let scene = Scene::new();
    let run = scene.batch(format!("from,to,amount\na,b,{}\n", "9".repeat(1 << 19)), &[]);
    expect(&run, 4, "Posted 0");
    assert!(run.stderr.len() < 1000, "{}", run.stderr.len());
    let run = scene.batch("from,to,amount\na,b,\u{1b}[31m\n", &[]);
    assert!(!run.stderr.contains('\u{1b}'), "{run:?}");
}

#[test]
fn bad_json_lines_are_reported_by_column() {
    let scene = Scene::new();
    scene.write(
        "in.jsonl",
        "{\"from\":\"a\",\"to\":\"b\",\"amount\":1}\n{\"from\":\"a\"\n{\"from\":\"a\",\"to\":\"b\",\"amount\":1.5}\n\
         {\"from\":\"a\",\"to\":\"b\",\"amount\":1,\"note\":1}\n",
    );
    let run = scene.cli.run(&["batch", "in.jsonl", "--reference", "r"]);
    expect(&run, 4, "Posted 1, replayed 0, rejected 1, malformed 2 of 4 lines");
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(lines[0], "line 2: malformed: column 11: EOF while parsing an object");
    assert_eq!(lines[1], "line 3: rejected: invalid_amount: \"1.5\" has too many decimals: XXX has 0");
    assert!(lines[2].starts_with("line 4: malformed: column 38: unknown field `note`"), "{run:?}");
}

#[test]
fn at_most_twenty_bad_lines_are_printed() {
    let scene = Scene::new();
    let file = format!("from,to,amount\n{}a,b,1\n", "nobody,b,1\n".repeat(25));
    let run = scene.batch(file, &[]);
    expect(&run, 4, "Posted 1, replayed 0, rejected 25 of 26 lines");
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(lines.len(), 23);
    assert_eq!(lines[20], "... and 5 more");
}

#[test]
fn an_unknown_account_far_down_is_reported_by_line() {
    let scene = Scene::new();
    let mut file = many_lines(30_000);
    file.push_str("a,nobody,1,\n");
    let run = scene.batch(file, &["--dry-run"]);
    expect(&run, 4, "Checked 30000, replayed 0, rejected 1 of 30001 lines");
    assert!(
        run.stderr.starts_with("line 30002: rejected: account_not_found: there is no account `nobody`\n"),
        "{run:?}"
    );
}

#[test]
fn a_line_without_an_id_is_malformed_where_others_have_one() {
    let scene = Scene::new();
    scene.write("in.csv", format!("from,to,amount,id\na,b,1,\na,b,1,{ID}\na,b,1,42\n"));
    let run = scene.cli.run(&["batch", "in.csv"]);
    expect(&run, 4, "Posted 1, replayed 0, rejected 0, malformed 2 of 3 lines");
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(lines[0], "line 2: malformed: the line has no id, and there is no reference to derive one from");
    assert_eq!(lines[1], "line 4: malformed: column 4 (id): transfer id \"42\" is not a UUID");
    assert_eq!(Ledger::read(&scene.database).transfers.len(), 1);
}
