//! Groups: transfers that take effect together or not at all.

use bank_domain::{
    Amount, Balance, CurrencyCode, Group, GroupId, Outcome, Rejection, Reversal, Transfer, TransferField,
};
use bank_persistence::{Bank, Invariant, PostingPipeline, PostingQueue, QueueSettings};
use bank_tests::TestBackend;
use bank_tests::fixtures::{
    balance, current, new_account, open, open_many, open_with_limit, post, posted, random_transfers, transfer,
};
use bank_tests::invariants::{Ledger, assert_sound};
use bank_tests::threads::concurrently;

fn statuses(outcomes: &[Outcome]) -> Vec<&'static str> {
    let code = |outcome: &Outcome| match outcome {
        Outcome::Rejected(reason) => reason.code(),
        other => other.status(),
    };
    outcomes.iter().map(code).collect()
}

/// A payment of 100 with a fee of 2.
fn payment_with_fee(bank: &Bank) -> [Transfer; 2] {
    let id = |name| current(bank, name).id;
    [transfer(id("payer"), id("payee"), 100), transfer(id("payer"), id("fees"), 2)]
}

fn scene(backend: TestBackend, funds: i64) -> (bank_tests::TestDatabase, Bank) {
    let database = backend.database();
    let bank = database.bank();
    for (name, balance) in [("payer", funds), ("payee", 0), ("fees", 0)] {
        open(&bank, name, balance);
    }
    (database, bank)
}

pub(crate) fn a_group_is_posted_as_a_whole_and_then_replayed(backend: TestBackend) {
    let (database, bank) = scene(backend, 102);
    let group = Group::new(payment_with_fee(&bank)).unwrap();
    let outcomes = bank.post_group(&group).unwrap();
    assert_eq!(statuses(&outcomes), ["posted", "posted"]);
    assert_eq!(["payer", "payee", "fees"].map(|name| balance(&bank, name)), [0, 100, 2]);
    assert_eq!(statuses(&bank.post_group(&group).unwrap()), ["replayed", "replayed"]);
    let members = bank.find_group(group.id()).unwrap();
    let recorded: Vec<&Transfer> = members.iter().map(|member| &member.posted.transfer).collect();
    assert_eq!(recorded, group.requests().iter().map(|request| &request.transfer).collect::<Vec<_>>());
    let history = bank.history(current(&bank, "payer").id, None, 10).unwrap();
    assert!(history.iter().all(|entry| entry.group == Some(group.id())));
    assert_sound(&database);
}

pub(crate) fn a_group_of_which_one_is_rejected_changes_nothing(backend: TestBackend) {
    let (database, bank) = scene(backend, 101);
    let before = Ledger::read(&database);
    let group = Group::new(payment_with_fee(&bank)).unwrap();
    let outcomes = bank.post_group(&group).unwrap();
    assert_eq!(statuses(&outcomes), ["group_rejected", "insufficient_funds"]);
    let fee = group.requests()[1].transfer.id;
    assert_eq!(outcomes[0], Outcome::Rejected(Rejection::GroupRejected { member: fee }));
    assert_eq!(Ledger::read(&database), before);
    assert!(bank.find_group(group.id()).unwrap().is_empty());
    // Sent again, it is tried again.
    posted(post(&bank, transfer(open_with_limit(&bank, "rich", 5, 0).id, current(&bank, "payer").id, 1)));
    assert_eq!(statuses(&bank.post_group(&group).unwrap()), ["posted", "posted"]);
    assert_sound(&database);
}

pub(crate) fn members_see_the_effects_of_those_before_them(backend: TestBackend) {
    let (database, bank) = scene(backend, 100);
    let id = |name| current(&bank, name).id;
    let group = Group::new([transfer(id("payer"), id("payee"), 100), transfer(id("payee"), id("fees"), 90)]).unwrap();
    assert_eq!(statuses(&bank.post_group(&group).unwrap()), ["posted", "posted"]);
    let backwards = Group::new([transfer(id("payee"), id("payer"), 11), transfer(id("fees"), id("payee"), 1)]).unwrap();
    assert_eq!(statuses(&bank.post_group(&backwards).unwrap()), ["insufficient_funds", "group_rejected"]);
    assert_sound(&database);
}

pub(crate) fn other_transfers_of_a_batch_are_posted_beside_a_rejected_group(backend: TestBackend) {
    let (database, bank) = scene(backend, 150);
    let id = |name| current(&bank, name).id;
    let alone = [transfer(id("payer"), id("fees"), 1), transfer(id("payer"), id("fees"), 1)];
    let rejected =
        Group::new([transfer(id("payer"), id("payee"), 140), transfer(id("payer"), id("fees"), 10)]).unwrap();
    let fits = Group::new(payment_with_fee(&bank)).unwrap();
    let mut batch: Vec<bank_domain::PostRequest> = vec![(&alone[0]).into()];
    batch.extend(rejected);
    batch.push((&alone[1]).into());
    batch.extend(fits.clone());
    // The same group again, in the same batch.
    batch.extend(fits);
    let outcomes = bank.post_batch(&batch).unwrap();
    let expected =
        ["posted", "group_rejected", "insufficient_funds", "posted", "posted", "posted", "replayed", "replayed"];
    assert_eq!(statuses(&outcomes), expected);
    assert_eq!(["payer", "payee", "fees"].map(|name| balance(&bank, name)), [46, 100, 4]);
    assert_sound(&database);
}

