//! Changes of accounts that move no money: their rules, their trail, and posting beside them.

use bank_domain::{
    AccountChange, AccountName, AccountStatus, ChangeRefusal, Memo, Outcome, OverdraftLimit, PostRequest, Rejection,
};
use bank_persistence::{Bank, BankError, ChangeOutcome, PostingQueue, QueueSettings, Settings};
use bank_tests::TestBackend;
use bank_tests::fixtures::{current, name, new_account, open, open_with_limit, post, posted, rejected, transfer};
use bank_tests::invariants::{Ledger, assert_sound};

fn change(bank: &Bank, account: &str, change: AccountChange) -> ChangeOutcome {
    bank.change_account(&name(account), change, None).unwrap().expect("the account is there")
}

fn changed(bank: &Bank, account: &str, wanted: AccountChange) {
    match change(bank, account, wanted) {
        ChangeOutcome::Changed { .. } => {}
        ChangeOutcome::Refused { reason, .. } => panic!("{reason}"),
    }
}

fn refused(bank: &Bank, account: &str, wanted: AccountChange) -> ChangeRefusal {
    match change(bank, account, wanted) {
        ChangeOutcome::Refused { reason, .. } => reason,
        ChangeOutcome::Changed { after, .. } => panic!("{after:?}"),
    }
}

fn limit(units: i64) -> AccountChange {
    AccountChange::Limit(OverdraftLimit::new(units).unwrap())
}

pub(crate) fn each_change_stands_in_the_trail(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    open(&bank, "Anna", 0);
    let note = Memo::new("asked by phone").ok();
    let noted = bank.change_account(&name("Anna"), AccountChange::Freeze, note).unwrap();
    assert!(matches!(noted, Some(ChangeOutcome::Changed { .. })));
    for wanted in [AccountChange::Unfreeze, limit(50), AccountChange::Rename(name("Anne")), AccountChange::Close] {
        changed(&bank, "Anna", wanted);
    }
    let details = bank.account_details(&name("Anna")).unwrap().unwrap();
    let account = &details.recorded.account;
    assert_eq!(
        (account.name.as_str(), account.status, account.overdraft_limit.get()),
        ("Anne", AccountStatus::Closed, 50)
    );
    assert_eq!(account.version.get(), 0, "versions count transfers");
    assert_eq!(details.former_names, [name("Anna")]);
    let trail: Vec<_> = details
        .changes
        .iter()
        .map(|change| (change.number, &*change.field, change.before.as_deref(), change.after.as_deref()))
        .collect();
    assert_eq!(
        trail,
        [
            (1, "status", Some("open"), Some("frozen")),
            (2, "status", Some("frozen"), Some("open")),
            (3, "overdraft_limit", Some("0"), Some("50")),
            (4, "name", Some("Anna"), Some("Anne")),
            (5, "status", Some("open"), Some("closed")),
        ]
    );
    assert_eq!(details.changes[0].note.as_deref(), Some("asked by phone"));
    assert_eq!(details.changes[1].note, None);
    assert_eq!(bank.change_account(&name("Nobody"), AccountChange::Freeze, None).unwrap(), None);
    assert_eq!(bank.account_details(&name("Nobody")).unwrap(), None);
    assert_sound(&database);
}

pub(crate) fn a_refused_change_changes_nothing(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    open_with_limit(&bank, "poor", -30, 50);
    open(&bank, "rich", 10);
    changed(&bank, "rich", AccountChange::Freeze);
    let everything = || {
        let trail = ["poor", "rich"].map(|account| bank.account_details(&name(account)).unwrap());
        (Ledger::read(&database), trail)
    };
    let before = everything();
    for (account, wanted, code) in [
        ("rich", AccountChange::Freeze, "already_so"),
        ("poor", AccountChange::Unfreeze, "not_frozen"),
        ("poor", AccountChange::Close, "account_has_money"),
        ("poor", limit(29), "limit_in_use"),
        ("poor", limit(50), "limit_unchanged"),
        ("poor", AccountChange::Rename(name("poor")), "name_unchanged"),
        ("poor", AccountChange::Rename(name("rich")), "name_taken"),
        ("poor", AccountChange::Rename(name("po\u{200b}or")), "invalid_input"),
    ] {
        assert_eq!(refused(&bank, account, wanted).code(), code);
    }
    assert_eq!(everything(), before);
}

/// A single transfer alone and in a transaction, a batch by its net change and one on the locked path, a large batch, and a
/// queue.
fn post_on_each_path(banks: &[Bank; 2], order: &PostRequest, others: &[PostRequest]) -> Vec<Outcome> {
    let [bank, one_shot] = banks;
    let fresh = |request: &PostRequest| -> PostRequest {
        let PostRequest { transfer, .. } = request;
        bank_tests::fixtures::transfer(transfer.from, transfer.to, transfer.amount.get()).into()
    };
    let mut outcomes = vec![bank.post(fresh(order)).unwrap(), one_shot.post(fresh(order)).unwrap()];
    for count in [1, 150] {
        let batch: Vec<PostRequest> = others.iter().cycle().take(count).map(fresh).chain([fresh(order)]).collect();
        outcomes.push(bank.post_batch(&batch).unwrap().pop().unwrap());
    }
    let queue = PostingQueue::start(bank, QueueSettings::default()).unwrap();
    outcomes.push(queue.post(fresh(order)).unwrap());
    outcomes
}

