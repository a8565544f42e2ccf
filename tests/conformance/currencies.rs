//! Accounts of several currencies in one ledger.

use bank_domain::{Amount, Balance, Currency, CurrencyCode, NewAccount, OverdraftLimit, Rejection, Scale, Transfer};
use bank_persistence::{Bank, BankError, PostingQueue, QueueSettings, Settings, new_transfer_id};
use bank_tests::TestBackend;
use bank_tests::fixtures::{current, name, new_account, open, post, posted, rejected, transfer};
use bank_tests::invariants::{Ledger, assert_sound};

fn code(text: &str) -> CurrencyCode {
    CurrencyCode::new(text).unwrap()
}

fn open_in(bank: &Bank, account: &str, currency: &str, balance: i64) -> bank_domain::Account {
    bank.open_account(&new_account(account, balance).with_currency(Some(code(currency)))).unwrap()
}

pub(crate) fn an_account_keeps_the_currency_that_it_was_opened_in(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let points = Currency { code: code("POINTS"), scale: Scale::new(3).unwrap() };
    assert_eq!(bank.add_currency(points).unwrap(), points);
    for (account, currency) in [
        ("plain", Currency::NONE),
        ("euros", Currency::iso(code("EUR")).unwrap()),
        ("yen", Currency::iso(code("JPY")).unwrap()),
        ("points", points),
    ] {
        assert_eq!(open_in(&bank, account, currency.code.as_str(), 1250).currency, currency);
        assert_eq!(current(&bank, account).currency, currency);
    }
    let (a, b) = (current(&bank, "euros"), open_in(&bank, "more euros", "EUR", 0));
    posted(post(&bank, transfer(a.id, b.id, 1250)));
    assert_eq!(current(&bank, "more euros").balance, Balance::new(1250));
    let codes: Vec<_> = bank.currencies().unwrap().into_iter().map(|currency| currency.code).collect();
    assert_eq!(codes, ["EUR", "JPY", "POINTS", "XXX"].map(code));
    assert_sound(&database);
}

pub(crate) fn money_never_crosses_currencies_on_any_path(backend: TestBackend) {
    let database = backend.database();
    let (bank, one_shot) = (database.bank(), database.bank_with(Settings::one_shot()));
    let (euros, dollars) = (open_in(&bank, "e", "EUR", 1000).id, open_in(&bank, "d", "USD", 1000).id);
    let others = [open(&bank, "a", 1000).id, open(&bank, "b", 1000).id];
    let crossing = || transfer(euros, dollars, 1);
    let batch = |count: usize| {
        let mut batch: Vec<Transfer> = (0..count).map(|_| transfer(others[0], others[1], 1)).collect();
        batch.push(crossing());
        batch
    };
    let last = |transfers: Vec<Transfer>| bank.post_batch(&transfers).unwrap().pop().unwrap();
    let queue = PostingQueue::start(&bank, QueueSettings::default()).unwrap();
    let outcomes = [
        bank.post(crossing()).unwrap(),
        one_shot.post(crossing()).unwrap(),
        last(batch(1)),
        last(batch(150)),
        queue.post(crossing()).unwrap(),
    ];
    for outcome in outcomes {
        assert_eq!(rejected(outcome), Rejection::CurrencyMismatch { from: code("EUR"), to: code("USD") });
    }
    assert_eq!((current(&bank, "e").balance.get(), current(&bank, "d").balance.get()), (1000, 1000));
    assert_sound(&database);
}

pub(crate) fn an_unknown_currency_opens_nothing(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let before = Ledger::read(&database);
    let wanted = new_account("x", 1).with_currency(Some(code("ABC")));
    match bank.open_account(&wanted) {
        Err(BankError::CurrencyUnknown { code: unknown }) => assert_eq!(unknown, code("ABC")),
        other => panic!("{other:?}"),
    }
    assert!(matches!(bank.set_default_currency(code("ABC")), Err(BankError::CurrencyUnknown { .. })));
    assert_eq!(Ledger::read(&database), before);
    assert_eq!(bank.find_account(&name("x")).unwrap(), None);
    assert_eq!(bank.default_currency().unwrap(), CurrencyCode::NONE);
}

pub(crate) fn the_scale_of_a_currency_never_changes(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (two, three) = [2, 3].map(|scale| Currency { code: code("POINTS"), scale: Scale::new(scale).unwrap() }).into();
    assert_eq!(bank.add_currency(two).unwrap(), two);
    assert_eq!(bank.add_currency(three).unwrap(), two);
    assert_eq!(bank.currencies().unwrap(), [two, Currency::NONE]);
}

pub(crate) fn accounts_are_opened_in_the_default_currency(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let euros = Currency::iso(code("EUR")).unwrap();
    let before = open(&bank, "before", 1);
    assert_eq!(bank.set_default_currency(code("EUR")).unwrap(), euros);
    let after = open(&bank, "after", 1);
    assert_eq!((before.currency, after.currency), (Currency::NONE, euros));
    let amount = Amount::new(1).unwrap();
    let crossing = Transfer::new(new_transfer_id(), after.id, before.id, amount);
    assert_eq!(rejected(post(&bank, crossing)).code(), "currency_mismatch");
    let new = NewAccount::new(name("later"), Balance::new(0), OverdraftLimit::default()).unwrap();
    assert_eq!(bank.open_account(&new).unwrap().currency, euros);
    assert_sound(&database);
}
