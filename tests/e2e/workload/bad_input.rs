//! Input that is rejected before connecting: the database of these tests cannot be reached.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use bank_tests::cli::{Run, Sandbox};

fn unreachable() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_bank-cli-under-test")).database_url("postgres://127.0.0.1:1/none").impatient()
}

#[test]
fn numbers_out_of_range_are_rejected_before_connecting() {
    let sandbox = unreachable();
    let good = ["workload", "run", "--clients", "1", "--transfers", "1"];
    let bad: [&[&str]; 24] = [
        &["--rate", "0"],
        &["--rate", "-5"],
        &["--rate", "NaN"],
        &["--rate", "1e99"],
        &["--ramp", "60"],
        &["--ramp", "-1s"],
        &["--settle", "99999days"],
        &["--seed", "-1"],
        &["--seed", "18446744073709551616"],
        &["--hot-accounts", "0"],
        &["--hot-accounts", "1", "--hot-percent", "101"],
        &["--hot-percent", "50"],
        &["--mix", "payments=80"],
        &["--mix", "groups=101"],
        &["--batch", "0"],
        &["--batch", "50001"],
        &["--batch", "5", "--queue"],
        &["--readers", "1025"],
        &["--distribution", "normal"],
        &["--clients", "0"],
        &["--transfers", "0"],
        &["--duration", "0s"],
        &["--duration", "5s"],
        &["--output", "xml"],
    ];
    for options in bad {
        let mut typed = good.to_vec();
        // An option that is given again replaces the valid one.
        for option in ["--clients", "--transfers"].iter().filter(|option| options.first() == Some(option)) {
            let place = typed.iter().position(|word| word == option).unwrap();
            typed.drain(place..place + 2);
        }
        typed.extend(options);
        let run = sandbox.run(&typed);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{options:?}: {run:?}");
        assert_eq!(run.stderr.lines().count(), 2, "{run:?}");
    }
}

#[test]
fn a_run_without_an_end_and_invalid_accounts_are_rejected() {
    let sandbox = unreachable();
    for arguments in [
        &["workload", "run", "--clients", "1"][..],
        &["workload", "init", "--accounts", "1"],
        &["workload", "init", "--accounts", "10000000"],
        &["workload", "init", "--balance", "-1"],
        &["workload", "init", "--balance", "x"],
        &["workload", "init", "--balance", "9223372036854775807"],
    ] {
        assert_eq!(sandbox.run(arguments).code, Some(2), "{arguments:?}");
    }
    let mut memory = sandbox.command(&["workload", "init", "--database-url", "sqlite::memory:"]);
    assert_eq!(Run::to_end(&mut memory).code, Some(2));
}

#[test]
fn a_file_that_exists_or_cannot_be_written_is_noticed_before_connecting() {
    let sandbox = unreachable();
    std::fs::write(sandbox.home().join("mine"), "mine").unwrap();
    for option in ["--report", "--jsonl"] {
        let run = |file| sandbox.run(&["workload", "run", "--clients", "1", "--transfers", "1", option, file]);
        run("mine").expect_failure(
            2,
            "the file mine exists already",
            "name another file, or overwrite it with --force",
        );
        run("missing/file").expect_failure(1, "cannot write to missing/file: [..]", "name a file that can be written");
    }
    // The content of the file is not lost when the run does not start.
    let run = sandbox.run(&["workload", "run", "--clients=1", "--transfers=1", "--report=mine", "--force"]);
    assert_eq!(run.code, Some(7), "{run:?}");
    assert_eq!(std::fs::read_to_string(sandbox.home().join("mine")).unwrap(), "mine");
}

#[test]
fn arguments_that_are_not_utf_8_are_rejected_unless_they_are_files() {
    let sandbox = unreachable();
    let strange = OsStr::from_bytes(b"r\xff.html");
    let mut command = sandbox.command(&["workload", "run", "--clients", "1", "--duration"]);
    assert_eq!(Run::to_end(command.arg(strange)).code, Some(2));
    let mut command = sandbox.command(&["workload", "run", "--clients", "1", "--duration", "1s", "--report"]);
    assert_eq!(Run::to_end(command.arg(strange)).code, Some(7));
    assert!(!sandbox.home().join(strange).exists());
}
