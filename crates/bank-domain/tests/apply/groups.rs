//! Groups: applied as a whole or not at all.

use bank_domain::{
    AccountState, AccountStatus, AccountVersion, AppliedBatch, Group, Outcome, PostRequest, Rejection, apply_batch,
};

use crate::{account, posting, rejection, transfer, two_accounts};

fn group(members: impl IntoIterator<Item = PostRequest>) -> Vec<PostRequest> {
    Group::new(members).unwrap().into_iter().collect()
}

fn codes(applied: &AppliedBatch) -> Vec<&'static str> {
    let code = |outcome: &Outcome| match outcome {
        Outcome::Rejected(reason) => reason.code(),
        other => other.status(),
    };
    applied.outcomes.iter().map(code).collect()
}

#[test]
fn each_member_sees_the_effects_of_those_before_it() {
    let applied = apply_batch(two_accounts(), vec![], &group([transfer(1, 2, 1, 9_000), transfer(2, 1, 2, 19_000)]));
    assert_eq!(codes(&applied), ["posted", "posted"]);
    assert_eq!(posting(&applied.outcomes[1]).credit.balance_after.get(), 19_000);
}

#[test]
fn of_a_rejected_group_nothing_is_left_for_what_follows() {
    let mut batch = vec![transfer(1, 1, 2, 1)];
    batch.extend(group([transfer(2, 1, 2, 9_000), transfer(3, 1, 2, 1_000)]));
    batch.push(transfer(4, 1, 2, 9_999));
    let applied = apply_batch(two_accounts(), vec![], &batch);
    assert_eq!(codes(&applied), ["posted", "group_rejected", "insufficient_funds", "posted"]);
    let member = batch[2].transfer.id;
    assert_eq!(*rejection(&applied.outcomes[1]), Rejection::GroupRejected { member });
    let left: Vec<_> = applied.changed.iter().map(|account| (account.balance.get(), account.version.get())).collect();
    assert_eq!(left, [(0, 2), (19_000, 2)]);
}

#[test]
fn a_rejected_group_alone_changes_no_account() {
    let applied = apply_batch(two_accounts(), vec![], &group([transfer(1, 1, 2, 1), transfer(2, 1, 9, 1)]));
    assert_eq!(codes(&applied), ["group_rejected", "account_not_found"]);
    assert!(applied.changed.is_empty());
}

/// Each step breaks one more rule, and the group is rejected for the rule that comes first.
#[test]
fn rejections_of_a_group_have_an_order_of_precedence() {
    let first = |accounts: &[AccountState], posted: &[PostRequest], requests: &[PostRequest]| {
        let posted: Vec<_> =
            apply_batch(two_accounts(), vec![], posted).outcomes.iter().map(posting).cloned().collect();
        codes(&apply_batch(accounts.to_vec(), posted, requests))
    };
    let mut accounts = two_accounts();
    let mut members = [transfer(1, 1, 2, 1), transfer(2, 1, 2, 1)];
    assert_eq!(first(&accounts, &[], &group(members.clone())), ["posted", "posted"]);
    members[1].expected_version = Some(AccountVersion::new(1));
    assert_eq!(first(&accounts, &[], &group(members.clone())), ["group_rejected", "version_mismatch"]);
    accounts[0].status = AccountStatus::Frozen;
    assert_eq!(first(&accounts, &[], &group(members.clone())), ["account_frozen", "group_rejected"]);
    let posted = [transfer(2, 1, 2, 1)];
    assert_eq!(first(&accounts, &posted, &group(members.clone())), ["group_rejected", "id_conflict"]);
    let part = &group([members[0].clone(), members[1].clone(), transfer(3, 1, 2, 1)])[..2];
    assert_eq!(first(&accounts, &posted, part), ["group_incomplete", "group_incomplete"]);
    let nil = group([transfer(0, 1, 2, 1), members[1].clone()]);
    assert_eq!(first(&accounts, &posted, &nil), ["nil_id", "group_rejected"]);
}

#[test]
fn a_group_is_replayed_without_a_look_at_its_accounts() {
    let members = group([transfer(1, 1, 2, 10_000), transfer(2, 2, 1, 1)]);
    let applied = apply_batch(two_accounts(), vec![], &members);
    let posted = applied.outcomes.iter().map(posting).cloned().collect();
    let again = apply_batch(vec![account(1, 0, 0)], posted, &members);
    assert_eq!(codes(&again), ["replayed", "replayed"]);
    assert!(again.changed.is_empty());
}
