//! What a run ends with: totals, latencies, the verdict.

use std::io::{self, Write};
use std::time::Duration;

use bank_persistence::AuditReport;
use serde::Serialize;

use super::book::Book;
use super::control::{Retries, Violations};
use super::meter::Latencies;
use super::plan::Plan;
use super::sample::{Percentiles, milliseconds, rate};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::AuditRecord;

/// The end of a run, as JSON and for the report.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) verdict: Verdict,
    pub(crate) interrupted: bool,
    /// Why the run ended early, or why it could not be audited.
    pub(crate) failure: Option<String>,
    pub(crate) elapsed_s: f64,
    pub(crate) transfers: Transfers,
    /// Acknowledged transfers a second.
    pub(crate) per_second: f64,
    pub(crate) latency_ms: Percentiles,
    pub(crate) mean_ms: f64,
    pub(crate) retries: Retries,
    pub(crate) reads: u64,
    pub(crate) violations: u64,
    pub(crate) first_violations: Vec<String>,
    /// The invariants that were recomputed from the journal.
    pub(crate) audit: Option<serde_json::Value>,
    pub(crate) histogram: Vec<Bucket>,
    pub(crate) configuration: Configuration,
}

/// What a run proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// Every invariant holds and every acknowledged transfer is there once.
    Sound,
    /// An invariant was broken, or a transfer lost or invented.
    Violated,
    /// Nothing is known to be broken, but nobody can tell what became of some transfers.
    OutcomesUnknown,
    /// The database could not be audited.
    NotAudited,
}

/// What became of the transfers.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Transfers {
    pub(crate) posted: u64,
    /// Found posted by an earlier attempt, whose answer was lost.
    pub(crate) replayed: u64,
    pub(crate) rejected: u64,
    pub(crate) unknown: u64,
    /// Known not to be in effect, because the run ended before they could be sent again.
    pub(crate) abandoned: u64,
    /// The run's transfers that are in the journal.
    pub(crate) in_journal: u64,
}

impl Transfers {
    /// Returns what became of the transfers of all clients.
    pub(crate) fn of(books: &[Book], in_journal: u64) -> Self {
        let mut transfers = Self { in_journal, ..Self::default() };
        for book in books {
            transfers.posted += book.posted;
            transfers.replayed += book.replayed;
            transfers.rejected += book.rejected;
            transfers.unknown += book.unknown();
            transfers.abandoned += book.abandoned;
        }
        transfers
    }

    /// Returns how many transfers were acknowledged.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.posted + self.replayed
    }
}

/// A range of latencies and how many transfers took so long.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Bucket {
    pub(crate) up_to_ms: f64,
    pub(crate) count: u64,
}

/// The plan, and what it was run on.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Configuration {
    #[serde(flatten)]
    pub(crate) plan: Plan,
    pub(crate) accounts: u64,
    pub(crate) place: String,
    pub(crate) engine: String,
    pub(crate) isolation: &'static str,
    pub(crate) version: &'static str,
}

/// What a run has left behind, from which its summary is made.
pub(crate) struct Ended<'a> {
    pub(crate) elapsed: Duration,
    pub(crate) interrupted: bool,
    pub(crate) transfers: Transfers,
    pub(crate) latencies: &'a Latencies,
    pub(crate) retries: Retries,
    pub(crate) reads: u64,
    pub(crate) violations: Violations,
    pub(crate) audit: Option<&'a AuditReport>,
    pub(crate) failure: Option<&'a Failure>,
    pub(crate) configuration: Configuration,
}

impl Summary {
    /// Returns the summary of a run.
    pub(crate) fn new(ended: Ended<'_>) -> Self {
        let verdict = if ended.violations.count > 0 {
            Verdict::Violated
        } else if ended.audit.is_none() {
            Verdict::NotAudited
        } else if ended.transfers.unknown > 0 {
            Verdict::OutcomesUnknown
        } else {
            Verdict::Sound
        };
        let audit = ended.audit.map(AuditRecord::from).and_then(|record| serde_json::to_value(record).ok());
        Self {
            verdict,
            interrupted: ended.interrupted,
            failure: ended.failure.map(|failure| failure.message().to_owned()),
            elapsed_s: ended.elapsed.as_secs_f64(),
            transfers: ended.transfers,
            per_second: rate(ended.transfers.acknowledged(), ended.elapsed),
            latency_ms: Percentiles::of(ended.latencies),
            mean_ms: ended.latencies.mean() / 1000.0,
            retries: ended.retries,
            reads: ended.reads,
            violations: ended.violations.count,
            first_violations: ended.violations.first,
            audit,
            histogram: buckets(ended.latencies),
            configuration: ended.configuration,
        }
    }

