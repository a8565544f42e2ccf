//! Connections that are cut around COMMIT, so that the client cannot know the outcome.

use std::time::Duration;

use bank_domain::{Outcome, Transfer};
use bank_persistence::{Bank, Session, Settings};
use bank_tests::fixtures::{open_many, random_transfers};
use bank_tests::invariants::{assert_exactly_once, assert_sound};
use bank_tests::proxy::{Fault, Plan, Proxy};
use bank_tests::threads::concurrently;
use bank_tests::{TestBackend, TestDatabase, postgres};

use super::support::{ids, patient, report, scaled};

const CLIENTS: usize = 6;

/// The two ways in which a single transfer is committed: by an autocommit statement, and by a COMMIT.
fn both_ways(settings: Settings) -> [Settings; 2] {
    let autocommit = Settings { session: Session::Dedicated, ..settings.clone() };
    let in_transaction = Settings { session: Session::Pooled, ..settings };
    [autocommit, in_transaction]
}

#[test]
fn transfers_cut_before_their_commit_are_posted_by_the_resubmission() {
    for settings in both_ways(patient(CLIENTS)) {
        let run = CutCommits::with_cuts(Fault::CutBefore, scaled(150), settings);
        assert_eq!(run.replayed, 0, "nothing had been committed: {run:?}");
    }
}

#[test]
fn transfers_cut_halfway_through_their_commit_are_posted_by_the_resubmission() {
    for settings in both_ways(patient(CLIENTS)) {
        let run = CutCommits::with_cuts(Fault::CutHalfway, scaled(150), settings);
        assert_eq!(run.replayed, 0, "nothing had been committed: {run:?}");
    }
}

#[test]
fn transfers_cut_after_their_commit_are_found_posted_by_the_resubmission() {
    for settings in both_ways(patient(CLIENTS)) {
        let run = CutCommits::with_cuts(Fault::CutAfter, scaled(150), settings);
        assert!(run.replayed > 0, "what had been committed is found: {run:?}");
    }
}

#[test]
fn transfers_whose_commit_is_never_answered_are_found_posted_by_the_resubmission() {
    // The pool is as small as elsewhere: an abandoned attempt must not keep its connection.
    let hangs = scaled(15);
    let settings = Settings { answer_timeout: Duration::from_millis(300), ..patient(CLIENTS) };
    for settings in both_ways(settings) {
        let run = CutCommits::with_cuts(Fault::Hang, hangs, settings);
        assert!(run.replayed > 0, "what had been committed is found: {run:?}");
    }
}

#[test]
fn transfers_cut_in_any_way_are_posted_once() {
    // A prime number, so that the attempts of one transfer are cut in different ways.
    let plan = |commit: u32| match commit % 7 {
        0 | 4 => Some(Fault::CutBefore),
        1 => Some(Fault::CutAfter),
        3 => Some(Fault::CutHalfway),
        _ => None,
    };
    for settings in both_ways(patient(CLIENTS)) {
        let run = CutCommits::post_all(plan, scaled(150), settings);
        assert!(run.replayed > 0, "found applied: {run:?}");
        assert!(run.not_applied_cuts() > 0, "applied by the re-submission: {run:?}");
    }
}

#[test]
fn batches_cut_in_any_way_are_posted_once() {
    let plan = |commit: u32| commit.is_multiple_of(2).then_some(Fault::ALL[usize::try_from(commit / 2 % 3).unwrap()]);
    let database = TestBackend::Postgres.database();
    let proxy = Proxy::start(postgres::shared().port(), Plan::at_commits(plan));
    let accounts = open_many(&database.bank(), 10, 100_000);
    let bank = connect(&proxy, &database, patient(CLIENTS));
    let orders = random_transfers(4, &accounts, scaled(60) * 50, 10);
    let batches: Vec<&[Transfer]> = orders.chunks(50).collect();
    let share = batches.len().div_ceil(CLIENTS);
    let outcomes = concurrently(CLIENTS, |client| {
        let mine = batches.iter().skip(client * share).take(share);
        mine.map(|batch| bank.post_batch(batch).expect("the batch is posted")).collect::<Vec<_>>()
    });
    let outcomes: Vec<Vec<Outcome>> = outcomes.concat();
    for batch in &outcomes {
        let first = batch[0].status();
        assert!(first != "rejected" && batch.iter().all(|outcome| outcome.status() == first), "all or nothing");
    }
    let cuts: u32 = proxy.faults();
    report(&format!("{} batches of 50, {cuts} cuts around COMMIT", outcomes.len()));
    assert!(cuts > 0 && outcomes.iter().any(|batch| batch[0].status() == "replayed"));
    assert_exactly_once(&database, &orders, &ids(&orders));
    assert_sound(&database);
}

