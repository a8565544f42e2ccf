//! Posting single transfers.

use bank_domain::{AccountId, AccountVersion, Amount, Balance, Entry, Memo, PostedTransfer, Rejection, Transfer};
use bank_persistence::{BankError, Settings};
use bank_tests::TestBackend;
use bank_tests::fixtures::{
    balance, current, open, open_many, open_with_limit, post, posted, rejected, transfer, transfer_with_id,
};
use bank_tests::invariants::{Ledger, assert_sound};

pub(crate) fn a_transfer_moves_the_amount_and_is_recorded(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let jessica = open(&bank, "Jessica", 10_000);
    let john = open(&bank, "John", 9_000);
    let order = transfer(jessica.id, john.id, 800);
    let expected = PostedTransfer { transfer: order.clone(), debit: entry(1, 9_200), credit: entry(1, 9_800) };
    assert_eq!(posted(post(&bank, &order)), expected);
    assert_eq!((balance(&bank, "Jessica"), balance(&bank, "John")), (9_200, 9_800));
    let recorded = bank.find_transfer(order.id).unwrap().unwrap();
    assert_eq!(recorded.posted, expected);
    assert_sound(&database);
}

pub(crate) fn each_transfer_raises_the_version_of_both_accounts(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b, c) = (open(&bank, "a", 100).id, open(&bank, "b", 100).id, open(&bank, "c", 100).id);
    posted(post(&bank, transfer(a, b, 1)));
    posted(post(&bank, transfer(b, c, 1)));
    let posting = posted(post(&bank, transfer(c, b, 1)));
    assert_eq!((posting.debit, posting.credit), (entry(2, 100), entry(3, 101)));
    let versions = ["a", "b", "c"].map(|account| current(&bank, account).version.get());
    assert_eq!(versions, [1, 3, 2]);
    assert_sound(&database);
}

pub(crate) fn a_memo_is_recorded(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 100).id, open(&bank, "b", 100).id);
    for text in ["rent", "it's; DROP TABLE transfers --", "銀行 🏦", &"é".repeat(200)] {
        let order = transfer(a, b, 1).with_memo(Some(Memo::new(text).unwrap()));
        posted(post(&bank, &order));
        let recorded = bank.find_transfer(order.id).unwrap().unwrap();
        assert_eq!(recorded.posted.transfer, order);
    }
    assert_sound(&database);
}

pub(crate) fn every_field_of_a_large_batch_is_recorded(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 2000).id, open(&bank, "b", 2000).id);
    // Enough for each way of appending: one statement for each row, some rows, or COPY.
    for count in [1, 40, 1200] {
        let memo = |number: i64| (number % 3 > 0).then(|| Memo::new(format!("memo {number}, 銀行")).unwrap());
        let order = |number: i64| {
            let (from, to) = if number % 2 == 0 { (a, b) } else { (b, a) };
            transfer(from, to, number % 2 + 1).with_memo(memo(number))
        };
        let orders: Vec<Transfer> = (0..count).map(order).collect();
        bank.post_batch(&orders).unwrap();
        let ids: Vec<_> = orders.iter().map(|order| order.id).collect();
        let mut recorded: Vec<Transfer> =
            bank.find_transfers(&ids).unwrap().into_iter().map(|posted| posted.transfer).collect();
        recorded.sort_by_key(|transfer| ids.iter().position(|id| *id == transfer.id));
        assert_eq!(recorded, orders);
    }
    assert_sound(&database);
}

pub(crate) fn the_last_unit_can_be_transferred_and_no_more(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 100).id, open(&bank, "b", 0).id);
    let reason = rejected(post(&bank, transfer(a, b, 101)));
    assert_eq!(reason, insufficient(a, 100, 101));
    posted(post(&bank, transfer(a, b, 100)));
    let reason = rejected(post(&bank, transfer(a, b, 1)));
    assert_eq!(reason, insufficient(a, 0, 1));
    assert_eq!((balance(&bank, "a"), balance(&bank, "b")), (0, 100));
    assert_sound(&database);
}

pub(crate) fn an_overdraft_limit_is_respected_to_the_unit(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open_with_limit(&bank, "a", 100, 50).id, open(&bank, "b", 0).id);
    assert_eq!(rejected(post(&bank, transfer(a, b, 151))), insufficient(a, 150, 151));
    posted(post(&bank, transfer(a, b, 150)));
    assert_eq!(balance(&bank, "a"), -50);
    assert_eq!(rejected(post(&bank, transfer(a, b, 1))), insufficient(a, 0, 1));
    posted(post(&bank, transfer(b, a, 1)));
    assert_eq!(balance(&bank, "a"), -49);
    assert_sound(&database);
}

