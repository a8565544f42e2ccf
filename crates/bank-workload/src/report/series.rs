//! The samples as the charts show them: a limited number, with marks where something happened.

use serde::Serialize;

use crate::retries::Retries;
use crate::sample::{Percentiles, Sample};

/// Joins neighbouring samples until at most `points_max` are left.
pub(super) fn thinned(samples: &[Sample], points_max: usize) -> Vec<Sample> {
    let size = samples.len().div_ceil(points_max.max(1)).max(1);
    samples.chunks(size).filter_map(|chunk| chunk.iter().copied().reduce(join)).collect()
}

/// Adds counts, averages speeds, keeps the worst latencies.
fn join(left: Sample, right: Sample) -> Sample {
    let (l, r) = (left.latency_ms, right.latency_ms);
    let lasted_s = left.lasted_s + right.lasted_s;
    let units = left.per_second * left.lasted_s + right.per_second * right.lasted_s;
    let mut retries = left.retries;
    retries += right.retries;
    Sample {
        lasted_s,
        transfers: left.transfers + right.transfers,
        rejected: left.rejected + right.rejected,
        per_second: if lasted_s > 0.0 { units / lasted_s } else { right.per_second },
        latency_ms: Percentiles {
            p50: l.p50.max(r.p50),
            p95: l.p95.max(r.p95),
            p99: l.p99.max(r.p99),
            max: l.max.max(r.max),
        },
        retries,
        unknown: left.unknown.max(right.unknown),
        reads: left.reads + right.reads,
        ..right
    }
}

/// The places of the samples in which connections were lost, in which no transfer was answered, and in which far more
/// attempts than usual were repeated.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Marks {
    lost: Vec<usize>,
    idle: Vec<usize>,
    risen: Vec<usize>,
}

impl Marks {
    pub(super) fn new(samples: &[Sample]) -> Self {
        let others = |sample: &Sample| {
            let Retries { serialization, deadlock, lock_timeout, .. } = sample.retries;
            serialization + deadlock + lock_timeout
        };
        let usual = samples.iter().map(others).sum::<u64>() / u64::try_from(samples.len().max(1)).unwrap_or(u64::MAX);
        let places = |is_marked: &dyn Fn(&Sample) -> bool| {
            samples.iter().enumerate().filter(|(_, sample)| is_marked(sample)).map(|(place, _)| place).collect()
        };
        Self {
            lost: places(&|sample| sample.retries.connection > 0),
            idle: places(&|sample| sample.transfers + sample.rejected == 0),
            risen: places(&|sample| others(sample) > 2 * usual),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
