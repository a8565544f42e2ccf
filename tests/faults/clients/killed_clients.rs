//! `bank-cli transfer`, killed at random and run again with the same id.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use bank_domain::{AccountId, Transfer};
use bank_tests::cli::{Run, Sandbox};
use bank_tests::fixtures::{open_many, random_transfers};
use bank_tests::invariants::{assert_exactly_once, assert_sound};
use bank_tests::threads::concurrently;
use bank_tests::{TestBackend, TestDatabase};

use super::support::{ids, report, scaled};

const ACCOUNTS: usize = 10;

#[test]
fn a_killed_client_run_again_has_posted_once_on_sqlite() {
    kill_and_run_again(TestBackend::Sqlite, 1);
}

#[test]
fn a_killed_client_run_again_has_posted_once_on_postgres() {
    kill_and_run_again(TestBackend::Postgres, 1);
}

#[test]
fn killed_clients_among_others_corrupt_and_lose_nothing_on_sqlite() {
    kill_and_run_again(TestBackend::Sqlite, 6);
}

#[test]
fn killed_clients_among_others_corrupt_and_lose_nothing_on_postgres() {
    kill_and_run_again(TestBackend::Postgres, 6);
}

fn kill_and_run_again(backend: TestBackend, clients: usize) {
    let teller = Teller::open(backend);
    let longest = teller.time_of_a_run(clients);
    let kills = scaled(100).div_ceil(clients);
    let victims = concurrently(clients, |_| {
        let mut victims = Vec::new();
        while victims.iter().filter(|victim: &&Victim| victim.killed).count() < kills {
            let order = random_transfers(fastrand::u64(..), &teller.accounts, 1, 10).remove(0);
            victims.push(teller.kill_within(order, longest));
        }
        victims
    });
    let victims = victims.concat();
    let orders: Vec<Transfer> = victims.iter().map(|victim| victim.order.clone()).collect();
    let acknowledged: Vec<Transfer> =
        victims.iter().filter(|victim| victim.acknowledged).map(|victim| victim.order.clone()).collect();
    teller.check(&orders, &acknowledged);

    let statuses = concurrently(clients, |client| {
        let mine = victims.iter().skip(client).step_by(clients);
        mine.map(|victim| teller.run_again(victim)).collect::<Vec<_>>()
    });
    let statuses = statuses.concat();
    teller.check(&orders, &orders);
    let killed = victims.iter().filter(|victim| victim.killed).count();
    report(&format!(
        "{backend:?}, {clients} concurrent bank-cli: {killed} of {} killed within {} ms, {} of all had reported success; run \
         again: {} posted, {} replayed",
        victims.len(),
        longest.as_millis(),
        acknowledged.len(),
        statuses.iter().filter(|status| *status == "posted").count(),
        statuses.iter().filter(|status| *status == "replayed").count(),
    ));
    assert!(killed >= scaled(100), "nothing was injected");
}

#[derive(Clone, Debug)]
struct Victim {
    order: Transfer,
    killed: bool,
    /// It printed that the transfer was posted before it ended or was killed.
    acknowledged: bool,
}

struct Teller {
    database: TestDatabase,
    sandbox: Sandbox,
    accounts: Vec<AccountId>,
}

impl Teller {
    fn open(backend: TestBackend) -> Self {
        let database = backend.database();
        let accounts = open_many(&database.bank(), ACCOUNTS, 1_000_000);
        let sandbox = Sandbox::new(env!("CARGO_BIN_EXE_bank-cli-under-test")).database_url(database.url_text());
        Self { database, sandbox, accounts }
    }

    fn command(&self, order: &Transfer) -> Command {
        let name = |id: AccountId| {
            let place = self.accounts.iter().position(|account| *account == id).expect("it was opened");
            format!("a{place}")
        };
        let (from, to) = (name(order.from), name(order.to));
        let (amount, id) = (order.amount.to_string(), order.id.to_string());
        self.sandbox.command(&["transfer", "--from", &from, "--to", &to, "--amount", &amount, "--id", &id])
    }

    /// Returns how long a whole run takes; it only lists the accounts. The median of several runs counts: after a single run
    /// that another process has slowed down, nearly all victims would end before they are killed.
    fn time_of_a_run(&self, clients: usize) -> Duration {
        const RUNS: usize = 5;
        let time = || {
            let started = Instant::now();
            let run = Run::to_end(&mut self.sandbox.command(&["list"]));
            assert_eq!(run.code, Some(0), "{run:?}");
            started.elapsed()
        };
        let times = concurrently(clients, |_| {
            let mut times: Vec<Duration> = (0..RUNS).map(|_| time()).collect();
            times.sort_unstable();
            times[RUNS / 2]
        });
        // A transfer takes longer than a list, and some runs should be killed after the transfer.
        times.into_iter().max().expect("there is a client") * 3 / 2
    }

    fn kill_within(&self, order: Transfer, longest: Duration) -> Victim {
        let mut child = self.command(&order).spawn().expect("bank-cli can be started");
        thread::sleep(longest.mul_f64(fastrand::f64()));
        child.kill().expect("it has not been waited for");
        let output = child.wait_with_output().expect("it ends");
        let acknowledged = String::from_utf8_lossy(&output.stdout).contains("Transferred");
        let killed = output.status.signal().is_some();
        assert!(killed || output.status.success(), "{order:?}: {output:?}");
        Victim { order, killed, acknowledged }
    }

    /// Runs the same transfer to its end and returns its status.
    fn run_again(&self, victim: &Victim) -> String {
        let run = Run::to_end(&mut self.command(&victim.order));
        assert_eq!(run.code, Some(0), "{victim:?}: {run:?}");
        let status = run.stdout.lines().find_map(|line| line.strip_prefix("status = ")).expect("it has a status");
        assert!(!victim.acknowledged || status == "replayed", "{victim:?} is {status} again");
        status.to_owned()
    }

    fn check(&self, submitted: &[Transfer], acknowledged: &[Transfer]) {
        assert_exactly_once(&self.database, submitted, &ids(acknowledged));
        assert_sound(&self.database);
        if self.database.is_sqlite() {
            let integrity = self.database.plain().texts("SELECT integrity_check AS value FROM pragma_integrity_check");
            assert_eq!(integrity, ["ok"]);
        }
    }
}
