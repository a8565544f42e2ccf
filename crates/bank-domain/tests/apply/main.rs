//! The rules of posting, by example; `model` has them against an independent, naive model.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]

use bank_domain::{
    AccountId, AccountState, AccountStatus, AccountVersion, Amount, AppliedBatch, Balance, CurrencyCode, Held, Memo,
    Outcome, OverdraftLimit, PostRequest, PostedTransfer, Rejection, Reversal, Transfer, TransferField, TransferId,
    apply_batch,
};
use uuid::Uuid;

mod groups;
mod model;

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
