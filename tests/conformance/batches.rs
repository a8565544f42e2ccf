//! Posting batches.

use std::collections::HashMap;

use bank_domain::{AccountId, Balance, Outcome, Rejection, Transfer, TransferField};
use bank_persistence::new_transfer_id;
use bank_persistence::{Isolation, Session, Settings};
use bank_tests::fixtures::{
    balance, open, open_many, posted, random_transfers, rejected, replayed, transfer, transfer_with_id,
};
use bank_tests::invariants::{Ledger, assert_sound};
use bank_tests::{TestBackend, TestDatabase};

pub(crate) fn an_empty_batch_does_nothing(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    open(&bank, "a", 1);
    assert!(bank.post_batch::<Transfer>(&[]).unwrap().is_empty());
    assert_sound(&database);
}

pub(crate) fn each_transfer_sees_the_effects_of_those_before_it(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b, c) = (open(&bank, "a", 10).id, open(&bank, "b", 0).id, open(&bank, "c", 0).id);
    // b can pay c only after a has paid b, and only once.
    let batch = [transfer(b, c, 10), transfer(a, b, 10), transfer(b, c, 10), transfer(b, c, 10)];
    let outcomes = bank.post_batch(&batch).unwrap();
    assert_eq!(outcomes.iter().map(Outcome::status).collect::<Vec<_>>(), ["rejected", "posted", "posted", "rejected"]);
    assert_eq!(["a", "b", "c"].map(|account| balance(&bank, account)), [0, 0, 10]);
    assert_eq!(posted(outcomes[1].clone()).credit.balance_after, Balance::new(10));
    assert_eq!(posted(outcomes[2].clone()).debit.balance_after, Balance::new(0));
    assert_sound(&database);
}

pub(crate) fn a_rejected_transfer_in_a_batch_does_not_affect_its_neighbours(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 10).id, open(&bank, "b", 10).id);
    let nobody = AccountId::new(4_000_000_000);
    let batch = [
        transfer(a, b, 1),
        transfer(a, a, 1),
        transfer(a, b, 2),
        transfer(a, nobody, 1),
        transfer(nobody, a, 1),
        transfer(a, b, 1000),
        transfer(b, a, 3),
    ];
    let outcomes = bank.post_batch(&batch).unwrap();
    let statuses: Vec<_> = outcomes.iter().map(Outcome::status).collect();
    assert_eq!(statuses, ["posted", "rejected", "posted", "rejected", "rejected", "rejected", "posted"]);
    assert_eq!(rejected(outcomes[1].clone()), Rejection::SameAccount);
    assert_eq!(rejected(outcomes[3].clone()), Rejection::AccountNotFound { account: nobody });
    assert_eq!((balance(&bank, "a"), balance(&bank, "b")), (10, 10));
    assert_eq!(Ledger::read(&database).transfers.len(), 3);
    assert_sound(&database);
}

pub(crate) fn a_batch_is_decided_transfer_by_transfer_even_if_its_net_change_is_possible(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 10).id, open(&bank, "b", 100).id);
    // In total, a gains; but it must pay before it receives.
    let outcomes = bank.post_batch(&[transfer(a, b, 11), transfer(b, a, 50)]).unwrap();
    assert_eq!(outcomes.iter().map(Outcome::status).collect::<Vec<_>>(), ["rejected", "posted"]);
    assert_eq!((balance(&bank, "a"), balance(&bank, "b")), (60, 50));
    assert_sound(&database);
}

pub(crate) fn a_receiving_balance_must_not_overflow_between_two_transfers_of_a_batch(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 10).id, open(&bank, "b", i64::MAX - 5).id);
    let outcomes = bank.post_batch(&[transfer(a, b, 6), transfer(b, a, 50)]).unwrap();
    assert_eq!(rejected(outcomes[0].clone()), Rejection::BalanceOverflow { account: b });
    posted(outcomes[1].clone());
    assert_eq!((balance(&bank, "a"), balance(&bank, "b")), (60, i64::MAX - 55));
    assert_sound(&database);
}

pub(crate) fn an_id_twice_in_a_batch_is_posted_once(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 10).id, open(&bank, "b", 0).id);
    let once = transfer(a, b, 4);
    let outcomes = bank.post_batch(&[once.clone(), transfer(b, a, 1), once.clone()]).unwrap();
    let first = posted(outcomes[0].clone());
    assert_eq!(replayed(outcomes[2].clone()), first);
    assert_eq!((balance(&bank, "a"), balance(&bank, "b")), (7, 3));
    assert_sound(&database);
}

pub(crate) fn an_id_twice_in_a_batch_with_other_content_is_a_conflict(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 10).id, open(&bank, "b", 0).id);
    let id = new_transfer_id();
    let outcomes = bank.post_batch(&[transfer_with_id(id, a, b, 4), transfer_with_id(id, a, b, 5)]).unwrap();
    posted(outcomes[0].clone());
    assert_eq!(rejected(outcomes[1].clone()), Rejection::IdConflict { id, field: TransferField::Amount });
    assert_eq!(balance(&bank, "a"), 6);
    assert_sound(&database);
}

