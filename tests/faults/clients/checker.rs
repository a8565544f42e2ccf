//! The checker is checked: each of these incorrect clients must turn it red.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bank_domain::{AccountId, Transfer};
use bank_persistence::{Bank, BankError, new_transfer_id};
use bank_tests::fixtures::{open_many, random_transfers};
use bank_tests::invariants::{Ledger, assert_exactly_once};
use bank_tests::plain::Plain;
use bank_tests::proxy::{Fault, Plan, Proxy};
use bank_tests::{TestBackend, TestDatabase, postgres};

use super::support::{ids, report, without_retry};

#[test]
fn a_client_that_takes_a_new_id_for_each_retry_is_found() {
    let said = check_client("takes a new id for each retry", Fault::CutAfter, |bank, order| {
        let mut again = order.clone();
        while let Err(error) = bank.post(&again) {
            assert!(matches!(error, BankError::OutcomeUnknown { .. }), "{error:?}");
            again.id = new_transfer_id();
        }
    });
    assert!(said.contains("I8: nobody submitted"), "{said}");
}

#[test]
fn a_client_that_skips_the_retry_is_found() {
    let said = check_client("skips the retry", Fault::CutBefore, |bank, order| {
        // "It was as good as done": whatever the answer, the client goes on.
        bank.post(order).ok();
    });
    assert!(said.contains("was acknowledged and is not there"), "{said}");
}

/// Lets a client post through a proxy that cuts every second COMMIT, counts each transfer as acknowledged, and returns
/// the message of the checker.
fn check_client(what: &str, cut: Fault, client: impl Fn(&Bank, &Transfer)) -> String {
    let database = TestBackend::Postgres.database();
    let accounts = open_many(&database.bank(), 10, 1_000_000);
    let proxy = Proxy::start(
        postgres::shared().port(),
        Plan::at_commits(move |commit| commit.is_multiple_of(2).then_some(cut)),
    );
    let url = database.url_through(proxy.port()).parse().unwrap();
    let bank = Bank::connect(&url, without_retry()).unwrap();
    let orders = random_transfers(9, &accounts, 20, 10);
    for order in &orders {
        client(&bank, order);
    }
    let said = red(|| assert_exactly_once(&database, &orders, &ids(&orders)));
    report(&format!("checker: a client that {what} over {} cuts: red: {said}", proxy.faults()));
    assert!(proxy.faults() > 0, "nothing was injected");
    said
}

#[test]
fn a_client_that_reads_and_writes_without_a_lock_is_found() {
    let database = TestBackend::Postgres.database();
    let accounts = open_many(&database.bank(), 3, 100);
    let (from, to) = (accounts[0], [accounts[1], accounts[2]]);
    let violations_after = |interleaved: bool| {
        let mut clients = to.map(|to| LocklessClient::open(&database, from, to));
        if interleaved {
            clients.iter_mut().for_each(LocklessClient::read);
            clients.iter_mut().for_each(LocklessClient::write);
        } else {
            for client in &mut clients {
                client.read();
                client.write();
            }
        }
        Ledger::read(&database).violations()
    };
    assert_eq!(violations_after(false), Vec::<String>::new(), "one after the other they do no harm");
    let violations = violations_after(true);
    report(&format!("checker: 1 lost update: red: {}", violations.join("; ")));
    for invariant in ["I2", "I3", "I4"] {
        assert!(violations.iter().any(|violation| violation.starts_with(invariant)), "{invariant}: {violations:?}");
    }
    assert!(!database.bank().audit().unwrap().is_sound(), "bank's own audit finds it, too");
}

/// Moves 10 without locks: reads both balances, computes, writes.
struct LocklessClient {
    plain: Plain,
    accounts: [AccountId; 2],
    balances: [i64; 2],
}

impl LocklessClient {
    fn open(database: &TestDatabase, from: AccountId, to: AccountId) -> Self {
        Self { plain: database.plain(), accounts: [from, to], balances: [0; 2] }
    }

    fn read(&mut self) {
        self.plain.execute("BEGIN");
        for (balance, account) in self.balances.iter_mut().zip(self.accounts) {
            *balance = self.plain.number(&format!("SELECT balance AS value FROM accounts WHERE id = {account}"));
        }
    }

    /// Writes correct versions, so that the journal's unique keys are not violated.
    fn write(&mut self) {
        let [from, to] = self.accounts;
        let [from_balance, to_balance] = [self.balances[0] - 10, self.balances[1] + 10];
        let id = new_transfer_id();
        for (account, balance) in [(from, from_balance), (to, to_balance)] {
            self.plain.execute(&format!(
                "UPDATE accounts SET balance = {balance}, version = version + 1 WHERE id = {account}"
            ));
        }
        self.plain.execute(&format!(
            "INSERT INTO transfers (id, from_account_id, to_account_id, amount, from_version, to_version, \
             from_balance_after, to_balance_after, kind) SELECT '{id}', f.id, t.id, 10, f.version, t.version, f.balance, \
             t.balance, 1 FROM accounts f, accounts t WHERE f.id = {from} AND t.id = {to}"
        ));
        self.plain.execute("COMMIT");
    }
}

/// Runs a check that must fail, and returns its message.
#[track_caller]
fn red(check: impl FnOnce()) -> String {
    match catch_unwind(AssertUnwindSafe(check)) {
        Ok(()) => panic!("the checker has seen nothing"),
        Err(panic) => *panic.downcast::<String>().expect("a check fails with words"),
    }
}
