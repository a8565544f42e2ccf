//! One id, sent by many concurrent threads.

use bank_domain::{Outcome, Rejection, Transfer, TransferId};
use bank_persistence::new_transfer_id;
use bank_tests::TestBackend;
use bank_tests::fixtures::{open_many, post, transfer_with_id};
use bank_tests::invariants::{assert_exactly_once, assert_sound};
use bank_tests::threads::concurrently;

use super::support::{patient, report, scaled};

const THREADS: usize = 16;

#[test]
fn one_content_from_16_threads_is_posted_once_on_postgres() {
    same_content(TestBackend::Postgres, 100);
}

#[test]
fn one_content_from_16_threads_is_posted_once_on_sqlite() {
    same_content(TestBackend::Sqlite, 40);
}

#[test]
fn one_of_16_contents_wins_on_postgres() {
    different_content(TestBackend::Postgres, 100);
}

#[test]
fn one_of_16_contents_wins_on_sqlite() {
    different_content(TestBackend::Sqlite, 40);
}

fn same_content(backend: TestBackend, rounds: usize) {
    let run = Rounds::run(backend, scaled(rounds), |_, id, accounts, _| (id, accounts[0], accounts[1], 10));
    assert_eq!(run.count("posted"), run.rounds, "exactly one is posted");
    assert_eq!(run.count("replayed"), run.rounds * (THREADS - 1), "and all others get the same outcome");
    for outcomes in &run.outcomes {
        assert!(outcomes.iter().all(|outcome| outcome.posted() == outcomes[0].posted()), "{outcomes:?}");
    }
    run.report("same content");
}

fn different_content(backend: TestBackend, rounds: usize) {
    let run = Rounds::run(backend, scaled(rounds), |round, id, accounts, thread| {
        // In every second round no two threads share an account, so that no lock separates them.
        let (from, to) = if round.is_multiple_of(2) { (0, 1) } else { (2 * thread, 2 * thread + 1) };
        (id, accounts[from], accounts[to], 1 + i64::try_from(thread).unwrap())
    });
    assert_eq!(run.count("posted"), run.rounds, "exactly one content wins");
    for outcome in run.outcomes.iter().flatten().filter(|outcome| outcome.status() != "posted") {
        assert!(matches!(outcome, Outcome::Rejected(Rejection::IdConflict { .. })), "{outcome:?}");
    }
    run.report("different content and accounts");
}

struct Rounds {
    backend: TestBackend,
    rounds: usize,
    /// The outcomes of each round, by thread.
    outcomes: Vec<Vec<Outcome>>,
}

type Account = bank_domain::AccountId;

impl Rounds {
    /// Lets all threads post at the same time, in each round with a new id, and checks the ledger.
    fn run(
        backend: TestBackend,
        rounds: usize,
        order: impl Fn(usize, TransferId, &[Account], usize) -> (TransferId, Account, Account, i64) + Sync,
    ) -> Self {
        let database = backend.database();
        let bank = database.bank_with(patient(THREADS));
        let accounts = open_many(&bank, 2 * THREADS, 1_000_000);
        let mut winners: Vec<Transfer> = Vec::new();
        let mut outcomes = Vec::new();
        for round in 0..rounds {
            let id = new_transfer_id();
            let of_round = concurrently(THREADS, |thread| {
                let (id, from, to, amount) = order(round, id, &accounts, thread);
                post(&bank, transfer_with_id(id, from, to, amount))
            });
            let winner = of_round.iter().find_map(Outcome::posted).expect("one is posted");
            winners.push(winner.transfer.clone());
            outcomes.push(of_round);
        }
        let acknowledged: Vec<TransferId> = winners.iter().map(|transfer| transfer.id).collect();
        assert_exactly_once(&database, &winners, &acknowledged);
        assert_sound(&database);
        Self { backend, rounds, outcomes }
    }

    fn count(&self, status: &str) -> usize {
        self.outcomes.iter().flatten().filter(|outcome| outcome.status() == status).count()
    }

    fn report(&self, what: &str) {
        report(&format!(
            "{:?}: {} ids from {THREADS} concurrent threads, {what}: {} posted, {} replayed, {} conflicts",
            self.backend,
            self.rounds,
            self.count("posted"),
            self.count("replayed"),
            self.count("rejected"),
        ));
        assert!(self.rounds > 0, "nothing was injected");
    }
}
