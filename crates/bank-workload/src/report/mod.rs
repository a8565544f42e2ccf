//! The report of a run: one page of HTML that needs nothing else, on a screen, on paper, or read aloud.

mod axis;
mod chart;
mod numbers;
mod series;

use bank_persistence::{AuditReport, Invariant};
use chrono::{DateTime, SecondsFormat, Utc};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};
use serde::Serialize;

use self::chart::{histogram, latency, throughput};
use self::numbers::{milliseconds, thousands};
use self::series::{Marks, thinned};
use crate::error::WorkloadError;
use crate::plan::{PostingMode, WorkloadPlan};
use crate::sample::Sample;
use crate::summary::{Summary, WorkloadVerdict};
use crate::workload::CheckedWorkload;

/// The most points that a line has and rows that a table has.
const POINTS_MAX: usize = 480;

/// A name and a value, as people read them.
#[derive(Debug, Serialize)]
struct Fact {
    name: &'static str,
    value: String,
}

fn fact(name: &'static str, value: impl Into<String>) -> Fact {
    Fact { name, value: value.into() }
}

impl CheckedWorkload {
    /// Returns the report of the run, which ended at this time: a page of HTML that needs nothing else.
    ///
    /// # Errors
    ///
    /// Returns [`WorkloadError::Report`] if the page cannot be rendered.
    pub fn report(&self, ended: DateTime<Utc>) -> Result<String, WorkloadError> {
        let summary = &self.summary;
        let samples = thinned(&self.samples, POINTS_MAX);
        let marks = Marks::new(&samples);
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        let safe = Value::from_safe_string;
        let page = environment.render_named_str(
            "report.html",
            include_str!("report.html"),
            context! {
                summary => Value::from(Serde(summary)),
                rows => Value::from(Serde(samples.iter().map(row).collect::<Vec<_>>())),
                verdict => verdict_class(summary.verdict),
                verdict_words => summary.verdict.words(),
                figures => Value::from(Serde(figures(summary))),
                configuration => Value::from(Serde(configuration(summary))),
                outcomes => Value::from(Serde(outcomes(summary))),
                invariants => Value::from(Serde(self.audit.as_ref().map(invariants))),
                lost => marks.lost.len(),
                idle => marks.idle.len(),
                risen => marks.risen.len(),
                ended => ended.to_rfc3339_opts(SecondsFormat::Secs, true),
                throughput => safe(throughput(&samples, &marks)),
                latency => safe(latency(&samples, &marks)),
                histogram => safe(histogram(&summary.histogram)),
            },
        );
        Ok(page?)
    }
}

const fn verdict_class(verdict: WorkloadVerdict) -> &'static str {
    match verdict {
        WorkloadVerdict::Sound => "sound",
        WorkloadVerdict::Violated => "violated",
        WorkloadVerdict::OutcomesUnknown | WorkloadVerdict::NotAudited => "open",
    }
}

/// An invariant, as the audit left it.
#[derive(Debug, Serialize)]
struct InvariantRow<'a> {
    description: String,
    offenders: Option<&'a [String]>,
}

fn invariants(audit: &AuditReport) -> Vec<InvariantRow<'_>> {
    let offenders = |invariant| {
        let finding = audit.findings.iter().find(|finding| finding.invariant == invariant)?;
        Some(finding.offenders.as_slice())
    };
    let row =
        |invariant: Invariant| InvariantRow { description: invariant.to_string(), offenders: offenders(invariant) };
    Invariant::ALL.iter().copied().map(row).collect()
}

fn figures(summary: &Summary) -> Vec<Fact> {
    let latency = summary.latency_ms;
    vec![
        fact("transfers acknowledged", thousands(summary.transfers.acknowledged())),
        fact("transfers per second", format!("{:.0}", summary.per_second)),
        fact("p50", milliseconds(latency.p50)),
        fact("p95", milliseconds(latency.p95)),
        fact("p99", milliseconds(latency.p99)),
        fact("longest", milliseconds(latency.max)),
    ]
}

fn outcomes(summary: &Summary) -> Vec<Fact> {
    let (transfers, retries) = (summary.transfers, summary.retries);
    vec![
        fact("posted", thousands(transfers.posted)),
        fact("found posted when sent again", thousands(transfers.replayed)),
        fact("rejected (insufficient funds)", thousands(transfers.rejected)),
        fact("of unknown outcome at the end", thousands(transfers.unknown)),
        fact("given up before they were in effect", thousands(transfers.abandoned)),
        fact("of this run in the journal", thousands(transfers.in_journal)),
        fact("attempts repeated: serialization", thousands(retries.serialization)),
        fact("attempts repeated: deadlock", thousands(retries.deadlock)),
        fact("attempts repeated: lock timeout", thousands(retries.lock_timeout)),
        fact("attempts repeated: connection lost", thousands(retries.connection)),
        fact("answers to COMMIT lost", thousands(retries.lost_commits)),
        fact("reads of all balances", thousands(summary.reads)),
    ]
}

fn configuration(summary: &Summary) -> Vec<Fact> {
    let configuration = &summary.configuration;
    let plan = &configuration.plan;
    let seconds = |time: std::time::Duration| format!("{} s", time.as_secs_f64());
    vec![
        fact("place", configuration.place.clone()),
        fact("engine", configuration.engine.clone()),
        fact("isolation level", configuration.isolation),
        fact("accounts", thousands(configuration.accounts)),
        fact("clients", plan.clients.to_string()),
        fact("until", until(plan)),
        fact("rate", plan.rate.map_or_else(|| "as many as possible".to_owned(), |rate| format!("{rate} transfers/s"))),
        fact("transactions", transactions(plan.mode)),
        fact("distribution", format!("{:?}", plan.distribution).to_lowercase()),
        fact(
            "hot accounts",
            plan.hot.map_or_else(
                || "none".to_owned(),
                |hot| format!("{} in {} % of the transfers", hot.accounts, hot.percent),
            ),
        ),
        fact("readers", plan.readers.to_string()),
        fact("ramp", seconds(plan.ramp)),
        fact("seed", plan.seed.to_string()),
        fact("version of bank", configuration.version),
    ]
}

fn until(plan: &WorkloadPlan) -> String {
    match (plan.duration, plan.transfers) {
        (Some(duration), _) => format!("{} s are over", duration.as_secs_f64()),
        (None, Some(transfers)) => format!("{} transfers are sent", thousands(transfers)),
        (None, None) => "stopped".to_owned(),
    }
}

fn transactions(mode: PostingMode) -> String {
    match mode {
        PostingMode::Single => "one transfer each".to_owned(),
        PostingMode::Batch(size) => format!("batches of {}", thousands(size.into())),
        PostingMode::Queue => "whatever has gathered in the posting queue".to_owned(),
    }
}

/// Returns the cells of a row of the table that stands beside the charts.
fn row(sample: &Sample) -> [String; 9] {
    let (latency, retries) = (sample.latency_ms, sample.retries);
    [
        format!("{:.1}", sample.elapsed_s),
        format!("{:.0}", sample.per_second),
        milliseconds(latency.p50),
        milliseconds(latency.p95),
        milliseconds(latency.p99),
        milliseconds(latency.max),
        retries.connection.to_string(),
        (retries.total() - retries.connection).to_string(),
        sample.unknown.to_string(),
    ]
}
