//! The samples as the charts show them: a limited number, with marks where something happened.

use crate::sample::{Percentiles, Sample};

/// Joins neighbouring samples until at most `points_max` are left: adds counts, averages speeds, keeps the worst
/// latencies.
pub(super) fn thinned(samples: &[Sample], points_max: usize) -> Vec<Sample> {
    let size = samples.len().div_ceil(points_max.max(1)).max(1);
    samples.chunks(size).filter_map(joined).collect()
}

fn joined(samples: &[Sample]) -> Option<Sample> {
    let (last, earlier) = samples.split_last()?;
    let mut whole = *last;
    for sample in earlier {
        whole.lasted_s += sample.lasted_s;
        whole.transfers += sample.transfers;
        whole.rejected += sample.rejected;
        whole.reads += sample.reads;
        whole.retries += sample.retries;
        whole.unknown = whole.unknown.max(sample.unknown);
        whole.latency_ms = worst(whole.latency_ms, sample.latency_ms);
    }
    if !earlier.is_empty() && whole.lasted_s > 0.0 {
        let units = samples.iter().map(|sample| sample.per_second * sample.lasted_s).sum::<f64>();
        whole.per_second = units / whole.lasted_s;
    }
    Some(whole)
}

fn worst(left: Percentiles, right: Percentiles) -> Percentiles {
    Percentiles {
        p50: left.p50.max(right.p50),
        p95: left.p95.max(right.p95),
        p99: left.p99.max(right.p99),
        max: left.max.max(right.max),
    }
}

/// The places of the samples in which connections were lost, in which no transfer was answered, and in which far more
/// attempts than usual were repeated.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) lost: Vec<usize>,
    pub(super) idle: Vec<usize>,
    pub(super) risen: Vec<usize>,
}

impl Marks {
    pub(super) fn new(samples: &[Sample]) -> Self {
        let others = |sample: &Sample| sample.retries.total() - sample.retries.connection;
        let count = u64::try_from(samples.len()).unwrap_or(u64::MAX).max(1);
        let usual = samples.iter().map(others).sum::<u64>() / count;
        let places = |is_marked: &dyn Fn(&Sample) -> bool| {
            samples.iter().enumerate().filter(|(_, sample)| is_marked(sample)).map(|(place, _)| place).collect()
        };
        Self {
            idle: places(&|sample| sample.transfers + sample.rejected == 0),
            lost: places(&|sample| sample.retries.connection > 0),
            risen: places(&|sample| others(sample) > 2 * usual),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retries::Retries;

    fn sample(elapsed_s: f64, transfers: u64, retries: Retries) -> Sample {
        let latency_ms = Percentiles { p50: 1.0, p95: 2.0, p99: 3.0, max: elapsed_s };
        Sample {
            elapsed_s,
            lasted_s: 1.0,
            transfers,
            rejected: 0,
            per_second: crate::sample::float(transfers),
            overall_per_second: 0.0,
            latency_ms,
            retries,
            unknown: 0,
            reads: 1,
        }
    }

    #[test]
    fn thinning_keeps_counts_and_the_worst_latencies() {
        let none = Retries::default();
        let samples: Vec<Sample> = [1.0, 2.0, 3.0].map(|second| sample(second, 10, none)).to_vec();
        assert_eq!(thinned(&samples, 3).len(), 3);
        let two = thinned(&samples, 2);
        assert_eq!(two.iter().map(|sample| sample.transfers).collect::<Vec<_>>(), [20, 10]);
        assert_eq!(two.iter().map(|sample| sample.latency_ms.max).collect::<Vec<_>>(), [2.0, 3.0]);
        assert!((two[0].per_second - 10.0).abs() < 1e-9);
        assert!(thinned(&[], 10).is_empty());
    }

    #[test]
    fn lost_connections_silence_and_rises_of_other_retries_are_marked() {
        let with =
            |connection, serialization| sample(1.0, 1, Retries { connection, serialization, ..Retries::default() });
        let none = sample(1.0, 0, Retries::default());
        let marks = Marks::new(&[with(0, 1), with(2, 1), with(0, 9), with(0, 1), none]);
        assert_eq!(marks, Marks { lost: vec![1], idle: vec![4], risen: vec![2] });
    }
}
