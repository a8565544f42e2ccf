//! The history of an account, and single transfers.

use std::collections::BTreeSet;

use bank_domain::{AccountVersion, Memo};
use bank_persistence::{Direction, new_transfer_id};
use bank_tests::TestBackend;
use bank_tests::fixtures::{name, open, open_many, post, posted, random_transfers, transfer};
use chrono::{DateTime, Utc};

pub(crate) fn a_history_is_newest_first_with_running_balances(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (jessica, john) = (open(&bank, "Jessica", 10_000).id, open(&bank, "John", 9_000).id);
    let rent = transfer(jessica, john, 800).with_memo(Some(Memo::new("rent").unwrap()));
    let back = transfer(john, jessica, 50);
    posted(post(&bank, &rent));
    posted(post(&bank, &back));

    let history = bank.history(jessica, None, 10).unwrap();
    let [newest, oldest] = &history[..] else { panic!("two entries expected: {history:?}") };
    assert_eq!((newest.version.get(), oldest.version.get()), (2, 1));
    assert_eq!((newest.transfer_id, oldest.transfer_id), (back.id, rent.id));
    assert_eq!((newest.direction, oldest.direction), (Direction::Credit, Direction::Debit));
    assert_eq!((newest.signed_amount(), oldest.signed_amount()), (50, -800));
    assert_eq!((newest.balance_after.get(), oldest.balance_after.get()), (9_250, 9_200));
    assert_eq!((&newest.counterparty, newest.counterparty_id), (&name("John"), john));
    assert_eq!((&newest.memo, &oldest.memo), (&None, &rent.memo));
    assert!(newest.posted_at >= oldest.posted_at);

    let other_side = bank.history(john, None, 10).unwrap();
    assert_eq!(other_side.iter().map(|entry| entry.signed_amount()).collect::<Vec<_>>(), [-50, 800]);
    assert_eq!(other_side[0].counterparty, name("Jessica"));
}

pub(crate) fn pages_of_a_history_fit_together(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 4, 100_000);
    bank.post_batch(&random_transfers(5, &accounts, 500, 100)).unwrap();
    let whole = bank.history(accounts[0], None, 10_000).unwrap();
    assert!(whole.len() > 100, "the account took part in {} transfers", whole.len());
    let versions: Vec<i64> = whole.iter().map(|entry| entry.version.get()).collect();
    assert_eq!(versions, (1..=i64::try_from(whole.len()).unwrap()).rev().collect::<Vec<_>>());

    for size in [1, 7, 100] {
        let mut joined = Vec::new();
        let mut before: Option<AccountVersion> = None;
        loop {
            let page = bank.history(accounts[0], before, size).unwrap();
            let Some(last) = page.last() else { break };
            assert!(page.len() <= usize::try_from(size).unwrap());
            before = Some(last.version);
            joined.extend(page);
        }
        assert_eq!(joined, whole, "pages of {size}");
    }
}

pub(crate) fn an_account_without_transfers_has_no_history(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 3, 100);
    posted(post(&bank, transfer(accounts[0], accounts[1], 1)));
    assert!(bank.history(accounts[2], None, 10).unwrap().is_empty());
    assert!(bank.history(accounts[0], Some(AccountVersion::new(1)), 10).unwrap().is_empty());
    assert!(bank.history(accounts[0], None, 0).unwrap().is_empty());
}

pub(crate) fn a_transfer_is_found_by_its_id(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (jessica, john) = (open(&bank, "Jessica", 100).id, open(&bank, "John", 0).id);
    let before = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    let order = transfer(jessica, john, 7).with_memo(Some(Memo::new("gift").unwrap()));
    let posting = posted(post(&bank, &order));
    let recorded = bank.find_transfer(order.id).unwrap().unwrap();
    assert_eq!(recorded.posted, posting);
    assert_eq!((recorded.from_name, recorded.to_name), (name("Jessica"), name("John")));
    let posted_at = std::time::SystemTime::from(recorded.posted_at);
    assert!(posted_at > before && posted_at < before + std::time::Duration::from_secs(120), "{posted_at:?}");
}

pub(crate) fn all_transfers_of_a_batch_have_the_same_time(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 5, 1_000_000);
    // From 1,000 transfers on, servers get them in another way.
    for size in [2, 20, 1_500] {
        let transfers = random_transfers(1, &accounts, size, 10);
        bank.post_batch(&transfers).unwrap();
        let times = transfers.iter().map(|transfer| bank.find_transfer(transfer.id).unwrap().unwrap().posted_at);
        let times: BTreeSet<DateTime<Utc>> = times.collect();
        assert_eq!(times.first(), times.last(), "the first and the last of {size}");
    }
}

pub(crate) fn an_unknown_id_finds_nothing(backend: TestBackend) {
    let database = backend.database();
    assert_eq!(database.bank().find_transfer(new_transfer_id()).unwrap(), None);
}

pub(crate) fn ids_are_listed_in_their_order_page_by_page(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 2, 1_000);
    let transfers = random_transfers(1, &accounts, 5, 10);
    bank.post_batch(&transfers).unwrap();
    let mut ids: Vec<_> = transfers.iter().map(|transfer| transfer.id).collect();
    ids.sort_unstable();
    let before = "00000000-0000-0000-0000-000000000000".parse().unwrap();
    assert_eq!(bank.transfer_ids_after(before, 3).unwrap(), ids[..3]);
    assert_eq!(bank.transfer_ids_after(ids[2], 3).unwrap(), ids[3..]);
    assert_eq!(bank.transfer_ids_after(ids[4], 3).unwrap(), []);
}
