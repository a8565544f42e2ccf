//! SQLite files that are not what they seem: with several names, mounted by themselves, removed while in use, another
//! program's, read-only or damaged.

mod namespace;
mod places;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bank_tests::backend::say;
use bank_tests::cli::{Run, Running, Sandbox};
use bank_tests::plain::Plain;
use bank_tests::wait::wait_until;

use crate::{Scene, sandbox, start_blocked};

/// The database of a scene and the files that SQLite keeps beside it.
fn files_of(scene: &Scene) -> [PathBuf; 3] {
    let path = scene.database.url().sqlite_path().unwrap().to_owned();
    ["", "-wal", "-shm"].map(|suffix| PathBuf::from(format!("{}{suffix}", path.display())))
}

fn names_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Checks the exit code and the stable code.
#[track_caller]
fn expect_code(run: &Run, exit_code: i32, code: &str) {
    assert_eq!(run.code, Some(exit_code), "{run:?}");
    let error = run.stderr.lines().find(|line| line.starts_with("{\"error\"")).unwrap_or_else(|| panic!("{run:?}"));
    let error: serde_json::Value = serde_json::from_str(error).unwrap();
    assert_eq!(error["error"]["code"], code, "{run:?}");
}

#[test]
fn a_file_with_two_names_is_refused_until_one_is_removed() {
    let scene = Scene::new();
    let [path, ..] = files_of(&scene);
    let other = path.with_file_name("other.db");
    fs::hard_link(&path, &other).unwrap();
    let before = fs::read(&path).unwrap();
    for path in [&path, &other] {
        let url = format!("sqlite:{}", path.display());
        for command in
            [&["list"][..], &["verify"], &["setup"], &["demo"], &["reverse", "019b76da-a800-7000-8000-000000000001"]]
        {
            let run = scene.cli.run(&[command, &["--database-url", &url]].concat());
            let error = format!("the database file {} has 2 names (hard links), [..]", path.display());
            let hint = format!("find the names with `find / -samefile {} 2>/dev/null`, [..]", path.display());
            run.expect_failure(7, &error, &hint);
        }
    }
    expect_code(&scene.cli.run(&["list", "--output", "json"]), 7, "file_has_links");
    assert_eq!(fs::read(&path).unwrap(), before);
    fs::remove_file(other).unwrap();
    scene.cli.stdout(&["verify"]);
}

#[test]
fn a_symbolic_link_is_another_way_to_the_same_database() {
    let scene = Scene::new();
    let [path, ..] = files_of(&scene);
    std::os::unix::fs::symlink(&path, scene.cli.home().join("link.db")).unwrap();
    let transfer = ["transfer", "--from", "Jessica", "--to", "John", "--amount", "1"];
    scene.cli.stdout(&[&transfer[..], &["--database-url", "sqlite:link.db"]].concat());
    assert!(scene.cli.stdout(&["balance", "Jessica"]).contains("balance = 9999"));
}

#[test]
fn a_transfer_to_a_file_that_was_moved_meanwhile_is_not_recorded() {
    let scene = Scene::new();
    let files = files_of(&scene);
    let blocker = scene.database.keep_writers_out();
    let transfer = ["transfer", "--from", "Jessica", "--to", "John", "--amount", "1", "--output", "json"];
    let running = start_blocked(&scene.cli, &scene.database, &transfer);
    let away = tempfile::tempdir().unwrap();
    let moved = files.each_ref().map(|file| away.path().join(file.file_name().unwrap()));
    for (file, moved) in files.iter().zip(&moved) {
        fs::rename(file, moved).unwrap();
    }
    drop(blocker);
    let run = running.end();
    expect_code(&run, 1, "file_replaced");
    assert!(run.stderr.contains("nothing was recorded; put the file and its log back"), "{run:?}");
    for (file, moved) in files.iter().zip(&moved) {
        // The last connection has removed the log.
        if moved.exists() {
            fs::rename(moved, file).unwrap();
        }
    }
    assert!(scene.cli.stdout(&["balance", "Jessica"]).contains("balance = 10000"));
    scene.cli.stdout(&transfer);
}

/// Posts a file line by line, and returns when the first lines are recorded.
fn start_long_batch(cli: &Sandbox) -> Running {
    let lines: Vec<String> = (0..20_000).map(|line| format!("Jessica,John,1,{line}")).collect();
    fs::write(cli.home().join("in.csv"), format!("from,to,amount,memo\n{}\n", lines.join("\n"))).unwrap();
    let results = cli.home().join("results.csv");
    let batch = ["batch", "in.csv", "--reference", "r", "--chunk", "1", "--results", "results.csv"];
    let running = cli.start(&batch);
    wait_until("a line is recorded", || fs::read_to_string(&results).is_ok_and(|text| text.contains(",posted,")));
    running
}

