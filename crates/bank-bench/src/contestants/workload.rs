//! `bank-cli workload`, the whole process, by its own account: what watching costs beside a bare loop.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use crate::contestants::cli_process;
use crate::draw::OPENING_BALANCE;
use crate::failure::Failure;
use crate::measure::{Latency, Sample};
use crate::stage::Ledger;

/// What the workload says of itself in the end.
#[derive(Debug, Deserialize)]
struct Summary {
    per_second: f64,
    latency_ms: Percentiles,
}

#[derive(Debug, Deserialize)]
struct Percentiles {
    p50: f64,
    p99: f64,
}

/// Runs a workload in the ledger's database, in a schema of its own, with as many accounts. It fails by itself if an
/// invariant does not hold.
pub(crate) fn run(ledger: &Ledger, directory: &Path, clients: u16, time: Duration) -> Result<Sample, Failure> {
    let (accounts, balance) = (ledger.accounts.to_string(), OPENING_BALANCE.to_string());
    let bank_cli = |arguments: &[&str]| cli_process::finish(cli_process::start(directory, &ledger.url, arguments)?);
    bank_cli(&["workload", "init", "--accounts", &accounts, "--balance", &balance])?;
    let (clients, duration) = (clients.to_string(), format!("{}ms", time.as_millis()));
    // Quiet: a line a second would fill the pipe in a long run.
    let load = ["-q", "workload", "run", "--clients", &clients, "--duration", &duration, "--readers", "0"];
    parse(&bank_cli(&[&load[..], &["--output", "json"]].concat())?.stdout)
}

fn parse(summary: &[u8]) -> Result<Sample, Failure> {
    let summary: Summary = serde_json::from_slice(summary)?;
    let time = |milliseconds: f64| Duration::try_from_secs_f64(milliseconds / 1e3).ok();
    let (p50, p99) = (time(summary.latency_ms.p50), time(summary.latency_ms.p99));
    let latency = p50.zip(p99).map(|(p50, p99)| Latency { p50, p99 });
    Ok(Sample { latency, ..Sample::from_rate(summary.per_second) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_gives_a_rate_and_latencies() {
        let summary =
            br#"{"verdict": "sound", "per_second": 5606.5, "latency_ms": {"p50": 0.5, "p95": 1.0, "p99": 2.0}}"#;
        let latency = Latency { p50: Duration::from_micros(500), p99: Duration::from_millis(2) };
        assert_eq!(parse(summary).unwrap(), Sample { latency: Some(latency), ..Sample::from_rate(5606.5) });
        assert!(parse(b"The workload is in ...").is_err());
    }
}