pub(crate) fn a_transfer_to_the_same_account_is_rejected(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let a = open(&bank, "a", 100).id;
    assert_eq!(rejected(post(&bank, transfer(a, a, 1))), Rejection::SameAccount);
    assert_eq!(current(&bank, "a").version, AccountVersion::new(0));
}

pub(crate) fn an_unknown_account_is_rejected_and_named(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let a = open(&bank, "a", 100).id;
    let nobody = AccountId::new(i64::MAX);
    let reason = Rejection::AccountNotFound { account: nobody };
    assert_eq!(rejected(post(&bank, transfer(a, nobody, 1))), reason);
    assert_eq!(rejected(post(&bank, transfer(nobody, a, 1))), reason);
    assert_eq!(balance(&bank, "a"), 100);
    assert_sound(&database);
}

pub(crate) fn a_receiving_balance_that_would_overflow_is_rejected(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, rich) = (open(&bank, "a", 100).id, open(&bank, "rich", i64::MAX - 5).id);
    let reason = rejected(post(&bank, transfer(a, rich, 6)));
    assert_eq!(reason, Rejection::BalanceOverflow { account: rich });
    assert_eq!((balance(&bank, "a"), balance(&bank, "rich")), (100, i64::MAX - 5));
    posted(post(&bank, transfer(a, rich, 5)));
    assert_eq!(balance(&bank, "rich"), i64::MAX);
    assert_sound(&database);
}

pub(crate) fn the_largest_amount_can_be_transferred(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let rich = open(&bank, "rich", i64::MAX).id;
    let (poor, debtor) = (open(&bank, "poor", 0).id, open_with_limit(&bank, "debtor", 0, i64::MAX).id);
    posted(post(&bank, transfer(rich, poor, i64::MAX)));
    assert_eq!((balance(&bank, "rich"), balance(&bank, "poor")), (0, i64::MAX));
    posted(post(&bank, transfer(debtor, rich, i64::MAX)));
    assert_eq!(balance(&bank, "debtor"), -i64::MAX);
    assert_sound(&database);
}

pub(crate) fn a_rejected_transfer_leaves_no_trace_and_its_id_free(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 10).id, open(&bank, "b", 0).id);
    let before = Ledger::read(&database);
    let too_much = transfer(a, b, 11);
    rejected(post(&bank, &too_much));
    assert_eq!(Ledger::read(&database), before);
    assert_eq!(bank.find_transfer(too_much.id).unwrap(), None);
    posted(post(&bank, transfer_with_id(too_much.id, a, b, 10)));
    assert_sound(&database);
}

/// Returns what creates a trigger on `transfers` that ignores rows.
fn ignore_rows(backend: TestBackend) -> &'static str {
    match backend {
        TestBackend::Sqlite => "CREATE TRIGGER ignore BEFORE INSERT ON transfers BEGIN SELECT RAISE(IGNORE); END",
        _ => {
            "CREATE FUNCTION ignore() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; \
             CREATE TRIGGER ignore BEFORE INSERT ON transfers FOR EACH ROW EXECUTE FUNCTION ignore()"
        }
    }
}

/// With sessions that are not kept: what a server commits in one statement is noticed only afterwards.
#[test]
fn money_does_not_move_without_its_row_in_the_journal() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        for size in [1, 3, 150] {
            let database = backend.database();
            let bank = database.bank_with(Settings::one_shot());
            let accounts = open_many(&bank, 2, 1_000);
            let before = Ledger::read(&database);
            database.plain().execute(ignore_rows(backend));
            let batch: Vec<_> = (0..size).map(|_| transfer(accounts[0], accounts[1], 1)).collect();
            let result = bank.post_batch(&batch);
            assert!(matches!(result, Err(BankError::InvariantViolation { .. })), "{backend:?} {size}: {result:?}");
            assert_eq!(Ledger::read(&database), before);
        }
    }
}

fn entry(version: i64, balance_after: i64) -> Entry {
    Entry { version: AccountVersion::new(version), balance_after: Balance::new(balance_after) }
}

fn insufficient(account: AccountId, available: i64, requested: i64) -> Rejection {
    let requested = Amount::new(requested).unwrap();
    Rejection::InsufficientFunds { account, available: Balance::new(available), requested }
}