#[test]
fn a_batch_whose_file_or_log_is_removed_meanwhile_does_not_succeed() {
    for which in 0..3 {
        let scene = Scene::new();
        let running = start_long_batch(&scene.cli);
        let removed = &files_of(&scene)[which];
        fs::remove_file(removed).unwrap();
        let run = running.end();
        assert_eq!(run.code, Some(9), "without {}: {run:?}", removed.display());
        assert!(run.stderr.contains("was removed, moved or replaced while it was in use"), "{run:?}");
        assert!(run.stderr.contains("may be only in the file that is gone"), "{run:?}");
    }
}

#[test]
fn a_command_does_not_succeed_if_its_file_is_removed_after_the_last_commit() {
    const LINES: usize = 5000;
    let scene = Scene::new();
    let lines: Vec<String> = (0..LINES).map(|line| format!("Jessica,John,1,{line}")).collect();
    fs::write(scene.cli.home().join("in.csv"), format!("from,to,amount,memo\n{}\n", lines.join("\n"))).unwrap();
    // Nobody reads the results, which fill the pipe: the command has committed and waits.
    let running = scene.cli.start(&["batch", "in.csv", "--reference", "r", "--results", "-"]);
    let count = "SELECT count(*) AS value FROM transfers";
    wait_until("every line is recorded", || scene.database.plain().number(count) == i64::try_from(LINES).unwrap());
    fs::remove_file(&files_of(&scene)[0]).unwrap();
    let run = running.end();
    assert_eq!(run.code, Some(9), "{}", run.stderr);
    assert!(run.stderr.contains("was removed, moved or replaced while it was in use"), "{}", run.stderr);
    assert_eq!(run.stdout.matches(",posted,").count(), LINES);
}

#[test]
fn a_batch_whose_file_is_replaced_by_a_backup_does_not_succeed() {
    let scene = Scene::new();
    let [path, ..] = files_of(&scene);
    let backup = path.with_file_name("backup.db");
    Plain::sqlite(&path).execute(&format!("VACUUM INTO '{}'", backup.display()));
    let running = start_long_batch(&scene.cli);
    fs::rename(&backup, &path).unwrap();
    let run = running.end();
    assert_eq!(run.code, Some(9), "{run:?}");
    // SQLite leaves the log of the file that has gone, and would write it into the backup.
    let refused = scene.cli.run(&["list", "--output", "json"]);
    expect_code(&refused, 7, "stray_log");
    let hint = scene.cli.run(&["list"]).stderr;
    let move_away = hint.split('`').nth(1).unwrap_or_else(|| panic!("{hint}"));
    assert!(Command::new("sh").args(["-c", move_away]).status().unwrap().success(), "{move_away}");
    assert!(scene.cli.stdout(&["verify"]).contains("transfers     = 0\n"));
}

#[test]
fn a_backup_copied_over_the_file_of_a_killed_program_is_refused_until_the_old_log_is_removed() {
    let scene = Scene::new();
    let [path, log, shm] = files_of(&scene);
    let backup = path.with_file_name("backup.db");
    Plain::sqlite(&path).execute(&format!("VACUUM INTO '{}'", backup.display()));
    start_long_batch(&scene.cli).kill();
    let old_log = fs::read(&log).unwrap();
    assert!(!old_log.is_empty(), "a killed program leaves its log");
    fs::copy(&backup, &path).unwrap();
    for command in ["list", "setup", "verify"] {
        scene.cli.run(&[command]).expect_failure(
            7,
            "the log [..] does not belong to the database file [..]",
            "if the file is [..]",
        );
    }
    assert!(fs::read(&path).unwrap() == fs::read(&backup).unwrap() && fs::read(&log).unwrap() == old_log);
    // As docs/databases.md says.
    for old in [&path, &log, &shm] {
        fs::remove_file(old).unwrap();
    }
    fs::copy(&backup, &path).unwrap();
    scene.cli.stdout(&["setup", "--no-demo"]);
    assert!(scene.cli.stdout(&["verify"]).contains("transfers     = 0\n"));
    assert!(scene.cli.stdout(&["doctor"]).contains("journal_mode is wal"));
}

#[test]
fn the_file_of_another_program_is_refused_and_not_changed() {
    for (mode, tables) in [
        ("delete", "CREATE TABLE accounts (code TEXT); CREATE TABLE splits (account TEXT)"),
        ("wal", "CREATE TABLE accounts (code TEXT)"),
        ("delete", "CREATE TABLE moz_places (url TEXT); CREATE VIEW recent AS SELECT url FROM moz_places"),
    ] {
        let cli = sandbox().database_url("sqlite:books.db");
        let path = cli.home().join("books.db");
        Plain::sqlite(&path).execute(&format!("PRAGMA journal_mode = {mode}; {tables}"));
        let before = fs::read(&path).unwrap();
        for command in ["setup", "demo"] {
            cli.run(&[command]).expect_failure(
                1,
                "sqlite:books.db is the file of another program, with the tables [..]; it was not changed",
                "name a file for bank alone, such as --database-url sqlite:ledger.db",
            );
        }
        let workload = cli.run(&["workload", "init", "--here", "--accounts", "2"]);
        workload.expect_failure(1, "sqlite:books.db is the file of another program, [..]", "leave --here out, [..]");
        cli.run(&["list"]).expect_failure(1, "the database is not set up", "run `bank-cli setup`");
        assert_eq!(fs::read(&path).unwrap(), before, "{tables}");
        assert_eq!(names_in(cli.home()), ["books.db"]);
    }
}

