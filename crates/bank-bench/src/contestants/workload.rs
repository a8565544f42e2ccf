//! What `bank-cli workload` runs: what watching costs beside a bare loop.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use bank_domain::Balance;
use bank_persistence::Settings;
use bank_workload::{Site, Workload, WorkloadPlan, WorkloadVerdict, open_accounts};

use crate::failure::Failure;
use crate::measure::{Latency, Sample};
use crate::stage::{Ledger, OPENING_BALANCE};

/// Runs a workload in the database of the ledger, in a schema of its own, with the same number of accounts. Fails if the
/// workload does not find everything sound.
pub(crate) fn run(ledger: &Ledger, clients: u16, time: Duration) -> Result<Sample, Failure> {
    let site = Site::beside(&ledger.url.parse()?)?;
    open_accounts(&site.create(Settings::default())?, ledger.accounts, Balance::new(OPENING_BALANCE))?;
    let plan = WorkloadPlan { clients, duration: Some(time), readers: 0, ..WorkloadPlan::default() };
    let never = AtomicBool::new(false);
    let stopped = Workload::prepare(plan, &site, Settings::default())?.run(&never, |_| Ok::<(), Failure>(()))?;
    let summary = stopped.check().summary;
    if summary.verdict != WorkloadVerdict::Sound {
        return Err(Failure::Broken(summary.to_string()));
    }
    let time = |milliseconds: f64| Duration::try_from_secs_f64(milliseconds / 1e3).ok();
    let (p50, p99) = (time(summary.latency_ms.p50), time(summary.latency_ms.p99));
    let latency = p50.zip(p99).map(|(p50, p99)| Latency { p50, p99 });
    Ok(Sample { latency, ..Sample::from_rate(summary.per_second) })
}
