//! Single transfers that are one statement, which commits by itself. One that gets stuck on its way holds no locks that
//! anybody would wait for, and may reach the server when its client has long tried again.

use std::thread;
use std::time::Duration;

use bank_domain::{Rejection, Transfer};
use bank_persistence::{Bank, BankError, Settings};
use bank_tests::fixtures::{balance, open, post, posted, rejected, transfer};
use bank_tests::invariants::assert_sound;
use bank_tests::proxy_delays::DelayingProxy;
use bank_tests::{TestBackend, TestDatabase, postgres};

use super::support::report;

/// How long such a statement may take to get to the server and still write.
const AT_ONCE_MAX: Duration = Duration::from_secs(2);

/// A bank behind a proxy that holds the connection it has used, beside one with a way of its own.
struct Scene {
    database: TestDatabase,
    direct: Bank,
    proxy: DelayingProxy,
    delayed: Bank,
    rich_to_poor: Transfer,
    poor_to_other: Transfer,
}

impl Scene {
    fn new(is_warm: bool) -> Self {
        let database = TestBackend::Postgres.database();
        let direct = database.bank();
        let [rich, poor, other] = [("rich", 1000), ("poor", 0), ("other", 0)].map(|(n, b)| open(&direct, n, b).id);
        let proxy = DelayingProxy::start(postgres::shared().port());
        let settings = Settings { answer_timeout: Duration::from_millis(400), ..Settings::default() };
        let delayed = Bank::connect(&database.url_through(proxy.port()).parse().unwrap(), settings).unwrap();
        if is_warm {
            // Now it has a prepared statement, and knows the server's time.
            posted(post(&delayed, transfer(rich, other, 1)));
        }
        let (rich_to_poor, poor_to_other) = (transfer(rich, poor, 100), transfer(poor, other, 100));
        Self { database, direct, proxy, delayed, rich_to_poor, poor_to_other }
    }

    fn is_posted(&self, transfer: &Transfer) -> bool {
        self.direct.find_transfer(transfer.id).unwrap().is_some()
    }
}

#[test]
fn what_was_refused_is_not_posted_by_a_statement_that_arrives_late() {
    for (is_warm, hangs_up) in [(true, false), (true, true), (false, false), (false, true)] {
        let scene = Scene::new(is_warm);
        scene.proxy.hold();
        let outcome = thread::scope(|scope| {
            let posting = scope.spawn(|| post(&scene.delayed, &scene.poor_to_other));
            if hangs_up {
                thread::sleep(Duration::from_millis(100));
                scene.proxy.hang_up();
            }
            posting.join().unwrap()
        });
        assert!(matches!(rejected(outcome), Rejection::InsufficientFunds { .. }));
        posted(post(&scene.direct, &scene.rich_to_poor));
        scene.proxy.release();
        thread::sleep(Duration::from_millis(500));
        assert!(!scene.is_posted(&scene.poor_to_other), "warm: {is_warm}, hung up: {hangs_up}");
        assert_eq!(balance(&scene.direct, "poor"), 100);
        assert_sound(&scene.database);
    }
    report("4 statements that got to the server after their transfers were refused, without an effect");
}

#[test]
fn a_refusal_is_no_outcome_while_an_earlier_statement_can_still_arrive() {
    let scene = Scene::new(true);
    scene.proxy.hold();
    let outcome = thread::scope(|scope| {
        let posting = scope.spawn(|| post(&scene.delayed, &scene.poor_to_other));
        thread::sleep(Duration::from_millis(100));
        scene.proxy.hang_up();
        // By now it was tried again, and refused.
        thread::sleep(AT_ONCE_MAX / 4);
        posted(post(&scene.direct, &scene.rich_to_poor));
        scene.proxy.release();
        posting.join().unwrap()
    });
    assert_eq!(outcome.status(), "replayed", "the statement got there in time, and is found");
    let both = [scene.rich_to_poor.clone(), scene.poor_to_other.clone()];
    assert!(both.iter().all(|transfer| scene.is_posted(transfer)));
    assert_eq!(balance(&scene.direct, "poor"), 0);
    assert_sound(&scene.database);
    report("1 statement that got to the server after its transfer was refused, and was found by the next attempt");
}

#[test]
fn what_was_committed_otherwise_than_the_rules_decide_is_not_called_rolled_back() {
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
