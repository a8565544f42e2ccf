//! The rules of posting, by example and against an independent, naive model.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]

use bank_domain::{
    AccountId, AccountState, AccountStatus, AccountVersion, Amount, AppliedBatch, Balance, CurrencyCode, Held, Memo,
    Outcome, OverdraftLimit, PostRequest, PostedTransfer, Rejection, Reversal, Transfer, TransferField, TransferId,
    apply_batch,
};
use proptest::prelude::*;
use uuid::Uuid;

fn account(id: i64, balance: i64, limit: i64) -> AccountState {
    AccountState {
        id: AccountId::new(id),
        currency: CurrencyCode::NONE,
        status: AccountStatus::Open,
        held: Held::default(),
        balance: Balance::new(balance),
        overdraft_limit: OverdraftLimit::new(limit).unwrap(),
        version: AccountVersion::default(),
    }
}

fn transfer(id: u128, from: i64, to: i64, amount: i64) -> PostRequest {
    let (id, amount) = (TransferId::from_uuid(Uuid::from_u128(id)), Amount::new(amount).unwrap());
    Transfer::new(id, AccountId::new(from), AccountId::new(to), amount).into()
}

fn two_accounts() -> Vec<AccountState> {
    vec![account(1, 10_000, 0), account(2, 9_000, 0)]
}

fn rejection(outcome: &Outcome) -> &Rejection {
    match outcome {
        Outcome::Rejected(rejection) => rejection,
        other => panic!("not rejected: {other:?}"),
    }
}

fn posting(outcome: &Outcome) -> &PostedTransfer {
    outcome.posted().expect("a posting")
}

#[test]
fn a_transfer_moves_the_amount_and_counts_in_both_accounts() {
    let AppliedBatch { outcomes, changed } = apply_batch(two_accounts(), vec![], &[transfer(1, 1, 2, 800)]);
    assert_eq!(outcomes[0].status(), "posted");
    assert_eq!(posting(&outcomes[0]).debit.balance_after.get(), 9_200);
    assert_eq!(posting(&outcomes[0]).credit.balance_after.get(), 9_800);
    let balances: Vec<_> = changed.iter().map(|a| (a.balance.get(), a.version.get())).collect();
    assert_eq!(balances, [(9_200, 1), (9_800, 1)]);
}

#[test]
fn an_empty_batch_does_nothing() {
    assert_eq!(apply_batch(two_accounts(), vec![], &[]), AppliedBatch::default());
}

#[test]
fn the_last_unit_can_be_spent_and_not_one_more() {
    let spend = |amount| {
        let accounts = vec![account(1, 100, 50), account(2, 0, 0)];
        apply_batch(accounts, vec![], &[transfer(1, 1, 2, amount)])
    };
    assert_eq!(posting(&spend(150).outcomes[0]).debit.balance_after.get(), -50);
    let refused = spend(151);
    assert_eq!(
        *rejection(&refused.outcomes[0]),
        Rejection::InsufficientFunds {
            account: AccountId::new(1),
            available: Balance::new(150),
            requested: Amount::new(151).unwrap(),
        }
    );
    assert!(refused.changed.is_empty());
}

#[test]
fn money_received_in_a_batch_can_be_spent_in_it() {
    let batch = [transfer(1, 2, 1, 9_000), transfer(2, 1, 2, 19_000)];
    let forwards = apply_batch(two_accounts(), vec![], &batch);
    assert!(forwards.outcomes.iter().all(|o| o.status() == "posted"));
    let batch = [transfer(2, 1, 2, 19_000), transfer(1, 2, 1, 9_000)];
    let backwards = apply_batch(two_accounts(), vec![], &batch);
    assert_eq!(backwards.outcomes[0].status(), "rejected");
    assert_eq!(backwards.outcomes[1].status(), "posted");
}

#[test]
fn an_overflowing_credit_is_rejected_and_debits_nothing() {
    let accounts = vec![account(1, 5, 0), account(2, i64::MAX - 4, 0)];
    let applied = apply_batch(accounts, vec![], &[transfer(1, 1, 2, 5)]);
    let account = AccountId::new(2);
    assert_eq!(*rejection(&applied.outcomes[0]), Rejection::BalanceOverflow { account });
    assert!(applied.changed.is_empty());
}

#[test]
fn same_and_missing_accounts_are_rejected() {
    let batch = [transfer(1, 1, 1, 5), transfer(2, 3, 1, 5), transfer(3, 1, 3, 5)];
    let applied = apply_batch(two_accounts(), vec![], &batch);
    assert_eq!(*rejection(&applied.outcomes[0]), Rejection::SameAccount);
    let account = AccountId::new(3);
    assert_eq!(*rejection(&applied.outcomes[1]), Rejection::AccountNotFound { account });
    assert_eq!(*rejection(&applied.outcomes[2]), Rejection::AccountNotFound { account });
}