    /// Prints the summary for people.
    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let Transfers { posted, replayed, rejected, unknown, abandoned, in_journal } = self.transfers;
        let latency = self.latency_ms;
        let Retries { serialization, deadlock, lock_timeout, connection, lost_commits } = self.retries;
        writeln!(out, "transfers  = {posted} posted, {replayed} found posted, {rejected} rejected")?;
        writeln!(out, "left       = {unknown} unknown, {abandoned} given up before they were in effect")?;
        writeln!(out, "journal    = {in_journal} transfers of this run")?;
        writeln!(out, "time       = {:.1} s, {:.0} transfers/s", self.elapsed_s, self.per_second)?;
        writeln!(
            out,
            "latency    = p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms, max {:.1} ms",
            latency.p50, latency.p95, latency.p99, latency.max
        )?;
        self.write_histogram(out)?;
        writeln!(
            out,
            "retries    = {serialization} serialization, {deadlock} deadlock, {lock_timeout} lock timeout, \
             {connection} connection; {lost_commits} answers to COMMIT lost"
        )?;
        writeln!(out, "reads      = {} of all balances", self.reads)?;
        for violation in &self.first_violations {
            writeln!(out, "VIOLATION  {violation}")?;
        }
        let unlisted = self.violations.saturating_sub(u64::try_from(self.first_violations.len()).unwrap_or(u64::MAX));
        if unlisted > 0 {
            writeln!(out, "           and {unlisted} more")?;
        }
        writeln!(out, "verdict    = {}", self.verdict.words())
    }

    fn write_histogram(&self, out: &mut dyn Write) -> io::Result<()> {
        const WIDTH: u64 = 40;
        let most = self.histogram.iter().map(|bucket| bucket.count).max().unwrap_or(0).max(1);
        for bucket in &self.histogram {
            let length =
                usize::try_from((u128::from(bucket.count) * u128::from(WIDTH)).div_ceil(u128::from(most))).unwrap_or(0);
            writeln!(out, "  <= {:>9.2} ms  {:>10}  {}", bucket.up_to_ms, bucket.count, "#".repeat(length))?;
        }
        Ok(())
    }

    /// Returns the failure that the process ends with, if the run is not sound; the worst comes first.
    pub(crate) fn failure(&self, ended_by: Option<Failure>) -> Option<Failure> {
        if self.verdict == Verdict::Violated {
            let first = self.first_violations.first().map_or("", String::as_str);
            let message = match self.violations {
                1 => first.to_owned(),
                count => format!("{count} violations, the first: {first}"),
            };
            return Some(
                Failure::new(ExitCode::VerificationFailed, "verification_failed", message)
                    .hint("keep a copy of the database and look at the offenders: `bank-cli workload check`"),
            );
        }
        if self.transfers.unknown > 0 {
            let message = format!("the outcomes of {} transfers stay unknown", self.transfers.unknown);
            return Some(
                Failure::new(ExitCode::OutcomeUnknown, "outcome_unknown", message)
                    .hint("give the database more time to come back with --settle"),
            );
        }
        if ended_by.is_some() {
            return ended_by;
        }
        self.interrupted.then(|| Failure::new(ExitCode::Interrupted, "interrupted", "interrupted"))
    }
}

impl Verdict {
    /// Returns the verdict in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Sound => "sound: every invariant holds, every acknowledged transfer is in the journal once",
            Self::Violated => "VIOLATED: the ledger is wrong",
            Self::OutcomesUnknown => "unknown: nobody can tell what became of some transfers",
            Self::NotAudited => "not audited: the database could not be read in the end",
        }
    }
}

/// Returns ranges that double, from the first to the last that has an entry.
fn buckets(latencies: &Latencies) -> Vec<Bucket> {
    const FIRST_US: u64 = 125;
    let mut found: Vec<Bucket> = Vec::new();
    let mut high = FIRST_US;
    for value in latencies.iter_recorded() {
        while high < value.value_iterated_to() {
            high = high.saturating_mul(2);
            if !found.is_empty() {
                found.push(Bucket { up_to_ms: milliseconds(high), count: 0 });
            }
        }
        let up_to_ms = milliseconds(high);
        match found.last_mut().filter(|bucket| bucket.up_to_ms >= up_to_ms) {
            Some(bucket) => bucket.count += value.count_at_value(),
            None => found.push(Bucket { up_to_ms, count: value.count_at_value() }),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::meter::no_latencies;

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
