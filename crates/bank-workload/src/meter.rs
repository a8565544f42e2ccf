//! How long transfers take and what becomes of them: for each client apart, collected once a second.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::control::locked;
use crate::error::WorkloadError;

/// Latencies in microseconds, true to a tenth of a percent, of any length.
pub(crate) type Latencies = Histogram<u64>;

/// Returns a histogram without entries.
pub(crate) fn no_latencies() -> Result<Latencies, WorkloadError> {
    const SIGNIFICANT_DIGITS: u8 = 3;
    Ok(Histogram::new(SIGNIFICANT_DIGITS)?)
}

/// What has happened since it was last collected.
#[derive(Clone, Debug)]
pub(crate) struct Interval {
    pub(crate) latencies: Latencies,
    /// Transfers that were posted or found posted.
    pub(crate) acknowledged: u64,
    pub(crate) rejected: u64,
    pub(crate) reads: u64,
}

impl Interval {
    /// Returns an interval in which nothing has happened.
    pub(crate) fn empty() -> Result<Self, WorkloadError> {
        Ok(Self { latencies: no_latencies()?, acknowledged: 0, rejected: 0, reads: 0 })
    }

    fn take_from(&mut self, other: &mut Self) {
        // Fails for values that are too large, which a histogram that grows does not know.
        self.latencies.add(&other.latencies).ok();
        self.acknowledged += other.acknowledged;
        self.rejected += other.rejected;
        self.reads += other.reads;
        other.latencies.reset();
        (other.acknowledged, other.rejected, other.reads) = (0, 0, 0);
    }
}

/// One thread's measurements. Its lock is contended only in the moment in which it is collected.
#[derive(Clone, Debug)]
pub(crate) struct Meter(Arc<Mutex<Interval>>);

impl Meter {
    /// Returns a meter that has measured nothing.
    pub(crate) fn new() -> Result<Self, WorkloadError> {
        Ok(Self(Arc::new(Mutex::new(Interval::empty()?))))
    }

    /// Notes the answer to a call.
    pub(crate) fn call(&self, latency: Duration, acknowledged: u64, rejected: u64) {
        let microseconds = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let mut interval = locked(&self.0);
        interval.latencies.record_n(microseconds.max(1), acknowledged + rejected).ok();
        interval.acknowledged += acknowledged;
        interval.rejected += rejected;
    }

    /// Notes a read.
    pub(crate) fn read(&self) {
        locked(&self.0).reads += 1;
    }

    /// Moves what has been measured into `total`.
    pub(crate) fn collect_into(&self, total: &mut Interval) {
        total.take_from(&mut locked(&self.0));
    }
}