#[test]
fn a_known_id_is_replayed_with_its_original_outcome_and_changes_nothing() {
    let order = transfer(1, 1, 2, 800);
    let first = apply_batch(two_accounts(), vec![], std::slice::from_ref(&order));
    let original = posting(&first.outcomes[0]).clone();
    let again = apply_batch(first.changed, vec![original.clone()], &[order]);
    assert_eq!(again.outcomes, [Outcome::Replayed(original)]);
    assert!(again.changed.is_empty());
}

#[test]
fn a_known_id_with_other_content_is_a_conflict_that_names_the_field() {
    let batch = [transfer(1, 1, 2, 800), transfer(1, 1, 2, 801), {
        let mut other = transfer(1, 1, 2, 800);
        other.transfer.memo = Memo::new("rent").ok();
        other
    }];
    let applied = apply_batch(two_accounts(), vec![], &batch);
    let fields: Vec<_> = applied.outcomes[1..]
        .iter()
        .map(|o| match rejection(o) {
            Rejection::IdConflict { field, .. } => *field,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(fields, [TransferField::Amount, TransferField::Memo]);
    assert_eq!(applied.changed[0].balance.get(), 9_200);
}

#[test]
fn the_nil_uuid_is_rejected_before_every_other_rule() {
    let applied = apply_batch(two_accounts(), vec![], &[transfer(0, 1, 2, 800), transfer(0, 9, 9, 1)]);
    assert!(applied.outcomes.iter().all(|outcome| *rejection(outcome) == Rejection::NilId));
    assert!(applied.changed.is_empty());
}

#[test]
fn a_rejected_id_stays_free() {
    let batch = [transfer(1, 1, 2, 20_000), transfer(1, 1, 2, 1)];
    let applied = apply_batch(two_accounts(), vec![], &batch);
    assert_eq!(applied.outcomes[0].status(), "rejected");
    assert_eq!(applied.outcomes[1].status(), "posted");
}

#[test]
fn a_replay_wins_over_every_other_rule() {
    let order = transfer(1, 1, 2, 10_000);
    let first = apply_batch(two_accounts(), vec![], std::slice::from_ref(&order));
    let original = posting(&first.outcomes[0]).clone();
    let nothing_left_to_lock = vec![];
    let again = apply_batch(nothing_left_to_lock, vec![original], &[order]);
    assert_eq!(again.outcomes[0].status(), "replayed");
}

#[test]
fn an_account_that_is_not_open_neither_pays_nor_receives() {
    for (status, code) in [(AccountStatus::Frozen, "account_frozen"), (AccountStatus::Closed, "account_closed")] {
        for place in 0..2 {
            let mut accounts = two_accounts();
            accounts[place].status = status;
            let applied = apply_batch(accounts, vec![], &[transfer(1, 1, 2, 800)]);
            assert_eq!(rejection(&applied.outcomes[0]).code(), code);
            assert!(applied.changed.is_empty());
        }
    }
}

#[test]
fn a_reversal_needs_open_accounts_too() {
    let order = transfer(1, 1, 2, 800);
    let first = apply_batch(two_accounts(), vec![], std::slice::from_ref(&order));
    let back = Reversal { original: order.transfer.id, memo: None, force: false }.of(&order.transfer).unwrap();
    let mut accounts = first.changed;
    accounts[0].status = AccountStatus::Frozen;
    let refused = apply_batch(accounts.clone(), vec![], &[back.clone().into()]);
    assert_eq!(rejection(&refused.outcomes[0]).code(), "account_frozen");
    accounts[0].status = AccountStatus::Open;
    let applied = apply_batch(accounts, vec![], &[back.into()]);
    assert_eq!(posting(&applied.outcomes[0]).credit.balance_after.get(), 10_000);
}

#[test]
fn money_stays_in_its_currency() {
    let mut accounts = two_accounts();
    accounts[1].currency = CurrencyCode::new("EUR").unwrap();
    let applied = apply_batch(accounts.clone(), vec![], &[transfer(1, 1, 2, 800)]);
    let reason = Rejection::CurrencyMismatch { from: CurrencyCode::NONE, to: accounts[1].currency };
    assert_eq!(*rejection(&applied.outcomes[0]), reason);
    assert!(applied.changed.is_empty());
}

#[test]
fn what_is_held_cannot_be_spent() {
    let mut accounts = two_accounts();
    accounts[0].held = Held::new(9_500).unwrap();
    let applied = apply_batch(accounts, vec![], &[transfer(1, 1, 2, 501), transfer(2, 1, 2, 500)]);
    assert_eq!(rejection(&applied.outcomes[0]).code(), "insufficient_funds");
    assert_eq!(applied.outcomes[1].status(), "posted");
}

/// Each step breaks one more rule, and the transfer is rejected for the rule that comes first.
#[test]
fn rejections_have_an_order_of_precedence() {
    let refuse = |accounts: &[AccountState], request: PostRequest| {
        rejection(&apply_batch(accounts.to_vec(), vec![], &[request]).outcomes[0]).code()
    };
    let mut accounts = vec![account(1, 100, 0), account(2, i64::MAX, 0)];
    let mut request = transfer(1, 1, 2, 1);
    assert_eq!(refuse(&accounts, request.clone()), "balance_overflow");
    request = transfer(1, 1, 2, 101);
    assert_eq!(refuse(&accounts, request.clone()), "insufficient_funds");
    request.expected_version = Some(AccountVersion::new(7));
    assert_eq!(refuse(&accounts, request.clone()), "version_mismatch");
    accounts[0].currency = CurrencyCode::new("EUR").unwrap();
    assert_eq!(refuse(&accounts, request.clone()), "currency_mismatch");
    accounts[1].status = AccountStatus::Closed;
    assert_eq!(refuse(&accounts, request.clone()), "account_closed");
    accounts[0].status = AccountStatus::Frozen;
    assert_eq!(refuse(&accounts, request.clone()), "account_frozen");
    accounts.pop();
    assert_eq!(refuse(&accounts, request.clone()), "account_not_found");
    request.transfer.to = AccountId::new(1);
    assert_eq!(refuse(&accounts, request.clone()), "same_account");
    request.transfer.id = TransferId::from_uuid(Uuid::nil());
    assert_eq!(refuse(&accounts, request), "nil_id");
}

#[test]
fn an_expected_version_is_that_before_the_transfer() {
    let expecting = |id, from, to, version| transfer(id, from, to, 1).transfer.expecting(AccountVersion::new(version));
    let mismatch = |expected, found| Rejection::VersionMismatch {
        account: AccountId::new(1),
        expected: AccountVersion::new(expected),
        found: AccountVersion::new(found),
    };
    let batch = [
        expecting(1, 1, 2, 0),
        expecting(2, 1, 2, 0),
        expecting(2, 1, 2, 1),
        // The receiving account has version 2 now; only the paying one is asked.
        expecting(3, 1, 2, 2),
        // Posted before, whatever the version is now.
        expecting(1, 1, 2, 0),
        expecting(1, 1, 2, 99),
        transfer(1, 1, 2, 1),
    ];
    let applied = apply_batch(two_accounts(), vec![], &batch);
    let statuses: Vec<_> = applied.outcomes.iter().map(Outcome::status).collect();
    assert_eq!(statuses, ["posted", "rejected", "posted", "posted", "replayed", "replayed", "replayed"]);
    assert_eq!(*rejection(&applied.outcomes[1]), mismatch(0, 1));
    assert_eq!(rejection(&applied.outcomes[1]).code(), "version_mismatch");
}

#[test]
fn another_version_is_told_before_missing_funds() {
    let mut order = transfer(1, 1, 2, 20_000);
    order.expected_version = Some(AccountVersion::new(3));
    let applied = apply_batch(two_accounts(), vec![], &[order.clone()]);
    assert_eq!(rejection(&applied.outcomes[0]).code(), "version_mismatch");
    assert!(applied.changed.is_empty());
    order.expected_version = Some(AccountVersion::new(0));
    let applied = apply_batch(two_accounts(), vec![], &[order]);
    assert_eq!(rejection(&applied.outcomes[0]).code(), "insufficient_funds");
}

/// The model: wide arithmetic, linear searches, whole copies; nothing shared with the code under test.
#[derive(Clone, Default)]
struct Model {
    /// Id, balance, limit, version, currency, and 0 if it is open.
    accounts: Vec<(i64, i128, i128, i64, usize, usize)>,
    journal: Vec<(u128, i64, i64, i64)>,
}

/// Id, paying and receiving account, amount, expected version.
type Row = (u128, i64, i64, i64, Option<i64>);

impl Model {
    fn apply(&mut self, (id, from, to, amount, expected): Row) -> &'static str {
        if let Some(row) = self.journal.iter().find(|row| row.0 == id) {
            return if *row == (id, from, to, amount) { "replayed" } else { "id_conflict" };
        }
        let mut after = self.accounts.clone();
        let mut found = [false, false];
        for row in &mut after {
            if row.0 == from {
                found[0] = true;
                row.1 -= i128::from(amount);
                row.3 += 1;
            }
            if row.0 == to {
                found[1] = true;
                row.1 += i128::from(amount);
                row.3 += 1;
            }
        }
        if from == to {
            return "same_account";
        }
        if found != [true, true] {
            return "account_not_found";
        }
        let of = |id| after.iter().find(|row| row.0 == id).copied().unwrap();
        let (payer, payee) = (of(from), of(to));
        if payer.5 + payee.5 > 0 {
            return if payer.5 == 1 || (payer.5 == 0 && payee.5 == 1) { "account_frozen" } else { "account_closed" };
        }
        if payer.4 != payee.4 {
            return "currency_mismatch";
        }
        // `after` counts the transfer itself.
        if after.iter().any(|row| row.0 == from && expected.is_some_and(|version| version + 1 != row.3)) {
            return "version_mismatch";
        }
        if after.iter().any(|row| row.0 == from && row.1 < -row.2) {
            return "insufficient_funds";
        }
        if after.iter().any(|row| row.1 > i128::from(i64::MAX)) {
            return "balance_overflow";
        }
        self.accounts = after;
        self.journal.push((id, from, to, amount));
        "posted"
    }
}

fn code(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Rejected(rejection) => rejection.code(),
        other => other.status(),
    }
}