pub(crate) fn a_batch_posted_again_is_replayed_as_a_whole(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 5, 1000);
    let batch = random_transfers(7, &accounts, 300, 50);
    let first: Vec<_> = bank.post_batch(&batch).unwrap().into_iter().map(posted).collect();
    let before = Ledger::read(&database);
    // In another order, too, each transfer has its own original outcome.
    let mut again = batch.clone();
    again.reverse();
    let second: Vec<_> = bank.post_batch(&again).unwrap().into_iter().rev().map(replayed).collect();
    assert_eq!(first, second);
    assert_eq!(Ledger::read(&database), before);
    assert_sound(&database);
}

pub(crate) fn a_large_batch_agrees_with_a_naive_model(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 20, 500);
    let batch = hostile_transfers(1, &accounts, 3000);
    let outcomes = bank.post_batch(&batch).unwrap();
    let mut model = Model::new(&accounts, 500);
    assert_like_model(&mut model, &batch, &outcomes);
    model.assert_same_balances(&database);
    assert_sound(&database);
}

pub(crate) fn many_small_batches_agree_with_a_naive_model(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 6, 500);
    let transfers = hostile_transfers(2, &accounts, 400);
    let mut model = Model::new(&accounts, 500);
    let mut random = fastrand::Rng::with_seed(3);
    let mut rest = &transfers[..];
    while !rest.is_empty() {
        let (batch, after) = rest.split_at(random.usize(1..=rest.len().min(40)));
        let outcomes = bank.post_batch(batch).unwrap();
        assert_like_model(&mut model, batch, &outcomes);
        rest = after;
    }
    model.assert_same_balances(&database);
    assert_sound(&database);
}

/// On servers, each way to post a single transfer has its own statements; the rules are the same.
pub(crate) fn single_transfers_agree_with_a_naive_model(backend: TestBackend) {
    let database = backend.database();
    let autocommit = Settings::default();
    let in_a_transaction = Settings { session: Session::Pooled, ..Settings::default() };
    let serializable = Settings { isolation: Isolation::Serializable, ..Settings::default() };
    let banks = [autocommit, in_a_transaction, serializable].map(|settings| database.bank_with(settings));
    let accounts = open_many(&banks[0], 6, 500);
    let mut model = Model::new(&accounts, 500);
    for (place, transfer) in hostile_transfers(5, &accounts, 300).iter().enumerate() {
        let outcome = banks[place % banks.len()].post(transfer).unwrap();
        assert_like_model(&mut model, std::slice::from_ref(transfer), &[outcome]);
    }
    model.assert_same_balances(&database);
    assert_sound(&database);
}

/// Returns random transfers. Among them are repetitions, ids with other content, unknown accounts, the same account twice,
/// and amounts that the account does not have.
fn hostile_transfers(seed: u64, accounts: &[AccountId], count: usize) -> Vec<Transfer> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut transfers: Vec<Transfer> = random_transfers(seed, accounts, count, 400);
    for place in 1..count {
        let earlier = transfers[random.usize(..place)].clone();
        let this = &mut transfers[place];
        match random.u32(..20) {
            0 | 1 => *this = earlier,
            2 => this.id = earlier.id,
            3 => this.to = this.from,
            4 => this.to = AccountId::new(4_000_000_000),
            _ => {}
        }
    }
    transfers
}

/// A naive model of a batch, in a few lines.
struct Model {
    balances: HashMap<AccountId, i64>,
    posted: HashMap<String, Transfer>,
}

impl Model {
    fn new(accounts: &[AccountId], balance: i64) -> Self {
        Self { balances: accounts.iter().map(|account| (*account, balance)).collect(), posted: HashMap::new() }
    }

    fn post(&mut self, transfer: &Transfer) -> &'static str {
        if let Some(earlier) = self.posted.get(&transfer.id.to_string()) {
            return if earlier == transfer { "replayed" } else { "id_conflict" };
        }
        let amount = transfer.amount.get();
        let known = self.balances.contains_key(&transfer.from) && self.balances.contains_key(&transfer.to);
        if transfer.from == transfer.to {
            return "same_account";
        } else if !known {
            return "account_not_found";
        } else if self.balances[&transfer.from] < amount {
            return "insufficient_funds";
        }
        *self.balances.get_mut(&transfer.from).unwrap() -= amount;
        *self.balances.get_mut(&transfer.to).unwrap() += amount;
        self.posted.insert(transfer.id.to_string(), transfer.clone());
        "posted"
    }

    fn assert_same_balances(&self, database: &TestDatabase) {
        for account in Ledger::read(database).accounts {
            assert_eq!(account.balance, self.balances[&AccountId::new(account.id)], "{}", account.name);
        }
    }
}

fn assert_like_model(model: &mut Model, batch: &[Transfer], outcomes: &[Outcome]) {
    assert_eq!(outcomes.len(), batch.len());
    for (place, (transfer, outcome)) in batch.iter().zip(outcomes).enumerate() {
        let code = match outcome {
            Outcome::Rejected(reason) => reason.code(),
            other => other.status(),
        };
        assert_eq!(code, model.post(transfer), "transfer {place}: {transfer:?}");
    }
}
