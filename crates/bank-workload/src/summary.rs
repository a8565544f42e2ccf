//! The end of a run: counts, latencies, the verdict.

use std::fmt;

use bank_db::WithCauses;
use serde::Serialize;

use crate::book::TransferCounts;
use crate::error::WorkloadError;
use crate::meter::Latencies;
use crate::plan::WorkloadPlan;
use crate::retries::Retries;
use crate::sample::{Percentiles, milliseconds};

/// The end of a run, as JSON and for the report.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// What the run proves.
    pub verdict: WorkloadVerdict,
    /// Whether the caller stopped the run.
    pub interrupted: bool,
    /// Why the run ended early, or why it could not be audited.
    pub failure: Option<String>,
    /// Seconds from the first thread's start to the last client's end.
    pub elapsed_s: f64,
    /// What became of the transfers.
    pub transfers: TransferCounts,
    /// Acknowledged transfers a second.
    pub per_second: f64,
    /// Latencies of all answered transfers.
    pub latency_ms: Percentiles,
    /// The mean of these latencies.
    pub mean_ms: f64,
    /// Attempts that were repeated.
    pub retries: Retries,
    /// How many times the readers summed all balances.
    pub reads: u64,
    /// The number of violations, of readers and of the final check together.
    pub violations: u64,
    /// The first of them; those that the audit found come first.
    pub first_violations: Vec<String>,
    /// All latencies, in ranges that double.
    pub histogram: Vec<Bucket>,
    /// The plan, and what it was run on.
    pub configuration: Configuration,
}

/// What a run proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkloadVerdict {
    /// Every invariant holds and every acknowledged transfer is there once.
    Sound,
    /// An invariant was broken, or a transfer lost or invented.
    Violated,
    /// Nothing is known to be broken, but the outcomes of some transfers stay unknown.
    OutcomesUnknown,
    /// The database could not be audited.
    NotAudited,
}

/// A range of latencies and how many transfers took so long.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Bucket {
    /// The longest latency in this range.
    pub up_to_ms: f64,
    /// The number of transfers.
    pub count: u64,
}

/// The plan, and what it was run on.
#[derive(Clone, Debug, Serialize)]
pub struct Configuration {
    /// The plan.
    #[serde(flatten)]
    pub plan: WorkloadPlan,
    /// The number of accounts.
    pub accounts: u64,
    /// The workload's place, in words.
    pub place: String,
    /// The database's product and version.
    pub engine: String,
    /// The isolation level of every transaction.
    pub isolation: &'static str,
    /// The version of bank.
    pub version: &'static str,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TransferCounts { posted, replayed, rejected, unknown, abandoned, in_journal } = self.transfers;
        let latency = self.latency_ms;
        let Retries { serialization, deadlock, lock_timeout, connection, lost_commits } = self.retries;
        writeln!(f, "transfers  = {posted} posted, {replayed} found posted, {rejected} rejected")?;
        writeln!(f, "left       = {unknown} unknown, {abandoned} given up before they were in effect")?;
        writeln!(f, "journal    = {in_journal} transfers of this run")?;
        writeln!(f, "time       = {:.1} s, {:.0} transfers/s", self.elapsed_s, self.per_second)?;
        writeln!(
            f,
            "latency    = p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms, max {:.1} ms",
            latency.p50, latency.p95, latency.p99, latency.max
        )?;
        let most = self.histogram.iter().map(|bucket| bucket.count).max().unwrap_or(0).max(1);
        for Bucket { up_to_ms, count } in &self.histogram {
            let length = usize::try_from((u128::from(*count) * 40).div_ceil(most.into())).unwrap_or(0);
            writeln!(f, "  <= {up_to_ms:>9.2} ms  {count:>10}  {}", "#".repeat(length))?;
        }
        writeln!(
            f,
            "retries    = {serialization} serialization, {deadlock} deadlock, {lock_timeout} lock timeout, \
             {connection} connection; {lost_commits} answers to COMMIT lost"
        )?;
        writeln!(f, "reads      = {} of all balances", self.reads)?;
        for violation in &self.first_violations {
            writeln!(f, "VIOLATION  {violation}")?;
        }
        let unlisted = self.violations.saturating_sub(u64::try_from(self.first_violations.len()).unwrap_or(u64::MAX));
        if unlisted > 0 {
            writeln!(f, "           and {unlisted} more")?;
        }
        write!(f, "verdict    = {}", self.verdict.words())
    }
}

impl WorkloadVerdict {
    pub(crate) fn new(violations: u64, is_audited: bool, unknown: u64) -> Self {
        match (violations, is_audited, unknown) {
            (1.., _, _) => Self::Violated,
            (0, false, _) => Self::NotAudited,
            (0, true, 1..) => Self::OutcomesUnknown,
            (0, true, 0) => Self::Sound,
        }
    }

    /// Returns the verdict in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Sound => "sound: every invariant holds, every acknowledged transfer is in the journal once",
            Self::Violated => "VIOLATED: the ledger is wrong",
            Self::OutcomesUnknown => "unknown: the outcomes of some transfers could not be resolved",
            Self::NotAudited => "not audited: the database could not be read at the end",
        }
    }
}

/// Returns an error and its causes in one line: a database may say several.
pub(crate) fn one_line(error: &WorkloadError) -> String {
    let text = WithCauses(error).to_string();
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

/// Returns ranges that double, from the first to the last that has an entry.
pub(crate) fn buckets(latencies: &Latencies) -> Vec<Bucket> {
    const FIRST_US: u64 = 125;
    let shortest = latencies.highest_equivalent(latencies.min());
    let count = |above, up_to| {
        let within = latencies.iter_recorded().filter(|it| (above + 1..=up_to).contains(&it.value_iterated_to()));
        within.map(|it| it.count_at_value()).sum()
    };
    std::iter::successors(Some((0, FIRST_US)), |(_, high)| Some((*high, high.saturating_mul(2))))
        .skip_while(|(_, high)| *high < shortest)
        .take_while(|(low, _)| *low < latencies.max())
        .map(|(low, high)| Bucket { up_to_ms: milliseconds(high), count: count(low, high) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::no_latencies;

    #[test]
    fn every_latency_is_in_one_bucket() {
        let mut latencies = no_latencies().unwrap();
        assert!(buckets(&latencies).is_empty());
        for microseconds in [300, 1_999, 2_000, 2_001, 900_000] {
            latencies.record(microseconds).unwrap();
        }
        let found = buckets(&latencies);
        assert_eq!(found.iter().map(|bucket| bucket.count).sum::<u64>(), 5);
        let edges: Vec<f64> = found.iter().map(|bucket| bucket.up_to_ms).collect();
        assert_eq!(edges, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0]);
    }
}