prop_compose! {
    fn any_balance()(
        balance in prop_oneof![0..1_000i64, Just(i64::MAX), Just(i64::MAX - 500), Just(-50)],
        limit in prop_oneof![Just(50i64), 50..200i64, Just(i64::MAX)],
    ) -> (i64, i64) { (balance, limit) }
}

proptest! {
    #[test]
    fn any_split_of_any_input_agrees_with_the_model(
        balances in prop::collection::vec((any_balance(), 0..3usize, prop_oneof![6 => Just(0usize), 1 => 1..3usize]), 2..6),
        rows in prop::collection::vec(
            (
                1..12u128,
                1..6i64,
                1..6i64,
                prop_oneof![1..300i64, Just(i64::MAX)],
                prop_oneof![Just(None), (0..6i64).prop_map(Some)],
            ),
            0..60,
        ),
        split in 0..60usize,
    ) {
        let mut model = Model::default();
        let mut accounts = Vec::new();
        let currencies = ["XXX", "EUR", "USD"].map(|code| CurrencyCode::new(code).unwrap());
        for (id, ((balance, limit), currency, status)) in (1..).zip(&balances) {
            model.accounts.push((id, i128::from(*balance), i128::from(*limit), 0, *currency, *status));
            let (currency, status) = (currencies[*currency], AccountStatus::ALL[*status]);
            accounts.push(AccountState { currency, status, ..account(id, *balance, *limit) });
        }
        let total: i128 = model.accounts.iter().map(|a| a.1).sum();
        let order = |row: &Row| PostRequest {
            expected_version: row.4.map(AccountVersion::new),
            ..transfer(row.0, row.1, row.2, row.3)
        };
        let transfers: Vec<_> = rows.iter().map(order).collect();
        let (head, tail) = transfers.split_at(split.min(transfers.len()));

        let first = apply_batch(accounts.clone(), vec![], head);
        for now in &first.changed {
            *accounts.iter_mut().find(|a| a.id == now.id).unwrap() = *now;
        }
        let posted = |outcomes: &[Outcome]| -> Vec<PostedTransfer> {
            outcomes.iter().filter(|o| o.status() == "posted").filter_map(|o| o.posted().cloned()).collect()
        };
        let second = apply_batch(accounts.clone(), posted(&first.outcomes), tail);
        for now in &second.changed {
            *accounts.iter_mut().find(|a| a.id == now.id).unwrap() = *now;
        }

        let expected: Vec<_> = rows.iter().map(|row| model.apply(*row)).collect();
        let actual: Vec<_> = first.outcomes.iter().chain(&second.outcomes).map(code).collect();
        prop_assert_eq!(actual, expected);
        for (now, (id, balance, _, version, ..)) in accounts.iter().zip(&model.accounts) {
            prop_assert_eq!(now.id.get(), *id);
            prop_assert_eq!(i128::from(now.balance.get()), *balance);
            prop_assert_eq!(now.version.get(), *version);
        }
        prop_assert_eq!(accounts.iter().map(|a| i128::from(a.balance.get())).sum::<i128>(), total);
        let in_order = posted(&first.outcomes).into_iter().chain(posted(&second.outcomes));
        prop_assert_eq!(in_order.count(), model.journal.len());
    }
}
