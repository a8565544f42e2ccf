//! Reading the whole journal in one snapshot.

use bank_domain::{Account, AccountVersion, TransferId};
use bank_persistence::{Bank, BankError, DbError, Period, RecordedTransfer};
use bank_tests::TestBackend;
use bank_tests::fixtures::{
    current, name, open, open_many, post, posted, random_transfers, transfer, transfer_with_id,
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// More than two pages.
const TRANSFERS: usize = 2_500;

fn journal(bank: &Bank, period: Period) -> Result<Vec<RecordedTransfer>, BankError> {
    let mut all = Vec::new();
    bank.snapshot(|snapshot| {
        snapshot.transfers(period, |recorded| {
            all.push(recorded);
            Ok::<(), BankError>(())
        })
    })?;
    Ok(all)
}

fn journal_of(bank: &Bank, account: &str, period: Period) -> Vec<RecordedTransfer> {
    let mut all = Vec::new();
    let account = current(bank, account);
    let read: Result<(), BankError> = bank.snapshot(|snapshot| {
        snapshot.transfers_of(&account, period, |recorded| {
            all.push(recorded);
            Ok(())
        })
    });
    read.unwrap();
    all
}

pub(crate) fn the_journal_is_ordered_by_id_and_complete_over_several_pages(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    assert!(journal(&bank, Period::default()).unwrap().is_empty());
    let accounts = open_many(&bank, 5, 1_000_000);
    let mut orders = random_transfers(3, &accounts, TRANSFERS, 50);
    for (number, order) in (1_u128..).zip(&mut orders) {
        // Random ids, which do not grow with time.
        order.id =
            TransferId::from_uuid(Uuid::from_u128(number.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)));
    }
    orders[0].id = TransferId::from_uuid(Uuid::from_u128(1));
    orders[1].id = TransferId::from_uuid(Uuid::max());
    assert!(bank.post_batch(&orders).unwrap().iter().all(|outcome| outcome.posted().is_some()));
    // Only an earlier version posted under the nil UUID, which is the first id of all.
    let nil = if database.is_sqlite() { "zeroblob(16)" } else { "'00000000-0000-0000-0000-000000000000'" };
    database
        .plain()
        .execute(&format!("UPDATE transfers SET id = {nil} WHERE id = (SELECT id FROM transfers ORDER BY id LIMIT 1)"));
    orders[0].id = TransferId::from_uuid(Uuid::nil());
    let all = journal(&bank, Period::default()).unwrap();
    orders.sort_by_key(|order| order.id);
    assert!(all.iter().map(|recorded| &recorded.posted.transfer).eq(&orders));
    let last = all.last().unwrap();
    assert_eq!(Some(last), bank.find_transfer(last.posted.transfer.id).unwrap().as_ref(), "every field");
}

pub(crate) fn the_journal_of_an_account_is_in_the_order_of_its_versions(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 3, 1_000_000);
    bank.post_batch(&random_transfers(4, &accounts, TRANSFERS, 50)).unwrap();
    let mut history = Vec::new();
    let mut before = None;
    while let Some(page) = Some(bank.history(accounts[0], before, 1_000).unwrap()).filter(|page| !page.is_empty()) {
        before = page.last().map(|entry| entry.version);
        history.extend(page);
    }
    history.reverse();
    assert!(history.len() > 1_500, "{}", history.len());
    let all = journal_of(&bank, "a0", Period::default());
    let ids: Vec<_> = all.iter().map(|recorded| recorded.posted.transfer.id).collect();
    assert_eq!(ids, history.iter().map(|entry| entry.transfer_id).collect::<Vec<_>>());
    // The transfers of an earlier state of the account end with that state.
    let then = Account { version: AccountVersion::new(1_234), ..current(&bank, "a0") };
    let mut count = 0;
    let read: Result<(), BankError> = bank.snapshot(|snapshot| {
        snapshot.transfers_of(&then, Period::default(), |_| {
            count += 1;
            Ok(())
        })
    });
    read.unwrap();
    assert_eq!(count, 1_234);
}

