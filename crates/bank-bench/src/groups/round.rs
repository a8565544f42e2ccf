//! Rounds: all contestants of a group run in turns, so that a busy moment of the machine hits all of them.

use std::time::Instant;

use crate::failure::Failure;
use crate::groups::group::Group;
use crate::report::{Results, count, latency};

/// Runs every contestant whose name contains the text once in each round. Every other round has the opposite order.
pub(crate) fn measure(
    group: &mut dyn Group,
    rounds: u16,
    matching: Option<&str>,
    results: &mut Results,
) -> Result<(), Failure> {
    for round in 1..=rounds {
        let mut contestants = group.contestants();
        contestants.retain(|contestant| matching.is_none_or(|text| contestant.to_string().contains(text)));
        if round % 2 == 0 {
            contestants.reverse();
        }
        for contestant in contestants {
            let started = Instant::now();
            let sample = group.run(contestant).map_err(|failure| match failure {
                Failure::Broken(finding) => Failure::Broken(format!("{contestant}: {finding}")),
                other => Failure::During { contestant: contestant.to_string(), source: Box::new(other) },
            })?;
            results.checks += 1;
            let times = sample.latency.map(|times| format!(", p50 {}, p99 {}", latency(times.p50), latency(times.p99)));
            eprintln!(
                "bank-bench: round {round} of {rounds}: {contestant}: {} transfers/s{} ({:.1} s in all)",
                count(sample.transfers_per_second),
                times.unwrap_or_default(),
                started.elapsed().as_secs_f64()
            );
            results.add(contestant, sample);
        }
    }
    Ok(())
}
