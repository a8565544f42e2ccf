//! Rates and latencies.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::failure::Failure;
use crate::measure::sample::{Latency, Sample};

/// Returns how many a second that is.
pub(crate) fn rate(count: u64, elapsed: Duration) -> f64 {
    // Exact up to four thousand million, which no run reaches.
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
}

/// Makes a call for each item, one after the other, and measures each. A call returns how many transfers it has posted.
pub(crate) fn time_calls<T>(
    items: impl IntoIterator<Item = T>,
    mut call: impl FnMut(T) -> Result<u64, Failure>,
) -> Result<Sample, Failure> {
    let mut latencies = Latencies::new()?;
    let (mut posted, started) = (0, Instant::now());
    for item in items {
        let began = Instant::now();
        posted += call(item)?;
        latencies.add(began.elapsed());
    }
    Ok(Sample { latency: latencies.summary(), ..Sample::from_rate(rate(posted, started.elapsed())) })
}

/// Does the same for batches, of which the first is not measured: it makes the connection and prepares.
pub(crate) fn time_batches<B>(
    batches: impl IntoIterator<Item = B>,
    mut post: impl FnMut(B) -> Result<u64, Failure>,
) -> Result<Sample, Failure> {
    let mut batches = batches.into_iter();
    batches.next().map_or(Ok(0), &mut post)?;
    time_calls(batches, post)
}

/// An hour, in which every run ends.
const LONGEST_MICROSECONDS: u64 = 3_600_000_000;

/// The latencies of a run, to three digits.
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    /// Returns a collection without latencies.
    pub(crate) fn new() -> Result<Self, Failure> {
        let histogram = Histogram::new_with_bounds(1, LONGEST_MICROSECONDS, 3);
        histogram.map(Self).map_err(|error| Failure::Program(format!("no histogram: {error}")))
    }

    /// Adds a latency.
    pub(crate) fn add(&mut self, latency: Duration) {
        self.add_microseconds(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
    }

    /// Adds a latency in microseconds.
    pub(crate) fn add_microseconds(&mut self, latency: u64) {
        // What is longer than the longest counts as that.
        self.0.saturating_record(latency);
    }

    /// Adds those of another collection.
    pub(crate) fn append(&mut self, other: &Self) -> Result<(), Failure> {
        self.0.add(&other.0).map_err(|error| Failure::Program(format!("histograms do not fit: {error}")))
    }

    /// Returns the percentiles, if there is any latency.
    pub(crate) fn summary(&self) -> Option<Latency> {
        let at = |quantile| Duration::from_micros(self.0.value_at_quantile(quantile));
        (!self.0.is_empty()).then(|| Latency { p50: at(0.5), p99: at(0.99) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_per_second_and_never_infinite() {
        assert_eq!(rate(500, Duration::from_millis(250)).to_string(), "2000");
        assert!(rate(1, Duration::ZERO).is_finite() || rate(1, Duration::ZERO) > 0.0);
    }

    #[test]
    fn percentiles_are_those_of_all_threads() {
        let (mut one, mut other) = (Latencies::new().unwrap(), Latencies::new().unwrap());
        assert_eq!(one.summary(), None);
        (1..=50).for_each(|n| one.add(Duration::from_micros(n)));
        (51..=100).for_each(|n| other.add_microseconds(n));
        one.append(&other).unwrap();
        let expected = Latency { p50: Duration::from_micros(50), p99: Duration::from_micros(99) };
        assert_eq!(one.summary(), Some(expected));
        (0..100).for_each(|_| one.add(Duration::from_secs(60)));
        assert_eq!(one.summary().map(|latency| latency.p99.as_secs()), Some(60));
    }
}