pub(crate) fn members_that_were_posted_otherwise_are_a_conflict(backend: TestBackend) {
    let (database, bank) = scene(backend, 1_000);
    let members = payment_with_fee(&bank);
    posted(post(&bank, &members[1]));
    let group = Group::new(members.clone()).unwrap();
    let outcomes = bank.post_group(&group).unwrap();
    assert_eq!(statuses(&outcomes), ["group_rejected", "id_conflict"]);
    let conflict = Rejection::IdConflict { id: members[1].id, field: TransferField::Group };
    assert_eq!(outcomes[1], Outcome::Rejected(conflict));

    // Another membership under known ids.
    let members = payment_with_fee(&bank);
    let group = Group::new(members.clone()).unwrap();
    bank.post_group(&group).unwrap();
    let more = transfer(members[0].from, members[0].to, 3);
    let larger = Group::new([members[0].clone(), members[1].clone(), more]).unwrap();
    assert_eq!(statuses(&bank.post_group(&larger).unwrap()), ["id_conflict", "group_rejected", "group_rejected"]);
    // One member by itself.
    assert_eq!(statuses(&[post(&bank, &members[0])]), ["id_conflict"]);
    assert_eq!(balance(&bank, "payee"), 100);
    assert_sound(&database);
}

pub(crate) fn a_part_of_a_group_is_never_posted(backend: TestBackend) {
    let (database, bank) = scene(backend, 1_000);
    let before = Ledger::read(&database);
    let group = Group::new(payment_with_fee(&bank)).unwrap();
    for member in group.requests() {
        assert_eq!(statuses(&[post(&bank, member)]), ["group_incomplete"]);
    }
    let other = transfer(current(&bank, "payer").id, current(&bank, "payee").id, 1);
    let split = [&group.requests()[0], &(&other).into(), &group.requests()[1]].map(Clone::clone);
    assert_eq!(statuses(&bank.post_batch(&split).unwrap()), ["group_incomplete", "posted", "group_incomplete"]);
    assert_eq!(Ledger::read(&database).transfers.len(), before.transfers.len() + 1);
    assert_sound(&database);
}

pub(crate) fn an_expected_version_is_that_before_the_group(backend: TestBackend) {
    let (database, bank) = scene(backend, 1_000);
    let expecting = |version| {
        let version = bank_domain::AccountVersion::new(version);
        Group::new(payment_with_fee(&bank).map(|member| member.expecting(version))).unwrap()
    };
    assert_eq!(statuses(&bank.post_group(&expecting(0)).unwrap()), ["posted", "posted"]);
    assert_eq!(statuses(&bank.post_group(&expecting(0)).unwrap()), ["version_mismatch", "group_rejected"]);
    assert_eq!(statuses(&bank.post_group(&expecting(2)).unwrap()), ["posted", "posted"]);
    assert_sound(&database);
}

pub(crate) fn an_exchange_is_a_group_of_two_currencies(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let open_in = |name: &str, currency: &str, balance| {
        let code = CurrencyCode::new(currency).unwrap();
        bank.open_account(&new_account(name, balance).with_currency(Some(code))).unwrap().id
    };
    let (anna_eur, anna_usd) = (open_in("Anna EUR", "EUR", 1000), open_in("Anna USD", "USD", 0));
    let (desk_eur, desk_usd) = (open_in("Desk EUR", "EUR", 0), open_in("Desk USD", "USD", 1100));
    let exchange = || Group::new([transfer(anna_eur, desk_eur, 1000), transfer(desk_usd, anna_usd, 1100)]).unwrap();
    assert_eq!(statuses(&bank.post_group(&exchange()).unwrap()), ["posted", "posted"]);
    assert_eq!(current(&bank, "Anna USD").balance, Balance::new(1100));
    assert_eq!(statuses(&bank.post_group(&exchange()).unwrap()), ["insufficient_funds", "group_rejected"]);
    let crossing = Group::new([transfer(desk_eur, anna_usd, 1), transfer(desk_eur, anna_eur, 1)]).unwrap();
    assert_eq!(statuses(&bank.post_group(&crossing).unwrap()), ["currency_mismatch", "group_rejected"]);
    assert_sound(&database);
}

