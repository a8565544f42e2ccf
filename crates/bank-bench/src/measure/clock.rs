//! Rates and latencies.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::failure::Failure;
use crate::measure::sample::{Latency, Sample};

/// Returns a number of transfers per second.
pub(crate) fn rate(count: u64, elapsed: Duration) -> f64 {
    // Exact up to 4,294,967,295, which no run reaches.
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
}

/// Makes a call for each item, one after the other, and measures it. A call returns the number of transfers it posted.
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

/// Measures a call for each batch but the first, which makes the connection and prepares the statements.
pub(crate) fn time_batches<B>(
    batches: impl IntoIterator<Item = B>,
    mut post: impl FnMut(B) -> Result<u64, Failure>,
) -> Result<Sample, Failure> {
    let mut batches = batches.into_iter();
    batches.next().map_or(Ok(0), &mut post)?;
    time_calls(batches, post)
}

/// An hour: longer than any call takes.
const LONGEST_MICROSECONDS: u64 = 3_600_000_000;

/// The latencies of a run, to three digits.
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    /// Returns an empty collection.
    pub(crate) fn new() -> Result<Self, Failure> {
        let histogram = Histogram::new_with_bounds(1, LONGEST_MICROSECONDS, 3);
        histogram.map(Self).map_err(|error| Failure::Program(format!("no histogram: {error}")))
    }

    /// Adds a latency.
    pub(crate) fn add(&mut self, latency: Duration) {
        // A longer latency counts as the longest.
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
    }

    /// Adds the latencies of another collection.
    pub(crate) fn append(&mut self, other: &Self) -> Result<(), Failure> {
        self.0.add(&other.0).map_err(|error| Failure::Program(format!("histograms do not fit: {error}")))
    }

    /// Returns the percentiles, or `None` for an empty collection.
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
    fn percentiles_cover_the_latencies_of_all_threads() {
        let (mut one, mut other) = (Latencies::new().unwrap(), Latencies::new().unwrap());
        assert_eq!(one.summary(), None);
        (1..=50).for_each(|n| one.add(Duration::from_micros(n)));
        (51..=100).for_each(|n| other.add(Duration::from_micros(n)));
        one.append(&other).unwrap();
        let expected = Latency { p50: Duration::from_micros(50), p99: Duration::from_micros(99) };
        assert_eq!(one.summary(), Some(expected));
        (0..100).for_each(|_| one.add(Duration::from_secs(60)));
        assert_eq!(one.summary().map(|latency| latency.p99.as_secs()), Some(60));
    }
}