/// The result of posting through a proxy.
#[derive(Debug)]
struct CutCommits {
    autocommit: bool,
    calls: u32,
    commits: u32,
    cuts: [u32; 4],
    posted: u32,
    replayed: u32,
}

impl CutCommits {
    /// Cuts this many COMMITs in one way, and lets one pass after each. With autocommit, finding a transfer posted takes
    /// two COMMITs; so two pass then, or the transfer would be cut again and again.
    fn with_cuts(cut: Fault, cuts: usize, settings: Settings) -> Self {
        let passed: u32 = if settings.session.is_kept() { 2 } else { 1 };
        let calls = cuts * usize::try_from(passed).unwrap();
        let run = Self::post_all(move |commit| commit.is_multiple_of(passed + 1).then_some(cut), calls, settings);
        let injected: u32 = run.cuts.iter().sum();
        assert!(usize::try_from(injected).unwrap() >= cuts, "{cuts} cuts were wanted: {run:?}");
        run
    }

    /// Posts this many transfers, each in a call of its own, and checks every outcome.
    fn post_all(plan: impl Fn(u32) -> Option<Fault> + Send + Sync + 'static, calls: usize, settings: Settings) -> Self {
        let database = TestBackend::Postgres.database();
        let accounts = open_many(&database.bank(), 20, 1_000_000);
        let proxy = Proxy::start(postgres::shared().port(), Plan::at_commits(plan));
        let autocommit = settings.session.is_kept();
        let bank = connect(&proxy, &database, settings);
        // One more for each client, so that all have the same number.
        let share = calls.div_ceil(CLIENTS) + 1;
        let orders = random_transfers(fastrand::u64(..), &accounts, share * CLIENTS, 10);
        let outcomes = concurrently(CLIENTS, |client| {
            let mine = orders[client * share..][..share].iter();
            mine.map(|order| bank.post(order).expect("every outcome is learnt")).collect::<Vec<_>>()
        });
        let outcomes = outcomes.concat();
        let count = |status| outcomes.iter().filter(|outcome| outcome.status() == status).count();
        let run = Self {
            autocommit,
            calls: u32::try_from(orders.len()).unwrap(),
            commits: proxy.asked(),
            cuts: Fault::ALL.map(|fault| proxy.count(fault)),
            posted: u32::try_from(count("posted")).unwrap(),
            replayed: u32::try_from(count("replayed")).unwrap(),
        };
        run.report();
        proxy.hang_up();
        run.check();
        assert_exactly_once(&database, &orders, &ids(&orders));
        assert_sound(&database);
        run
    }

    /// Checks that every cut was followed by another COMMIT, and that every call ended with one that was answered.
    fn check(&self) {
        let cuts: u32 = self.cuts.iter().sum();
        assert!(cuts > 0, "nothing was injected");
        assert_eq!(self.posted + self.replayed, self.calls, "{self:?}");
        let least = self.calls + cuts;
        assert!(self.commits >= least, "each cut was followed by a re-submission: {self:?}");
        // If the autocommit statement finds the id in the journal, a transaction follows.
        assert!(self.autocommit || self.commits == least, "{self:?}");
        let applied: u32 = self.applied_cuts();
        assert!(self.replayed <= applied, "a call is replayed only if its first COMMIT was carried out: {self:?}");
        // A transfer that is cut again is found more than once, but it was applied once.
        assert_eq!(applied > 0, self.replayed > 0, "{self:?}");
    }

    fn applied_cuts(&self) -> u32 {
        self.cuts_where(Fault::is_applied)
    }

    fn not_applied_cuts(&self) -> u32 {
        self.cuts_where(|cut| !cut.is_applied())
    }

    fn cuts_where(&self, wanted: impl Fn(Fault) -> bool) -> u32 {
        Fault::ALL.iter().zip(self.cuts).filter(|(cut, _)| wanted(**cut)).map(|(_, count)| count).sum()
    }

    fn report(&self) {
        let Self { calls, commits, cuts: [before, halfway, after, hang], posted, replayed, autocommit } = self;
        let way = if *autocommit { "by autocommit" } else { "in a transaction" };
        report(&format!(
            "posted {way}, COMMIT cut {before} times before, {halfway} half-way, {after} after, {hang} hung; {calls} transfers over \
             {commits} COMMITs: {posted} posted, {replayed} replayed"
        ));
    }
}

fn connect(proxy: &Proxy, database: &TestDatabase, settings: Settings) -> Bank {
    let url = database.url_through(proxy.port()).parse().unwrap();
    Bank::connect(&url, settings).expect("the proxy lets connections through")
}
