//! Compares the journal with the answers that the clients of a load got.

use std::collections::{HashMap, HashSet};

use bank_domain::{Outcome, PostRequest, Transfer, units};
use bank_persistence::{Bank, Settings};

use super::{LoadResult, Submission, Verdict};
use crate::backend::say;
use crate::invariants::{Ledger, TransferFacts, hexadecimal};
use crate::plain::Plain;

/// Enough to see what is wrong.
const SHOWN_MAX: usize = 20;
const BATCH_SIZE: usize = 500;

impl LoadResult {
    /// Checks that each acknowledged transfer is in the journal exactly once and every other at most once, that every
    /// invariant holds, and that submitting everything again changes nothing that was applied. `plain` is a connection
    /// to the same database. Prints the counts.
    ///
    /// # Panics
    ///
    /// If anything is wrong; or if nothing was acknowledged or read, which proves nothing.
    #[track_caller]
    pub fn assert_exactly_once_and_sound(&self, what: &str, plain: &mut Plain) {
        say(&format!("faults: {what}: {self}"));
        assert!(self.acknowledged() > 0, "nothing was acknowledged");
        assert!(self.plan.readers == 0 || self.reads > 0, "nothing was read");
        assert_none(what, &self.violations(plain));
        assert_none(what, &self.violations_of_running_again(plain));
    }

    /// Returns every violation in the database and in what the readers saw (I1 to I9), each as a sentence.
    pub fn violations(&self, plain: &mut Plain) -> Vec<String> {
        let ledger = Ledger::read_from(plain);
        let mut found = self.surprises.clone();
        found.extend(self.read_violations.iter().cloned());
        found.extend(ledger.violations());
        found.extend(self.violations_of_the_audit());
        if ledger.accounts.len() != self.plan.accounts {
            found.push(format!("I8: {} accounts in place of {}", ledger.accounts.len(), self.plan.accounts));
        }
        found.extend(journal_violations(&ledger.transfers, &self.submissions));
        found.extend(self.groups_in_half(&ledger.transfers));
        found
    }

    /// Returns a sentence for each group of which the journal has some members and lacks others.
    fn groups_in_half(&self, journal: &[TransferFacts]) -> Vec<String> {
        let there: HashSet<&str> = journal.iter().map(|row| &*row.id).collect();
        let mut found = Vec::new();
        for (group, members) in self.groups() {
            let count = members.iter().filter(|member| there.contains(&*hexadecimal(member.transfer.id))).count();
            if count != 0 && count != members.len() {
                found.push(format!("I9: group {group} is there with {count} of {} transfers", members.len()));
            }
        }
        found
    }

    fn violations_of_the_audit(&self) -> Vec<String> {
        let report = self.bank().audit().expect("the audit runs after the damage");
        report.findings.iter().map(|finding| format!("the audit finds: {finding:?}")).collect()
    }

    /// Submits the whole input again and returns each change that this should not have made (I8).
    pub fn violations_of_running_again(&self, plain: &mut Plain) -> Vec<String> {
        let before = by_id(Ledger::read_from(plain).transfers);
        let bank = self.bank();
        let mut found = Vec::new();
        for part in batches(&self.submissions) {
            let transfers: Vec<Transfer> = part.iter().map(|submission| submission.transfer.clone()).collect();
            let outcomes = match bank.post_batch(&transfers) {
                Ok(outcomes) => outcomes,
                Err(error) => {
                    found.push(format!("I8: submitting transfers again fails: {error:?}"));
                    continue;
                }
            };
            for (submission, outcome) in part.iter().zip(outcomes) {
                let id = submission.transfer.id;
                let applied = submission.verdict.is_acknowledged() || before.contains_key(&hexadecimal(id));
                let replayed = matches!(outcome, Outcome::Replayed(_));
                if applied != replayed {
                    let verdict = submission.verdict;
                    found.push(format!("I8: transfer {id}, {verdict:?} before, is {} again", outcome.status()));
                }
            }
        }
        let after = Ledger::read_from(plain);
        found.extend(after.violations());
        let after = by_id(after.transfers);
        let changed = before.iter().filter(|(id, row)| after.get(*id) != Some(row));
        found.extend(changed.map(|(id, _)| format!("I8: transfer {id} was changed by submitting it again")));
        found
    }

    fn bank(&self) -> Bank {
        Bank::connect(&self.url, Settings::default()).expect("the database can be reached after the damage")
    }
}

/// Splits submissions into batches of about this size, without cutting a group.
fn batches(submissions: &[Submission]) -> Vec<&[Submission]> {
    let requests: Vec<PostRequest> = submissions.iter().map(|submission| (&submission.transfer).into()).collect();
    let (mut batches, mut begin, mut end) = (Vec::new(), 0, 0);
    for unit in units(&requests) {
        end += unit.len();
        if end - begin >= BATCH_SIZE {
            batches.push(&submissions[begin..end]);
            begin = end;
        }
    }
    batches.push(&submissions[begin..]);
    batches
}

fn by_id(transfers: Vec<TransferFacts>) -> HashMap<String, TransferFacts> {
    transfers.into_iter().map(|row| (row.id.clone(), row)).collect()
}

/// Returns each transfer that the journal should not have, lacks, or has with other content (I1, I8).
fn journal_violations(journal: &[TransferFacts], submissions: &[Submission]) -> Vec<String> {
    let mut expected: HashMap<String, &Submission> =
        submissions.iter().map(|submission| (hexadecimal(submission.transfer.id), submission)).collect();
    let mut found = Vec::new();
    let mut seen = HashMap::new();
    for row in journal {
        if seen.insert(&row.id, row).is_some() {
            found.push(format!("I1: transfer {} is there twice", row.id));
            continue;
        }
        match expected.remove(&row.id) {
            None => found.push(format!("I8: nobody submitted transfer {}", row.id)),
            Some(Submission { transfer, .. }) if !is_content_of(row, transfer) => {
                found.push(format!("I1: transfer {} has other content than was submitted", row.id));
            }
            Some(Submission { verdict: verdict @ (Verdict::Failed | Verdict::Rejected), .. }) => {
                found.push(format!("I1: transfer {} was reported as {verdict:?} and is there", row.id));
            }
            Some(_) => {}
        }
    }
    let lost = expected.values().filter(|submission| submission.verdict.is_acknowledged());
    found.extend(lost.map(|lost| format!("I1: transfer {} was acknowledged and is not there", lost.transfer.id)));
    found
}

fn is_content_of(row: &TransferFacts, transfer: &Transfer) -> bool {
    let memo = transfer.memo.as_ref().map(|memo| memo.as_str());
    (row.from_account_id, row.to_account_id, row.amount, row.memo.as_deref())
        == (transfer.from.get(), transfer.to.get(), transfer.amount.get(), memo)
}

#[track_caller]
fn assert_none(what: &str, violations: &[String]) {
    let shown: Vec<&str> = violations.iter().take(SHOWN_MAX).map(String::as_str).collect();
    assert!(violations.is_empty(), "{what}: {} violations:\n{}", violations.len(), shown.join("\n"));
}