#[test]
fn a_file_that_an_earlier_attempt_has_left_empty_can_be_set_up() {
    let cli = sandbox().database_url("sqlite:bank.db");
    let create = "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY, run_on TIMESTAMP)";
    Plain::sqlite(&cli.home().join("bank.db")).execute(create);
    cli.stdout(&["setup"]);
    assert!(cli.stdout(&["doctor"]).contains("journal_mode is wal"));
}

#[test]
fn a_log_whose_database_has_gone_is_kept() {
    for is_empty_file_there in [false, true] {
        let cli = sandbox().database_url("sqlite:bank.db");
        let [file, log] = ["bank.db", "bank.db-wal"].map(|name| cli.home().join(name));
        fs::write(&log, "committed pages").unwrap();
        if is_empty_file_there {
            fs::write(&file, "").unwrap();
        }
        let hint = "put the file back beside its log, or move the log away: `mv [..]bank.db-wal [..]bank.db-wal.old`";
        for command in ["setup", "demo"] {
            let error = "there is a log [..]bank.db-wal, but the database file bank.db is missing or empty";
            cli.run(&[command]).expect_failure(7, error, hint);
        }
        assert_eq!(fs::read_to_string(&log).unwrap(), "committed pages");
        assert_eq!(file.exists(), is_empty_file_there);
    }
}

/// Returns a scene whose file has lost some pages of the journal.
fn damaged() -> (Scene, PathBuf) {
    const PAGE: usize = 4096;
    let scene = Scene::new();
    let lines: Vec<String> = (0..2000).map(|line| format!("Jessica,John,1,{line}")).collect();
    fs::write(scene.cli.home().join("in.csv"), format!("from,to,amount,memo\n{}\n", lines.join("\n"))).unwrap();
    scene.cli.stdout(&["batch", "in.csv", "--reference", "r"]);
    let [path, ..] = files_of(&scene);
    let mut content = fs::read(&path).unwrap();
    let pages = content.len() / PAGE;
    assert!(pages > 40, "{pages} pages");
    content[PAGE * (pages / 2)..PAGE * (pages - 5)].fill(0x5a);
    fs::write(&path, content).unwrap();
    (scene, path)
}

#[test]
fn a_damaged_file_is_reported_with_a_way_to_restore_it() {
    let (scene, path) = damaged();
    expect_code(&scene.cli.run(&["verify", "--output", "json"]), 1, "malformed");
    let run = scene.cli.run(&["doctor"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stdout.contains("\nFAIL     integrity   the file is damaged: "), "{run:?}");

    let hint = scene.cli.run(&["verify"]).stderr;
    let rescue = hint.split('`').nth(1).unwrap_or_else(|| panic!("{hint}"));
    assert!(rescue.starts_with(&format!("sqlite3 {} .dump | ", path.display())), "{rescue}");
    if Command::new("sqlite3").arg("--version").stdout(Stdio::null()).status().is_err() {
        return say("e2e: sqlite3 is not installed: the rescue of a damaged file is left out");
    }
    assert!(Command::new("sh").args(["-c", rescue]).stderr(Stdio::null()).status().unwrap().success(), "{rescue}");
    let rescued = format!("sqlite:{}.rescued", path.display());
    // What is lost is named, and nothing else is wrong.
    let run = scene.cli.run(&["verify", "--database-url", &rescued]);
    assert_eq!(run.code, Some(8), "{run:?}");
}

#[test]
fn a_file_without_its_first_page_or_its_end_is_reported_as_damaged() {
    let scene = Scene::new();
    let [path, ..] = files_of(&scene);
    let whole = fs::read(&path).unwrap();
    let mut without_schema = whole.clone();
    without_schema[100..4096].fill(0xff);
    for content in [&without_schema[..], &whole[..whole.len() - 4096 * 3]] {
        fs::write(&path, content).unwrap();
        let run = scene.cli.run(&["list", "--output", "json"]);
        assert!(matches!(run.code, Some(1 | 7)), "{run:?}");
        expect_code(&run, run.code.unwrap(), "malformed");
        let run = scene.cli.run(&["doctor"]);
        assert!(run.stdout.contains("FAIL") && run.stdout.contains("restore a backup into a new"), "{run:?}");
    }
}
