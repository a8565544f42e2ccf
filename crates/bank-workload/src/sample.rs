//! One second of a run.

use std::time::Duration;

use serde::Serialize;

use crate::meter::{Interval, Latencies};
use crate::retries::Retries;

/// What happened in one second.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Sample {
    /// Seconds since the beginning.
    pub elapsed_s: f64,
    /// A second, but for the last one and after pauses of the whole machine.
    pub lasted_s: f64,
    /// Transfers that were posted, in this second.
    pub transfers: u64,
    /// Transfers that a rule rejected, in this second.
    pub rejected: u64,
    /// Transfers posted per second, in this second.
    pub per_second: f64,
    /// Transfers posted per second, on average since the beginning.
    pub overall_per_second: f64,
    /// Latencies of the transfers answered in this second.
    pub latency_ms: Percentiles,
    /// Attempts that were repeated, in this second.
    pub retries: Retries,
    /// Transfers whose outcome is unknown at this moment.
    pub unknown: u64,
    /// How many times all balances were summed, in this second.
    pub reads: u64,
}

/// Latencies in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Percentiles {
    /// Half of the transfers took at most this long.
    pub p50: f64,
    /// 95 of 100 transfers took at most this long.
    pub p95: f64,
    /// 99 of 100 transfers took at most this long.
    pub p99: f64,
    /// No transfer took longer.
    pub max: f64,
}

impl Percentiles {
    /// Returns the percentiles of a histogram; zeros if it has no entries.
    pub(crate) fn new(latencies: &Latencies) -> Self {
        let at = |quantile| milliseconds(latencies.value_at_quantile(quantile));
        Self { p50: at(0.50), p95: at(0.95), p99: at(0.99), max: milliseconds(latencies.max()) }
    }
}

impl Sample {
    /// Returns the sample of an interval that lasted so long.
    pub(crate) fn new(
        interval: &Interval,
        lasted: Duration,
        elapsed: Duration,
        transfers_so_far: u64,
        unknown: u64,
    ) -> Self {
        Self {
            elapsed_s: round(elapsed.as_secs_f64(), 3),
            lasted_s: round(lasted.as_secs_f64(), 3),
            transfers: interval.acknowledged,
            rejected: interval.rejected,
            per_second: rate(interval.acknowledged, lasted),
            overall_per_second: rate(transfers_so_far, elapsed),
            latency_ms: Percentiles::new(&interval.latencies),
            retries: interval.retries,
            unknown,
            reads: interval.reads,
        }
    }
}

/// Returns microseconds as milliseconds.
pub(crate) fn milliseconds(microseconds: u64) -> f64 {
    Duration::from_micros(microseconds).as_secs_f64() * 1000.0
}

/// Returns how many a second, to a tenth.
pub(crate) fn rate(count: u64, time: Duration) -> f64 {
    let seconds = time.as_secs_f64();
    if seconds > 0.0 { round(float(count) / seconds, 1) } else { 0.0 }
}

/// Returns the number as it is drawn and divided; above 2⁵³ it is rounded.
pub(crate) fn float(count: u64) -> f64 {
    #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "counts of transfers, shown and not booked")]
    let float = count as f64;
    float
}

fn round(number: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (number * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_without_transfers_is_a_row_of_zeros() {
        let interval = Interval::empty().unwrap();
        let second = Duration::from_secs(1);
        let sample = Sample::new(&interval, second, 2 * second, 10, 0);
        assert_eq!((sample.transfers, sample.per_second, sample.overall_per_second), (0, 0.0, 5.0));
        assert_eq!(sample.latency_ms, Percentiles::default());
        assert_eq!(rate(1, Duration::ZERO), 0.0);
    }
}
