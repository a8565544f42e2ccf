//! The sample of one run, and the summary of several.

use std::time::Duration;

/// The figures of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sample {
    /// Rate of acknowledged transfers.
    pub(crate) transfers_per_second: f64,
    /// Latency of a call, which posts one transfer or one batch.
    pub(crate) latency: Option<Latency>,
    /// Number of transfers that were given up after all retries, because the load was too high.
    pub(crate) given_up: u64,
    /// Peak memory of a process in bytes, if the contestant is one.
    pub(crate) memory: Option<u64>,
}

/// Percentiles of a run's latencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Latency {
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

impl Sample {
    /// Returns a sample with a rate and nothing else.
    pub(crate) fn from_rate(transfers_per_second: f64) -> Self {
        Self { transfers_per_second, ..Self::default() }
    }
}

/// The samples of several runs, summed up.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Summary {
    /// The median.
    pub(crate) transfers_per_second: f64,
    /// The slowest run and the fastest.
    pub(crate) range: (f64, f64),
    /// The medians of the percentiles.
    pub(crate) latency: Option<Latency>,
    /// The sum.
    pub(crate) given_up: u64,
    /// The largest.
    pub(crate) memory: Option<u64>,
}

impl Summary {
    /// Returns the summary, or `None` without samples.
    pub(crate) fn from_samples(samples: &[Sample]) -> Option<Self> {
        let rates: Vec<f64> = samples.iter().map(|sample| sample.transfers_per_second).collect();
        let latencies: Vec<Latency> = samples.iter().filter_map(|sample| sample.latency).collect();
        let p50 = median_time(latencies.iter().map(|latency| latency.p50));
        let p99 = median_time(latencies.iter().map(|latency| latency.p99));
        Some(Self {
            transfers_per_second: median(&rates)?,
            range: (rates.iter().copied().fold(f64::INFINITY, f64::min), rates.iter().copied().fold(0.0, f64::max)),
            latency: p50.zip(p99).map(|(p50, p99)| Latency { p50, p99 }),
            given_up: samples.iter().map(|sample| sample.given_up).sum(),
            memory: samples.iter().filter_map(|sample| sample.memory).max(),
        })
    }
}

/// Returns the number in the middle, or the mean of the two in the middle.
fn median(numbers: &[f64]) -> Option<f64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = *sorted.get((sorted.len().checked_sub(1)?) / 2)?;
    Some(f64::midpoint(lower, upper))
}

fn median_time(times: impl Iterator<Item = Duration>) -> Option<Duration> {
    let seconds: Vec<f64> = times.map(|time| time.as_secs_f64()).collect();
    median(&seconds).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(number: Option<f64>) -> String {
        number.map(|number| number.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_median_does_not_depend_on_the_order_or_on_outliers() {
        assert_eq!(text(median(&[900.0, 1.0, 2.0])), "2");
        assert_eq!(text(median(&[4.0, 1.0, 3.0, 900.0])), "3.5");
        assert_eq!(text(median(&[7.0])), "7");
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn a_summary_leaves_out_figures_that_a_sample_does_not_have() {
        assert_eq!(Summary::from_samples(&[]), None);
        let latency = |milliseconds| {
            let time = Duration::from_millis(milliseconds);
            Some(Latency { p50: time, p99: time * 2 })
        };
        let samples = [
            Sample { transfers_per_second: 10.0, latency: latency(3), given_up: 1, memory: Some(5) },
            Sample { transfers_per_second: 30.0, latency: latency(1), given_up: 2, memory: None },
            Sample { transfers_per_second: 20.0, latency: None, given_up: 0, memory: Some(9) },
        ];
        let summary = Summary::from_samples(&samples).unwrap();
        assert_eq!(text(Some(summary.transfers_per_second)), "20");
        assert_eq!([summary.range.0, summary.range.1].map(|rate| rate.to_string()), ["10", "30"]);
        assert_eq!(summary.latency, latency(2));
        assert_eq!((summary.given_up, summary.memory), (3, Some(9)));
    }
}