pub(crate) fn the_journal_of_a_period_includes_both_ends(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b, c) = (open(&bank, "a", 100).id, open(&bank, "b", 100).id, open(&bank, "c", 100).id);
    for (from, to, amount) in [(a, b, 1), (b, a, 2), (a, c, 3), (b, c, 4)] {
        posted(post(&bank, transfer(from, to, amount)));
        database.plain().execute(&format!(
            "UPDATE transfers SET posted_at = '2026-07-0{amount}T12:00:00.000000Z' WHERE amount = {amount}"
        ));
    }
    let time = |text: &str| Some(text.parse::<DateTime<Utc>>().unwrap());
    let amounts = |all: Vec<RecordedTransfer>| -> Vec<i64> {
        all.iter().map(|recorded| recorded.posted.transfer.amount.get()).collect()
    };
    let period = Period { since: time("2026-07-02T12:00:00Z"), until: time("2026-07-03T12:00:00Z") };
    assert_eq!(amounts(journal(&bank, period).unwrap()), [2, 3]);
    assert_eq!(amounts(journal_of(&bank, "a", period)), [2, 3]);
    assert_eq!(amounts(journal_of(&bank, "b", period)), [2]);
    let later = Period { since: time("2026-07-03T12:00:00.000001Z"), until: None };
    assert_eq!(amounts(journal(&bank, later).unwrap()), [4]);
    assert_eq!(amounts(journal_of(&bank, "a", later)), [0; 0]);
}

pub(crate) fn a_snapshot_does_not_see_transfers_posted_after_it(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 2, 1_000_000);
    bank.post_batch(&random_transfers(5, &accounts, 1_500, 50)).unwrap();
    let (mut count, mut total, mut opened) = (0, 0, 0);
    let read: Result<(), BankError> = bank.snapshot(|snapshot| {
        snapshot.transfers(Period::default(), |_| {
            if count == 0 {
                let greatest = TransferId::from_uuid(Uuid::max());
                posted(post(&bank, transfer_with_id(greatest, accounts[0], accounts[1], 1)));
                open(&bank, "late", 7);
            }
            count += 1;
            Ok::<(), BankError>(())
        })?;
        snapshot.accounts(None, |recorded| {
            total += recorded.account.version.get();
            opened += 1;
            Ok(())
        })
    });
    read.unwrap();
    assert_eq!((count, total, opened), (1_500, 3_000, 2));
    assert_eq!(journal(&bank, Period::default()).unwrap().len(), 1_501);
}

pub(crate) fn a_snapshot_stops_when_its_reader_fails(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 2, 1_000_000);
    bank.post_batch(&random_transfers(6, &accounts, 5, 50)).unwrap();
    let mut seen = 0;
    let read: Result<(), BankError> = bank.snapshot(|snapshot| {
        snapshot.transfers(Period::default(), |_| {
            seen += 1;
            if seen == 3 { Err(BankError::Database(DbError::GivenUp)) } else { Ok(()) }
        })
    });
    assert!(matches!(read, Err(BankError::Database(DbError::GivenUp))), "{read:?}");
    assert_eq!(seen, 3);
    posted(post(&bank, transfer(accounts[0], accounts[1], 1)));
}

pub(crate) fn a_snapshot_finds_accounts(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let account = open(&bank, "a", 100);
    let find = |wanted: &str| bank.snapshot(|snapshot| snapshot.find_account(&name(wanted)));
    let recorded = find("a").unwrap().unwrap();
    assert_eq!(recorded.account, account);
    assert!((Utc::now() - recorded.opened_at).num_minutes().abs() < 60, "{recorded:?}");
    assert!(find("b").unwrap().is_none());
}

pub(crate) fn the_journal_includes_a_transfer_whose_account_is_missing(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 2, 100);
    posted(post(&bank, transfer(accounts[0], accounts[1], 1)));
    database.plain().execute("DELETE FROM accounts WHERE name = 'a1'");
    let error = journal(&bank, Period::default()).unwrap_err();
    assert!(matches!(error, BankError::InvariantViolation { .. }), "{error:?}");
}
