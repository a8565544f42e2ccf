//! What a load has shown.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use bank_domain::GroupId;
use bank_persistence::DatabaseUrl;

use super::{LoadPlan, Submission, Verdict};

/// The answers that the clients of a load got, and what its readers saw.
#[derive(Clone, Debug)]
pub struct LoadResult {
    pub(super) url: DatabaseUrl,
    pub(super) plan: LoadPlan,
    /// Every transfer that was sent.
    pub submissions: Vec<Submission>,
    /// Errors and rejections that no fault explains.
    pub surprises: Vec<String>,
    /// How long the longest call took.
    pub longest_call: Duration,
    /// How many times a reader summed all balances.
    pub reads: u64,
    /// Violations that a reader saw.
    pub read_violations: Vec<String>,
    /// How many times a reader got no answer.
    pub connection_losses: u64,
}

impl LoadResult {
    pub(super) fn new(url: DatabaseUrl, plan: LoadPlan) -> Self {
        let (submissions, surprises, read_violations) = (Vec::new(), Vec::new(), Vec::new());
        let (longest_call, reads, connection_losses) = (Duration::ZERO, 0, 0);
        Self { url, plan, submissions, surprises, longest_call, reads, read_violations, connection_losses }
    }

    /// Returns how many transfers ended this way.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.submissions.iter().filter(|submission| submission.verdict == verdict).count()
    }

    /// Returns the groups that were sent, each with its members.
    pub(crate) fn groups(&self) -> HashMap<GroupId, Vec<&Submission>> {
        let mut groups: HashMap<GroupId, Vec<&Submission>> = HashMap::new();
        for submission in &self.submissions {
            if let Some(group) = submission.transfer.group() {
                groups.entry(group).or_default().push(submission);
            }
        }
        groups
    }

    /// Returns how many transfers were acknowledged.
    #[must_use]
    pub fn acknowledged(&self) -> usize {
        self.count(Verdict::Posted) + self.count(Verdict::Replayed)
    }
}

impl fmt::Display for LoadResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} submitted ({} groups among them), {} acknowledged ({} found applied), {} unknown, {} failed, {} rejected, longest call {:.1} s; \
             {} reads, {} lost connections, {} wrong",
            self.submissions.len(),
            self.groups().len(),
            self.acknowledged(),
            self.count(Verdict::Replayed),
            self.count(Verdict::Unknown),
            self.count(Verdict::Failed),
            self.count(Verdict::Rejected),
            self.longest_call.as_secs_f64(),
            self.reads,
            self.connection_losses,
            self.read_violations.len(),
        )
    }
}
