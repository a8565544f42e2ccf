//! Looking back: balances as they were, and histories of a period.

use bank_domain::AccountId;
use bank_persistence::{BalanceAsOf, Bank, Period};
use bank_tests::fixtures::{name, open, open_many, post, posted, random_transfers, transfer};
use bank_tests::{TestBackend, TestDatabase};
use chrono::{DateTime, TimeDelta, Utc};

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Jessica and John, opened on the 1st; Jessica pays 1 on the 2nd, receives 10 on the 3rd, pays 100 on the 4th, at noon.
fn four_days(backend: TestBackend) -> (TestDatabase, Bank, AccountId) {
    let database = backend.database();
    let bank = database.bank();
    let (jessica, john) = (open(&bank, "Jessica", 1_000).id, open(&bank, "John", 1_000).id);
    for (from, to, amount) in [(jessica, john, 1), (john, jessica, 10), (jessica, john, 100)] {
        posted(post(&bank, transfer(from, to, amount)));
    }
    let mut plain = database.plain();
    plain.execute("UPDATE accounts SET created_at = '2026-07-01T12:00:00.000000Z'");
    for (day, amount) in [(2, 1), (3, 10), (4, 100)] {
        plain.execute(&format!(
            "UPDATE transfers SET posted_at = '2026-07-0{day}T12:00:00.000000Z' WHERE amount = {amount}"
        ));
    }
    (database, bank, jessica)
}

fn held(bank: &Bank, at: &str) -> Option<(i64, i64)> {
    let balance = bank.balance_at(&name("Jessica"), time(at)).unwrap().expect("the account is there");
    balance.balance.map(|held| (held.balance.get(), held.version.get()))
}

pub(crate) fn a_past_balance_is_the_one_after_the_last_earlier_transfer(backend: TestBackend) {
    let (_database, bank, _) = four_days(backend);
    assert_eq!(held(&bank, "2026-07-01T12:00:00Z"), Some((1_000, 0)));
    assert_eq!(held(&bank, "2026-07-02T11:59:59.999999Z"), Some((1_000, 0)));
    assert_eq!(held(&bank, "2026-07-02T12:00:00Z"), Some((999, 1)));
    assert_eq!(held(&bank, "2026-07-02T14:00:00+02:00"), Some((999, 1)));
    assert_eq!(held(&bank, "2026-07-03T12:00:00.000001Z"), Some((1_009, 2)));
    assert_eq!(held(&bank, "2026-07-05T00:00:00Z"), Some((909, 3)));
    let balance = bank.balance_at(&name("Jessica"), time("2026-07-03T18:00:00Z")).unwrap().unwrap();
    assert_eq!(balance.account.balance.get(), 909, "the account itself is that of now");
    assert_eq!(balance.balance.and_then(|held| held.posted_at), Some(time("2026-07-03T12:00:00Z")));
}

pub(crate) fn there_is_no_past_balance_before_the_account_was_opened(backend: TestBackend) {
    let (_database, bank, _) = four_days(backend);
    assert_eq!(held(&bank, "2026-07-01T11:59:59.999999Z"), None);
    let balance = bank.balance_at(&name("Jessica"), DateTime::<Utc>::MIN_UTC).unwrap().unwrap();
    assert_eq!((balance.balance, balance.opened_at), (None, time("2026-07-01T12:00:00Z")));
    let latest = bank.balance_at(&name("Jessica"), DateTime::<Utc>::MAX_UTC).unwrap().unwrap();
    assert_eq!(latest.balance.map(|held| held.balance), Some(latest.account.balance));
    assert!(bank.balance_at(&name("Mary"), Utc::now()).unwrap().is_none());
}

pub(crate) fn the_last_transfer_is_found_by_version_and_not_by_time(backend: TestBackend) {
    let (database, bank, _) = four_days(backend);
    // The clock was set back after the second transfer.
    database.plain().execute("UPDATE transfers SET posted_at = '2026-07-02T18:00:00.000000Z' WHERE amount = 100");
    assert_eq!(held(&bank, "2026-07-02T20:00:00Z"), Some((909, 3)));
    assert_eq!(held(&bank, "2026-07-02T13:00:00Z"), Some((999, 1)));
    assert_eq!(held(&bank, "2026-07-03T13:00:00Z"), Some((909, 3)), "the second was posted at noon");
}

pub(crate) fn a_past_balance_of_now_counts_everything(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 3, 100_000);
    bank.post_batch(&random_transfers(7, &accounts, 200, 50)).unwrap();
    let soon = Utc::now() + TimeDelta::hours(1);
    for account in ["a0", "a1", "a2"] {
        let balance = bank.balance_at(&name(account), soon).unwrap().unwrap();
        let Some(BalanceAsOf { balance: then, version, posted_at }) = balance.balance else { panic!("{balance:?}") };
        assert_eq!((then, version), (balance.account.balance, balance.account.version));
        assert!(posted_at.is_some_and(|posted_at| posted_at >= balance.opened_at), "{balance:?}");
    }
}

pub(crate) fn a_history_of_a_period_includes_both_ends(backend: TestBackend) {
    let (_database, bank, jessica) = four_days(backend);
    let versions = |since: Option<&str>, until: Option<&str>| -> Vec<i64> {
        let period = Period { since: since.map(time), until: until.map(time) };
        let entries = bank.history_within(jessica, period, None, 10).unwrap();
        entries.iter().map(|entry| entry.version.get()).collect()
    };
    assert_eq!(versions(None, None), [3, 2, 1]);
    assert_eq!(versions(Some("2026-07-03T12:00:00Z"), None), [3, 2]);
    assert_eq!(versions(Some("2026-07-03T12:00:00.000001Z"), None), [3]);
    assert_eq!(versions(None, Some("2026-07-03T12:00:00Z")), [2, 1]);
    assert_eq!(versions(None, Some("2026-07-03T11:59:59.999999Z")), [1]);
    assert_eq!(versions(Some("2026-07-02T12:00:00Z"), Some("2026-07-02T12:00:00Z")), [1]);
    assert_eq!(versions(Some("2026-07-03T00:00:00Z"), Some("2026-07-03T23:59:59.999999Z")), [2]);
    assert!(versions(Some("2026-08-01T00:00:00Z"), None).is_empty());
    let period = Period { since: Some(time("2026-07-02T00:00:00Z")), until: None };
    let page = bank.history_within(jessica, period, None, 2).unwrap();
    let rest = bank.history_within(jessica, period, Some(page[1].version), 2).unwrap();
    assert_eq!((page.len(), rest.len(), rest[0].version.get()), (2, 1, 1));
}
