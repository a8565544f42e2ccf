//! The report of a run: one page of HTML that needs nothing else, on a screen, on paper, or read aloud.

mod axis;
mod charts;
mod series;

use bank_persistence::Invariant;
use chrono::{DateTime, SecondsFormat, Utc};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context};

use self::charts::charts;
use self::series::{Marks, thinned};
use crate::error::WorkloadError;
use crate::workload::CheckedWorkload;

/// The most points that a line has and rows that a table has.
const POINTS_MAX: usize = 480;

impl CheckedWorkload {
    /// Returns the report of the run, which ended at this time: a page of HTML that needs nothing else.
    ///
    /// # Errors
    ///
    /// Returns [`WorkloadError::Report`] if the page cannot be rendered.
    pub fn report(&self, ended: DateTime<Utc>) -> Result<String, WorkloadError> {
        let summary = &self.summary;
        let samples = thinned(&self.samples, POINTS_MAX);
        let invariants = self.audit.as_ref().map(|audit| {
            let finding = |invariant| audit.findings.iter().find(|finding| finding.invariant == invariant);
            let row = |it: &Invariant| (it.to_string(), finding(*it).map(|finding| &finding.offenders));
            Invariant::ALL.iter().map(row).collect::<Vec<_>>()
        });
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.add_filter("milliseconds", milliseconds);
        environment.add_filter("plain", |number: f64| number.to_string());
        environment.add_filter("thousands", thousands);
        environment.add_template("numbers.svg", include_str!("numbers.svg"))?;
        environment.add_template("histogram.svg", include_str!("histogram.svg"))?;
        environment.add_template("over_time.svg", include_str!("over_time.svg"))?;
        let page = context! {
            summary => Serde(summary),
            verdict => summary.verdict.words(),
            samples => Serde(&samples),
            marks => Serde(Marks::new(&samples)),
            invariants => Serde(invariants),
            ended => ended.to_rfc3339_opts(SecondsFormat::Secs, true),
            ..charts(&samples, &summary.histogram)
        };
        Ok(environment.render_named_str("report.html", include_str!("report.html"), page)?)
    }
}

/// Returns a time in milliseconds with its unit.
fn milliseconds(time: f64) -> String {
    match time {
        _ if time >= 1_000.0 => format!("{:.2} s", time / 1000.0),
        _ if time >= 100.0 => format!("{time:.0} ms"),
        _ => format!("{time:.2} ms"),
    }
}

/// Returns the number with a comma between groups of three digits.
fn thousands(number: u64) -> String {
    let digits: Vec<char> = number.to_string().chars().collect();
    digits.rchunks(3).rev().map(String::from_iter).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_times_have_units() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0.5, 250.0, 12_350.0].map(milliseconds), ["0.50 ms", "250 ms", "12.35 s"]);
    }
}
