//! A full disk: a clear error, a sound ledger, and posting continues when there is room again.
//!
//! A small file system must be mounted, which needs root or user namespaces. Files with a size limit need neither.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bank_domain::Transfer;
use bank_persistence::{Bank, BankError, DatabaseUrl, DbError, RetryPolicy, Settings};
use bank_tests::TestBackend;
use bank_tests::cli::{Run, Sandbox};
use bank_tests::fixtures::{open_many, random_transfers};
use bank_tests::invariants::{Ledger, assert_exactly_once, assert_sound};
use bank_tests::load::{Load, LoadPlan, Verdict};
use bank_tests::plain::Plain;
use bank_tests::postgres::{PostgresServer, ServerBuilder, StopMode};
use bank_tests::wait::wait_until;

use super::small_disk::{Ballast, SmallDisk, with_bounded_files};
use super::support::{ids, report, scaled};

const NO_MOUNT: &str = "a small disk must be mounted: run the tests as root, or allow user namespaces";

/// Set for a test that runs again in its own namespace.
const IN_NAMESPACE: &str = "BANK_TEST_IN_NAMESPACE";

#[test]
fn sqlite_on_a_full_disk_says_so_and_stays_sound() {
    let Some(disk) = SmallDisk::mount_for_all(2048, None) else {
        return run_where_mounting_is_allowed("clients::disk_full::sqlite_on_a_full_disk_says_so_and_stays_sound");
    };
    let ballast = Ballast::write(disk.path(), 1536);
    let path = disk.path().join("bank.db");
    let bank = Bank::create_or_connect(&DatabaseUrl::sqlite_file(&path), Settings::default()).unwrap();
    bank.migrate().unwrap();
    let (posted, refused) = post_until_full(&bank, scaled(20));
    assert!(refused.iter().all(|error| error.contains("disk is full")), "{refused:?}");
    check(&mut Plain::sqlite(&path), &posted);
    let integrity = Plain::sqlite(&path).texts("SELECT integrity_check AS value FROM pragma_integrity_check");
    assert_eq!(integrity, ["ok"]);

    ballast.drop_off();
    let more = post_some(&bank);
    check(&mut Plain::sqlite(&path), &[posted.clone(), more].concat());
    report(&format!("SQLite on a full disk: {} posted, then {} refused: {}", posted.len(), refused.len(), refused[0]));
}

#[test]
fn an_upgrade_without_room_for_two_copies_changes_nothing() {
    let Some(disk) = SmallDisk::mount_for_all(2048, None) else {
        return run_where_mounting_is_allowed(
            "clients::disk_full::an_upgrade_without_room_for_two_copies_changes_nothing",
        );
    };
    let path = disk.path().join("bank.db");
    let first_edition = concat!(env!("CARGO_MANIFEST_DIR"), "/first_edition/sqlite.sql");
    std::fs::File::create(&path).unwrap();
    Plain::sqlite(&path).execute(&std::fs::read_to_string(first_edition).unwrap());
    let before = std::fs::read(&path).unwrap();
    let room = 2048 - before.len().div_ceil(1024);
    let ballast = Ballast::write(disk.path(), room - before.len().div_ceil(1024));
    let cli =
        Sandbox::new(env!("CARGO_BIN_EXE_bank-cli-under-test")).database_url(format!("sqlite:{}", path.display()));
    let refused = cli.run(&["setup", "--no-demo"]);
    assert_eq!(refused.code, Some(7), "{refused:?}");
    assert!(refused.stderr.contains("1 MB") && refused.stderr.contains("make room there"), "{refused:?}");
    assert!(std::fs::read(&path).unwrap() == before, "the file is as it was");

    ballast.drop_off();
    assert_eq!(cli.run(&["setup", "--no-demo"]).code, Some(0));
    assert_eq!(cli.run(&["verify"]).code, Some(0));
    report("SQLite without room for an upgrade: refused, and nothing was changed");
}

