//! Any sequence of payments, reversals and changes of accounts, against a second, naive model.

mod domain;
mod model;
mod step;
mod store;
mod translation;

use std::cell::Cell;

use bank_domain::{Account, Currency, CurrencyCode, Outcome, Scale};
use bank_persistence::Bank;
use bank_tests::invariants::assert_sound;
use bank_tests::threads::concurrently;
use bank_tests::{TestBackend, TestDatabase};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use self::domain::Domain;
use self::model::{Model, ModelAccount};
use self::step::{Opening, Step, openings, step};
use self::store::Store;
use self::translation::Translation;

fn code(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Rejected(reason) => reason.code(),
        other => other.status(),
    }
}

fn database(backend: TestBackend) -> (TestDatabase, Bank) {
    let database = backend.database();
    let bank = database.bank();
    bank.add_currency(Currency { code: CurrencyCode::new("POINTS").unwrap(), scale: Scale::new(3).unwrap() }).unwrap();
    (database, bank)
}

pub(crate) fn any_sequence_agrees_with_a_naive_model(backend: TestBackend) {
    let (database, bank) = database(backend);
    let (cases, posted) = (Cell::new(0), Cell::new(0));
    let config = Config { cases: 96, failure_persistence: None, ..Config::default() };
    let sequences = (openings(), prop::collection::vec(step(), 1..40));
    let agreed = TestRunner::new(config).run(&sequences, |(openings, steps)| {
        cases.set(cases.get() + 1);
        posted.set(posted.get() + run_sequence(&bank, format!("case {}", cases.get()), &openings, &steps)?);
        Ok(())
    });
    agreed.unwrap();
    assert!(posted.get() > 100, "hardly anything was posted: {}", posted.get());
    assert_sound(&database);
}

/// Takes the steps on the model, on the domain and on the ledger, and returns how many transfers were posted.
fn run_sequence(bank: &Bank, name: String, openings: &[Opening], steps: &[Step]) -> Result<usize, TestCaseError> {
    let translation = Translation::open(bank, name, openings);
    let (mut model, mut domain) = (Model::open(openings), Domain::new(&translation));
    let store = Store { bank, translation: &translation };
    for step in steps {
        let expected = model.take(step);
        prop_assert_eq!(domain.take(step), expected.clone(), "the domain: {:?}", step);
        prop_assert_eq!(store.take(step), expected, "the ledger: {:?}", step);
    }
    let now = store.accounts();
    for (place, expected) in model.accounts.iter().enumerate() {
        compare(&now[place], expected, &translation)?;
        prop_assert_eq!(&now[place], &domain.accounts[place]);
        for name in &expected.names {
            let found = bank.find_account(&translation.name(*name)).unwrap().unwrap();
            prop_assert_eq!(found.id, now[place].id, "a former name leads to the account");
        }
    }
    Ok(model.transfers())
}

fn compare(account: &Account, expected: &ModelAccount, translation: &Translation) -> Result<(), TestCaseError> {
    prop_assert_eq!(i128::from(account.balance.get()), expected.balance);
    prop_assert_eq!(i128::from(account.overdraft_limit.get()), expected.limit);
    prop_assert_eq!(account.version.get(), expected.version);
    prop_assert_eq!(account.status.name(), expected.status);
    if let Some(name) = expected.names.last() {
        prop_assert_eq!(&account.name, &translation.name(*name));
    }
    Ok(())
}

/// Eight threads take steps of their own on the same accounts.
pub(crate) fn eight_threads_that_do_anything_leave_a_sound_ledger(backend: TestBackend) {
    const RUNS: u64 = 250;
    const STEPS: usize = 8;
    let (mut ledger, mut posted) = (database(backend), 0);
    for seed in 1..=RUNS {
        let mut runner = seeded(seed);
        let mut draw = || openings().new_tree(&mut runner).unwrap().current();
        let translation = Translation::open(&ledger.1, format!("run {seed}"), &draw());
        let steps: Vec<Vec<Step>> =
            (0..8).map(|_| (0..STEPS).map(|_| step().new_tree(&mut runner).unwrap().current()).collect()).collect();
        let store = Store { bank: &ledger.1, translation: &translation };
        let codes =
            concurrently(8, |thread| steps[thread].iter().flat_map(|step| store.take(step)).collect::<Vec<_>>());
        posted += codes.iter().flatten().filter(|code| **code == "posted").count();
        let report = ledger.1.audit().unwrap();
        assert!(report.is_sound(), "after seed {seed}: {:?}", report.findings);
        // Small ledgers are audited quickly.
        if seed % 50 == 0 {
            assert_sound(&ledger.0);
            ledger = database(backend);
        }
    }
    assert!(posted > 1_000, "hardly anything was posted: {posted}");
}

fn seeded(seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}