pub(crate) fn a_group_is_reversed_as_a_whole_at_most_once(backend: TestBackend) {
    let (database, bank) = scene(backend, 100);
    let id = |name| current(&bank, name).id;
    let chain = [transfer(id("payer"), id("payee"), 100), transfer(id("payee"), id("fees"), 100)];
    let group = Group::new(chain.clone()).unwrap();
    bank.post_group(&group).unwrap();
    // Only in the reverse order does each account have enough.
    let reversed = bank.reverse_group(group.id(), None, false).unwrap().unwrap();
    assert_eq!(statuses(&reversed.outcomes), ["posted", "posted"]);
    assert_eq!(reversed.originals[0].posted.transfer.id, chain[1].id);
    assert_eq!(["payer", "payee", "fees"].map(|name| balance(&bank, name)), [100, 0, 0]);
    let again = bank.reverse_group(group.id(), None, false).unwrap().unwrap();
    assert_eq!(statuses(&again.outcomes), ["replayed", "replayed"]);
    assert!(bank.reverse_group(GroupId::of([chain[0].id]), None, false).unwrap().is_none());

    // A member that was reversed by itself refuses the whole, and is named.
    let group = Group::new([transfer(id("payer"), id("payee"), 10), transfer(id("payer"), id("fees"), 1)]).unwrap();
    bank.post_group(&group).unwrap();
    let fee = group.requests()[1].transfer.id;
    let singly = bank.reverse(&Reversal { original: fee, memo: None, force: false }).unwrap().unwrap();
    posted(singly.outcome);
    let refused = bank.reverse_group(group.id(), None, false).unwrap().unwrap();
    assert_eq!(statuses(&refused.outcomes), ["id_conflict", "group_rejected"]);
    assert_eq!(refused.originals[0].posted.transfer.id, fee);
    assert_eq!(balance(&bank, "payee"), 10);
    assert_sound(&database);
}

pub(crate) fn a_group_of_a_thousand_is_posted(backend: TestBackend) {
    let (database, bank) = scene(backend, 1_000);
    let (payer, payee) = (current(&bank, "payer").id, current(&bank, "payee").id);
    let members: Vec<Transfer> = (0..1_000).map(|_| transfer(payer, payee, Amount::MIN.get())).collect();
    let outcomes = bank.post_group(&Group::new(members).unwrap()).unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.status() == "posted"));
    assert_eq!(balance(&bank, "payee"), 1_000);
    assert_sound(&database);
}

pub(crate) fn no_path_takes_a_group_apart(backend: TestBackend) {
    const THREADS: usize = 4;
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 6, 300);
    // Batches of three: groups of four are larger, and others do not fit what is left of one.
    let queue = PostingQueue::start(&bank, QueueSettings { batch_max: 3, ..QueueSettings::default() }).unwrap();
    let groups = |seed: u64| -> Vec<Group> {
        let transfers = random_transfers(seed, &accounts, 60, 80);
        let mut rest = transfers.as_slice();
        let mut groups = Vec::new();
        for size in [2, 3, 4].into_iter().cycle() {
            let Some((members, others)) = rest.split_at_checked(size) else { break };
            groups.push(Group::new(members.to_vec()).unwrap());
            rest = others;
        }
        groups
    };
    let by_queue = concurrently(THREADS, |thread| {
        let post = |group: Group| queue.post_group(group).unwrap();
        groups(u64::try_from(thread).unwrap()).into_iter().map(post).collect::<Vec<_>>()
    });
    queue.close();
    let mut pipeline = PostingPipeline::new(&bank, 3);
    let sent = groups(99);
    for two in sent.chunks(2) {
        pipeline.push(two.iter().cloned().flatten()).unwrap();
    }
    pipeline.flush().unwrap();
    let outcomes: Vec<Outcome> = pipeline.take_outcomes().into_iter().flatten().collect();
    let mut rest = outcomes.as_slice();
    let mut by_pipeline = Vec::new();
    for group in &sent {
        let (of_group, others) = rest.split_at(group.requests().len());
        by_pipeline.push(of_group.to_vec());
        rest = others;
    }
    let mut posted = 0;
    for of_group in by_queue.iter().flatten().chain(&by_pipeline) {
        let codes = statuses(of_group);
        let is_posted = codes.iter().all(|code| *code == "posted");
        let rejected_for_itself = codes.iter().filter(|code| **code != "group_rejected").count();
        assert!(is_posted || rejected_for_itself == 1, "{codes:?}");
        assert!(!codes.contains(&"group_incomplete"), "{codes:?}");
        posted += usize::from(is_posted);
    }
    assert!(posted > 10, "hardly any group was posted: {posted}");
    assert_sound(&database);
}

pub(crate) fn a_group_in_part_is_found_by_the_audit(backend: TestBackend) {
    let (database, bank) = scene(backend, 1_000);
    let group = Group::new(payment_with_fee(&bank)).unwrap();
    bank.post_group(&group).unwrap();
    bank.post_group(&Group::new(payment_with_fee(&bank)).unwrap()).unwrap();
    database.plain().execute("UPDATE transfers SET group_id = NULL WHERE amount = 2 AND from_version = 2");
    let findings = bank.audit().unwrap().findings;
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!((findings[0].invariant, findings[0].count), (Invariant::WholeGroups, 1));
    let offender = &findings[0].offenders[0];
    assert_eq!(*offender, format!("group {} is there with 1 transfers, which are not its members", group.id()));
}
