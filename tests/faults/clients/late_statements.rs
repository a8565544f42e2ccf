//! Autocommit statements, which post single transfers, held up in transit. There they hold no locks, and they may reach
//! the server long after their client has tried again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bank_domain::{Rejection, Transfer};
use bank_persistence::posting::IN_FLIGHT_MAX;
use bank_persistence::{Bank, BankError, RetryObserver, Settings};
use bank_tests::fixtures::{balance, open, post, posted, rejected, transfer};
use bank_tests::invariants::assert_sound;
use bank_tests::proxy::{Plan, Proxy};
use bank_tests::wait::wait_until;
use bank_tests::{TestBackend, TestDatabase, postgres};

use super::support::report;

/// A bank behind a proxy that can hold its connections, and one with a direct connection.
struct Scene {
    database: TestDatabase,
    direct: Bank,
    proxy: Proxy,
    delayed: Bank,
    rich_to_poor: Transfer,
    poor_to_other: Transfer,
    /// How many attempts of the delayed bank were repeated.
    retries: Arc<AtomicU32>,
}

impl Scene {
    fn new(is_warm: bool) -> Self {
        let database = TestBackend::Postgres.database();
        let direct = database.bank();
        let [rich, poor, other] = [("rich", 1000), ("poor", 0), ("other", 0)].map(|(n, b)| open(&direct, n, b).id);
        let proxy = Proxy::start(postgres::shared().port(), Plan::pass());
        let retries = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&retries);
        let on_retry = RetryObserver::new(move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
        });
        let answer_timeout = Duration::from_millis(400);
        let settings = Settings { answer_timeout, on_retry: Some(on_retry), ..Settings::default() };
        let delayed = Bank::connect(&database.url_through(proxy.port()).parse().unwrap(), settings).unwrap();
        if is_warm {
            // Now it has a prepared statement, and the server's time.
            posted(post(&delayed, transfer(rich, other, 1)));
        }
        let (rich_to_poor, poor_to_other) = (transfer(rich, poor, 100), transfer(poor, other, 100));
        Self { database, direct, proxy, delayed, rich_to_poor, poor_to_other, retries }
    }

    fn is_posted(&self, transfer: &Transfer) -> bool {
        self.direct.find_transfer(transfer.id).unwrap().is_some()
    }
}

#[test]
fn a_rejected_transfer_is_not_posted_by_a_statement_that_arrives_late() {
    for (is_warm, hangs_up) in [(true, false), (true, true), (false, false), (false, true)] {
        let scene = Scene::new(is_warm);
        scene.proxy.hold();
        let outcome = thread::scope(|scope| {
            let posting = scope.spawn(|| post(&scene.delayed, &scene.poor_to_other));
            scene.proxy.wait_for_held(1);
            if hangs_up {
                scene.proxy.hang_up();
            }
            posting.join().unwrap()
        });
        assert!(matches!(rejected(outcome), Rejection::InsufficientFunds { .. }));
        posted(post(&scene.direct, &scene.rich_to_poor));
        scene.proxy.release();
        assert!(!scene.is_posted(&scene.poor_to_other), "warm: {is_warm}, hung up: {hangs_up}");
        assert_eq!(balance(&scene.direct, "poor"), 100);
        assert_sound(&scene.database);
    }
    report("4 statements that reached the server after their transfers were rejected, without an effect");
}

#[test]
fn a_rejection_is_not_reported_while_an_earlier_statement_can_still_arrive() {
    const TRIES: usize = 10;
    for _ in 0..TRIES {
        let scene = Scene::new(true);
        scene.proxy.hold();
        let started = Instant::now();
        let (outcome, arrived_in_time) = thread::scope(|scope| {
            let posting = scope.spawn(|| post(&scene.delayed, &scene.poor_to_other));
            scene.proxy.wait_for_held(1);
            scene.proxy.hang_up();
            // The first attempt has lost its connection, and the second one would have been rejected.
            wait_until("two attempts have failed", || scene.retries.load(Ordering::SeqCst) >= 2);
            posted(post(&scene.direct, &scene.rich_to_poor));
            scene.proxy.release();
            let arrived_in_time = started.elapsed() < IN_FLIGHT_MAX;
            (posting.join().unwrap(), arrived_in_time)
        });
        if !arrived_in_time {
            // On a busy machine the statement is too late, which is the case of the test above.
            continue;
        }
        assert_eq!(outcome.status(), "replayed", "the statement arrived in time, and is found");
        let both = [scene.rich_to_poor.clone(), scene.poor_to_other.clone()];
        assert!(both.iter().all(|transfer| scene.is_posted(transfer)));
        assert_eq!(balance(&scene.direct, "poor"), 0);
        assert_sound(&scene.database);
        report(
            "1 statement that reached the server after its transfer was rejected, and was found by the next attempt",
        );
        return;
    }
    panic!("the statement was too late {TRIES} times");
}

#[test]
fn a_committed_result_that_the_domain_disagrees_with_is_an_unknown_outcome() {
    let database = TestBackend::Postgres.database();
    let bank = database.bank();
    let [a, b] = [("a", 100), ("b", 0)].map(|(name, balance)| open(&bank, name, balance).id);
    database.plain().execute(
        "CREATE FUNCTION gift() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN NEW.balance := NEW.balance + 1; RETURN NEW; END $$;
         CREATE TRIGGER gift BEFORE UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION gift()",
    );
    let order = transfer(a, b, 10);
    let error = bank.post(&order).unwrap_err();
    let BankError::OutcomeUnknown { ids, source, .. } = &error else { panic!("{error}") };
    assert_eq!((&ids[..], matches!(**source, BankError::InvariantViolation { .. })), (&[order.id][..], true));
    assert!(bank.find_transfer(order.id).unwrap().is_some());
}
