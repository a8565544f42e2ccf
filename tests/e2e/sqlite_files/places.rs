//! Files that are mounted by themselves, and files where nothing can be written.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use bank_tests::cli::{Run, Sandbox};

use super::namespace::run_after;
use super::{expect_code, names_in};
use crate::sandbox;

const TRANSFER: [&str; 9] = ["transfer", "--from", "Jessica", "--to", "John", "--amount", "1", "--output", "json"];

/// A sandbox with the database `data/bank.db`, and a directory `box`.
fn scene() -> Sandbox {
    let cli = sandbox().database_url("sqlite:data/bank.db");
    for name in ["data", "box"] {
        fs::create_dir(cli.home().join(name)).unwrap();
    }
    cli.stdout(&["setup"]);
    cli.stdout(&TRANSFER);
    cli
}

#[test]
fn a_file_that_is_mounted_by_itself_is_read_but_nothing_is_recorded_in_it() {
    const MOUNT: &str = "touch box/bank.db\nmount --bind data/bank.db box/bank.db";
    let cli = scene();
    let before = fs::read(cli.home().join("data/bank.db")).unwrap();
    let here = ["--database-url", "sqlite:box/bank.db"];
    let run = |command: &[&str]| run_after(MOUNT, &cli, &[command, &here].concat());
    let Some(list) = run(&["list"]) else { return };
    assert_eq!(list.code, Some(0), "{list:?}");
    assert!(list.stderr.contains("note: the database file is mounted by itself"), "{list:?}");
    for command in [&TRANSFER[..], &["open", "Zoe", "--age", "1", "--country", "X", "--output", "json"]] {
        expect_code(&run(command).unwrap(), 7, "file_mounted");
    }
    for command in ["setup", "demo"] {
        run(&[command]).unwrap().expect_failure(
            7,
            "the database file box/bank.db is mounted by itself, [..]",
            "mount its directory [..]",
        );
    }
    let doctor = run(&["doctor"]).unwrap();
    assert_eq!(doctor.code, Some(1), "{doctor:?}");
    assert!(doctor.stdout.contains("FAIL     writable    the file is mounted by itself"), "{doctor:?}");
    assert_eq!(fs::read(cli.home().join("data/bank.db")).unwrap(), before);
    assert_eq!(names_in(&cli.home().join("box")), ["bank.db"], "no log stays");
}

#[test]
fn a_log_beside_a_file_that_is_mounted_by_itself_is_not_replayed() {
    const MOUNT: &str = "mount --bind data/bank.db box/bank.db";
    let cli = scene();
    fs::write(cli.home().join("box/bank.db"), "").unwrap();
    fs::write(cli.home().join("box/bank.db-wal"), "pages of an earlier container").unwrap();
    let Some(run) = run_after(MOUNT, &cli, &["list", "--output", "json", "--database-url", "sqlite:box/bank.db"])
    else {
        return;
    };
    expect_code(&run, 7, "file_mounted");
    assert_eq!(names_in(&cli.home().join("box")), ["bank.db", "bank.db-wal"]);
}

#[test]
fn a_directory_that_is_mounted_is_an_ordinary_place() {
    let cli = scene();
    let here = ["--database-url", "sqlite:box/bank.db"];
    let Some(run) = run_after("mount --bind data box", &cli, &[&TRANSFER[..], &here].concat()) else { return };
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(cli.stdout(&["balance", "Jessica"]).contains("balance = 9998"));
}

/// A medium that nobody can write, with a copy of the database.
const MEDIUM: &str = "mount -t tmpfs tmpfs box\ncp data/* box/\nmount -o remount,ro box";

#[test]
fn a_backup_on_a_read_only_medium_can_be_read_and_not_written() {
    let cli = scene();
    let here = ["--database-url", "sqlite:box/bank.db"];
    let run = |command: &[&str]| run_after(MEDIUM, &cli, &[command, &here].concat());
    for command in
        [&["verify"][..], &["list"], &["history", "Jessica"], &["balance", "John"], &["export", "--format", "csv"]]
    {
        let Some(run) = run(command) else { return };
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
        assert_eq!(run.stdout, cli.stdout(command), "the same as from the original");
    }
    let refused = run(&TRANSFER).unwrap();
    expect_code(&refused, 1, "database_error");
    assert!(refused.stderr.contains("readonly") && refused.stderr.contains("nothing can be written: "), "{refused:?}");
    let doctor = run(&["doctor"]).unwrap();
    assert!(doctor.stdout.contains("FAIL     writable "), "{doctor:?}");
}

#[test]
fn a_backup_with_a_log_or_on_a_read_only_mount_has_to_be_copied_first() {
    const ONLY_THE_MOUNT: &str = "mount --bind data box\nmount -o remount,ro,bind box";
    let cli = scene();
    let with_log = MEDIUM.replace("cp data/* box/", "cp data/* box/\necho pages > box/bank.db-wal");
    for script in [ONLY_THE_MOUNT, &with_log] {
        let Some(run) = run_after(script, &cli, &["verify", "--database-url", "sqlite:box/bank.db"]) else { return };
        let hint = "copy it with its log first: `mkdir copy && cp box/bank.db* copy/`, then add --database-url sqlite:copy/bank.db";
        run.expect_failure(7, "cannot read box/bank.db where it is: its directory cannot be written, [..]", hint);
    }
    copy_works(&cli, "mkdir copy && cp data/bank.db* copy/");
}

#[test]
fn doctor_notices_that_a_file_may_only_be_read() {
    const NOBODY: u32 = 65534;
    let cli = scene();
    let doctor = cli.command(&["doctor"]);
    // In a directory that everybody can enter, because the binary and the database are somebody else's.
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o777)).unwrap();
    let [binary, file] = ["bank-cli", "bank.db"].map(|name| place.path().join(name));
    fs::copy(doctor.get_program(), &binary).unwrap();
    fs::copy(cli.home().join("data/bank.db"), &file).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o444)).unwrap();
    let mut command = Command::new(&binary);
    command.arg("doctor").env_clear().env("DATABASE_URL", format!("sqlite:{}", file.display()));
    command.current_dir(place.path());
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        command.uid(NOBODY);
    }
    let run = Run::to_end(&mut command);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stdout.contains("FAIL     writable    no transaction that writes can begin: "), "{run:?}");
    assert!(run.stdout.contains("readonly"), "{run:?}");
}

/// Runs what the hint says, on the original.
fn copy_works(cli: &Sandbox, copy: &str) {
    let copied = Command::new("sh").args(["-c", copy]).current_dir(cli.home()).status();
    assert!(copied.unwrap().success());
    assert!(Path::new(&cli.home().join("copy/bank.db")).exists());
    cli.stdout(&["verify", "--database-url", "sqlite:copy/bank.db"]);
}