#[test]
fn postgres_on_a_full_disk_says_so_and_stays_sound() {
    let server = ServerBuilder::new().start();
    let user = server.home().metadata().unwrap().uid();
    let disk = SmallDisk::mount(4096, Some(user)).expect(NO_MOUNT);
    let url: DatabaseUrl = server.socket_url("postgres").parse().unwrap();
    let bank = Bank::connect(&url, Settings::default()).unwrap();
    bank.migrate().unwrap();
    let mut plain = Plain::postgres(&server.socket_url("postgres"));
    plain.execute(&format!("CREATE TABLESPACE small LOCATION '{}'", disk.path().display()));
    plain.execute("ALTER TABLE transfers SET TABLESPACE small");
    plain.execute("ALTER TABLE accounts SET TABLESPACE small");
    let ballast = Ballast::write(disk.path(), 3072);
    let (posted, refused) = post_until_full(&bank, scaled(20));
    assert!(refused.iter().all(|error| error.contains("No space left on device")), "{refused:?}");
    check(&mut plain, &posted);

    ballast.drop_off();
    let more = post_some(&bank);
    check(&mut plain, &[posted.clone(), more].concat());
    report(&format!(
        "PostgreSQL on a full disk: {} posted, then {} refused: {}",
        posted.len(),
        refused.len(),
        refused[0]
    ));
}

/// Runs one of these tests again in a namespace where it may mount, and fails if that run does.
fn run_where_mounting_is_allowed(test: &str) {
    let this = std::env::current_exe().expect("a test knows its program");
    assert!(std::env::var_os(IN_NAMESPACE).is_none(), "{NO_MOUNT}");
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount"]).arg(this).args(["--exact", test, "--nocapture"]);
    let run = Run::to_end(command.env(IN_NAMESPACE, "1"));
    assert!(run.code == Some(0) && run.stdout.contains("1 passed"), "{NO_MOUNT}\n{run:?}");
    report(run.stderr.trim().trim_start_matches("faults: "));
}

/// Posts batches until this many have failed, and returns the posted transfers and the errors.
fn post_until_full(bank: &Bank, refusals: usize) -> (Vec<Transfer>, Vec<String>) {
    let accounts = open_many(bank, 10, 1_000_000);
    let (mut posted, mut refused) = (Vec::new(), Vec::new());
    for number in 0..100_000 {
        let batch = random_transfers(number, &accounts, 25, 10);
        match bank.post_batch(&batch) {
            Ok(outcomes) => {
                assert!(outcomes.iter().all(|outcome| outcome.status() == "posted"), "{outcomes:?}");
                posted.extend(batch);
            }
            Err(BankError::Database(DbError::Statement(error) | DbError::Commit(error))) => {
                refused.push(error.to_string())
            }
            Err(error) => panic!("a full disk is a refusal: {error:?}"),
        }
        if refused.len() == refusals {
            return (posted, refused);
        }
    }
    panic!("nothing was injected: the disk did not fill up")
}

fn post_some(bank: &Bank) -> Vec<Transfer> {
    let accounts: Vec<_> = {
        let mut found = Vec::new();
        let listed: Result<(), BankError> = bank.list_accounts(None, |account| {
            found.push(account.id);
            Ok(())
        });
        listed.map(|()| found).expect("the accounts can be listed")
    };
    let batch = random_transfers(fastrand::u64(..), &accounts, 100, 10);
    let outcomes = bank.post_batch(&batch).expect("there is room again");
    assert!(outcomes.iter().all(|outcome| outcome.status() == "posted"), "{outcomes:?}");
    batch
}

/// Checks that exactly these transfers are there, and every invariant.
#[track_caller]
fn check(plain: &mut Plain, posted: &[Transfer]) {
    let ledger = Ledger::read_from(plain);
    assert_eq!(ledger.violations(), Vec::<String>::new());
    let there: BTreeSet<String> = ledger.transfers.iter().map(|row| row.id.clone()).collect();
    let expected: BTreeSet<String> = posted.iter().map(|t| t.id.as_uuid().simple().to_string()).collect();
    assert!(!expected.is_empty() && there == expected, "{} are there, {} expected", there.len(), expected.len());
}

