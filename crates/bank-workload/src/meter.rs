//! How long transfers take and how they end: measured by each thread for itself, collected once a second.

use std::time::Duration;

use hdrhistogram::Histogram;
use parking_lot::Mutex;

use crate::error::WorkloadError;
use crate::retries::Retries;

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
    pub(crate) retries: Retries,
}

impl Interval {
    /// Returns an interval in which nothing has happened.
    pub(crate) fn empty() -> Result<Self, WorkloadError> {
        Ok(Self { latencies: no_latencies()?, acknowledged: 0, rejected: 0, reads: 0, retries: Retries::default() })
    }

    /// Adds what has happened in another interval.
    pub(crate) fn add(&mut self, other: &Self) {
        // Fails only for a histogram that does not grow.
        self.latencies.add(&other.latencies).ok();
        self.acknowledged += other.acknowledged;
        self.rejected += other.rejected;
        self.reads += other.reads;
        self.retries += other.retries;
    }
}

/// One thread's measurements. Others wait for its lock only while it is collected.
#[derive(Debug)]
pub(crate) struct Meter(Mutex<Interval>);

impl Meter {
    /// Returns a meter that has measured nothing.
    pub(crate) fn new() -> Result<Self, WorkloadError> {
        Ok(Self(Mutex::new(Interval::empty()?)))
    }

    /// Notes the answer to a call.
    pub(crate) fn call(&self, latency: Duration, acknowledged: u64, rejected: u64) {
        let microseconds = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let mut interval = self.0.lock();
        interval.latencies.record_n(microseconds.max(1), acknowledged + rejected).ok();
        interval.acknowledged += acknowledged;
        interval.rejected += rejected;
    }

    /// Notes a read.
    pub(crate) fn read(&self) {
        self.0.lock().reads += 1;
    }

    /// Returns what has been measured since this was last called.
    pub(crate) fn take(&self) -> Result<Interval, WorkloadError> {
        let empty = Interval::empty()?;
        Ok(std::mem::replace(&mut self.0.lock(), empty))
    }
}