pub(crate) fn a_frozen_account_neither_pays_nor_receives_on_any_path(backend: TestBackend) {
    let database = backend.database();
    let banks = [database.bank(), database.bank_with(Settings::one_shot())];
    let bank = &banks[0];
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|account| open(bank, account, 1000).id);
    let others = [transfer(c, d, 1).into(), transfer(d, c, 1).into()];
    changed(bank, "a", AccountChange::Freeze);
    for order in [transfer(a, b, 1).into(), transfer(b, a, 1).into()] {
        for outcome in post_on_each_path(&banks, &order, &others) {
            assert_eq!(rejected(outcome), Rejection::AccountFrozen { account: a });
        }
    }
    assert_eq!((current(bank, "a").balance.get(), current(bank, "b").balance.get()), (1000, 1000));
    changed(bank, "a", AccountChange::Unfreeze);
    for outcome in post_on_each_path(&banks, &transfer(a, b, 1).into(), &others) {
        posted(outcome);
    }
    assert_sound(&database);
}

pub(crate) fn a_closed_account_takes_no_money(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 5).id, open(&bank, "b", 0).id);
    let order = transfer(a, b, 5);
    posted(post(&bank, &order));
    changed(&bank, "a", AccountChange::Close);
    assert_eq!(rejected(post(&bank, transfer(b, a, 1))), Rejection::AccountClosed { account: a });
    assert!(matches!(post(&bank, &order), Outcome::Replayed(_)), "what was posted stays so");
    assert_sound(&database);
}

pub(crate) fn former_names_lead_to_the_same_account_for_ever(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (anna, other) = (open(&bank, "Anna", 1).id, open(&bank, "Other", 2).id);
    changed(&bank, "Anna", AccountChange::Rename(name("Anne")));
    changed(&bank, "Anna", AccountChange::Rename(name("Annie")));
    for known in ["Anna", "Anne", "Annie"] {
        assert_eq!((current(&bank, known).id, current(&bank, known).name.as_str()), (anna, "Annie"));
        match bank.open_account(&new_account(known, 1)) {
            Err(BankError::AccountExists { name: taken }) => assert_eq!(taken, name(known)),
            other => panic!("{other:?}"),
        }
    }
    let taken = ChangeRefusal::NameTaken { name: name("Anna") };
    assert_eq!(refused(&bank, "Other", AccountChange::Rename(name("Anna"))), taken);
    let names: Vec<AccountName> = ["Anna", "Annie", "Other"].map(name).to_vec();
    let mut found = bank.find_accounts(&names.iter().collect::<Vec<_>>()).unwrap();
    found.sort_by(|left, right| left.0.cmp(&right.0));
    let found: Vec<_> = found.into_iter().map(|(name, account)| (name, account.id)).collect();
    let ids = [anna, anna, other];
    assert_eq!(found, names.into_iter().zip(ids).collect::<Vec<_>>());
    changed(&bank, "Annie", AccountChange::Rename(name("Anna")));
    assert_eq!(bank.account_details(&name("Anne")).unwrap().unwrap().former_names, [name("Anne"), name("Annie")]);
    assert_sound(&database);
}

pub(crate) fn no_transfer_is_posted_after_a_freeze_has_been_acknowledged(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let accounts = ["a", "b"].map(|account| open(&bank, account, 100_000).id);
    for round in 0..3 {
        std::thread::scope(|scope| {
            for place in 0..4 {
                let (bank, from, to) = (&bank, accounts[place % 2], accounts[1 - place % 2]);
                scope.spawn(move || while let Outcome::Posted(_) = post(bank, transfer(from, to, 1)) {});
            }
            while current(&bank, "a").version.get() < 20 * (round + 1) {
                std::thread::yield_now();
            }
            changed(&bank, "a", AccountChange::Freeze);
            let version = current(&bank, "a").version;
            let batch = [transfer(accounts[0], accounts[1], 1), transfer(accounts[1], accounts[0], 1)];
            let outcomes = bank.post_batch(&batch).unwrap();
            assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Rejected(_))), "{outcomes:?}");
            assert_eq!(current(&bank, "a").version, version);
        });
        changed(&bank, "a", AccountChange::Unfreeze);
    }
    assert_sound(&database);
}

/// A change is decided on the account as the posting before it has left it.
#[test]
fn an_account_is_not_closed_while_money_arrives() {
    let database = TestBackend::Postgres.database();
    let bank = database.bank();
    open(&bank, "a", 0);
    let mut posting = database.plain();
    posting.execute("BEGIN; UPDATE accounts SET balance = 5 WHERE name = 'a'");
    let closing = std::thread::spawn({
        let bank = bank.clone();
        move || change(&bank, "a", AccountChange::Close)
    });
    database.wait_for_blocked_session();
    posting.execute("COMMIT");
    match closing.join().unwrap() {
        ChangeOutcome::Refused { reason, .. } => assert_eq!(reason.code(), "account_has_money"),
        ChangeOutcome::Changed { after, .. } => panic!("{after:?}"),
    }
}