#[test]
fn sqlite_with_files_that_cannot_grow_says_so_and_stays_sound() {
    let database = TestBackend::Sqlite.database();
    // As long as a connection is open, the log is not emptied: it grows up to the limit and beyond.
    let bystander = database.bank();
    let accounts = open_many(&bystander, 2, 1_000_000);
    let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_bank-cli-under-test")).database_url(database.url_text());
    let orders = random_transfers(5, &accounts, scaled(40), 10);
    let (mut refused, mut acknowledged) = (Vec::new(), Vec::new());
    let command = |order: &Transfer| {
        let name = |id| if id == accounts[0] { "a0" } else { "a1" };
        let (amount, id) = (order.amount.to_string(), order.id.to_string());
        let (from, to) = (name(order.from), name(order.to));
        sandbox.command(&["transfer", "--from", from, "--to", to, "--amount", &amount, "--id", &id])
    };
    for (bound, order) in (0..).map(|step| step * 4096).zip(&orders) {
        let run = Run::to_end(&mut with_bounded_files(&command(order), bound));
        if run.code == Some(0) {
            acknowledged.push(order.clone());
        } else {
            assert!(run.stdout.is_empty() && run.stderr.contains("error: "), "{run:?}");
            refused.push(run.stderr);
        }
    }
    // When the last connection closes, the log is written back into the database.
    drop(bystander);
    check(&mut database.plain(), &acknowledged);
    for order in &orders {
        let run = Run::to_end(&mut command(order));
        assert_eq!(run.code, Some(0), "{run:?}");
    }
    assert_exactly_once(&database, &orders, &ids(&orders));
    assert_sound(&database);
    report(&format!("SQLite with bounded files: {} of {} refused: {:?}", refused.len(), orders.len(), refused.first()));
    assert!(!refused.is_empty(), "nothing was injected");
}

#[test]
fn postgres_that_cannot_write_its_log_loses_nothing_and_goes_on_when_it_can() {
    let server = ServerBuilder::new().durable().start();
    let url: DatabaseUrl = server.socket_url("postgres").parse().unwrap();
    Bank::connect(&url, Settings::default()).unwrap().migrate().unwrap();
    let retry = RetryPolicy { attempts_max: 100, elapsed_max: Duration::from_secs(60), ..RetryPolicy::default() };
    let load = Load::start(url, Settings { retry, ..Settings::default() }, LoadPlan::default());
    let mut panics = 0;
    for _ in 0..3 {
        load.wait_for_more(500, Duration::from_secs(60));
        bound_files_of(&server);
        end_sessions(&server.socket_url("template1"));
        wait_until("the server has given up", || count_panics(&server.log()) > panics);
        panics = count_panics(&server.log());
        start_with_room(&server);
    }
    load.wait_for_more(500, Duration::from_secs(60));
    let result = load.stop();
    assert_eq!(result.count(Verdict::Unknown) + result.count(Verdict::Failed), 0, "{result}");
    report(&format!("PostgreSQL without room for its log: {panics} times given up"));
    result.assert_exactly_once_and_sound("no room for the log", &mut Plain::postgres(&server.socket_url("postgres")));
}

/// Keeps new sessions from writing beyond the first megabyte of a file. The end of the log is beyond it.
fn bound_files_of(server: &PostgresServer) {
    let owner = server.home().metadata().expect("it is there");
    let mut command = Command::new("prlimit");
    command.uid(owner.uid()).gid(owner.gid()).args(["--pid", &server.pid().to_string(), "--fsize=1048576:"]);
    assert!(command.status().expect("prlimit can be run").success());
}

fn end_sessions(url: &str) {
    Plain::postgres(url).execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
    );
}

fn count_panics(log: &str) -> usize {
    log.lines().filter(|line| line.contains("PANIC:")).count()
}

/// Starts the server without the limit. Recovery needs room, too: without it the server tries again and again, or ends.
fn start_with_room(server: &PostgresServer) {
    if is_running(server) {
        server.stop(StopMode::Immediate);
    }
    server.start();
}

fn is_running(server: &PostgresServer) -> bool {
    let pid_file = server.home().join("data").join("postmaster.pid");
    let pid = std::fs::read_to_string(pid_file).ok().and_then(|text| text.lines().next().map(str::to_owned));
    pid.is_some_and(|pid| Path::new("/proc").join(pid.trim()).exists())
}
