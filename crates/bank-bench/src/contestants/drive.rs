//! Single transfers, posted from many threads for a time.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use bank_domain::{Outcome, Transfer};
use bank_persistence::{BankError, QueueError};

use crate::failure::Failure;
use crate::measure::{Latencies, Load, Sample, rate};
use crate::stage::{Ledger, TransferSource};

/// Number of transfers that each thread posts before the clock starts, to make connections and prepare statements.
const WARM_UP: u32 = 10;

/// The figures of one thread.
struct Done {
    posted_before: u64,
    posted: u64,
    given_up: u64,
    ended: Instant,
    latencies: Latencies,
}

/// Posts from many threads until the time is over, and counts the acknowledged transfers, warm-up included.
pub(crate) fn drive<E: Into<Failure>>(
    ledger: &mut Ledger,
    load: Load,
    time: Duration,
    post: impl Fn(Transfer) -> Result<Outcome, E> + Sync,
) -> Result<Sample, Failure> {
    let accounts = ledger.accounts;
    let barrier = Barrier::new(load.threads.into());
    let post = |transfer| count_posted(post(transfer).map_err(Into::into));
    let done = std::thread::scope(|scope| {
        let work = || {
            let mut source = TransferSource::new(accounts, load.spread);
            let warmed: Result<u64, Failure> = (0..WARM_UP).map(|_| post(source.transfer())).sum();
            barrier.wait();
            let started = Instant::now();
            work_until(started + time, warmed?, &mut source, &post).map(|done| (started, done))
        };
        let threads: Vec<_> = (0..load.threads).map(|_| scope.spawn(work)).collect();
        let ends: Vec<_> = threads.into_iter().map(|thread| thread.join().map_err(|_| Failure::Panicked)).collect();
        ends.into_iter().map(|end| end?).collect::<Result<Vec<(Instant, Done)>, Failure>>()
    })?;
    ledger.posted += done.iter().map(|(_, done)| done.posted_before + done.posted).sum::<u64>();
    summarise(&done)
}

fn work_until(
    deadline: Instant,
    posted_before: u64,
    source: &mut TransferSource,
    post: &impl Fn(Transfer) -> Result<u64, Failure>,
) -> Result<Done, Failure> {
    let mut done = Done {
        posted_before,
        posted: 0,
        given_up: u64::from(WARM_UP) - posted_before,
        ended: Instant::now(),
        latencies: Latencies::new()?,
    };
    while done.ended < deadline {
        let transfer = source.transfer();
        let began = Instant::now();
        let posted = post(transfer)?;
        done.ended = Instant::now();
        done.posted += posted;
        done.given_up += 1 - posted;
        done.latencies.add(done.ended - began);
    }
    Ok(done)
}

fn summarise(done: &[(Instant, Done)]) -> Result<Sample, Failure> {
    let started = done.iter().map(|(started, _)| *started).min();
    // The run ends with the last answer, which may come after the deadline.
    let ended = done.iter().map(|(_, done)| done.ended).max();
    let elapsed = started.zip(ended).map_or(Duration::ZERO, |(started, ended)| ended - started);
    let mut latencies = Latencies::new()?;
    for (_, done) in done {
        latencies.append(&done.latencies)?;
    }
    Ok(Sample {
        transfers_per_second: rate(done.iter().map(|(_, done)| done.posted).sum(), elapsed),
        latency: latencies.summary(),
        given_up: done.iter().map(|(_, done)| done.given_up).sum(),
        memory: None,
    })
}

/// Returns 1 if the transfer was posted, and 0 if it was given up after all retries: the load was too much.
fn count_posted(result: Result<Outcome, Failure>) -> Result<u64, Failure> {
    match result {
        Ok(Outcome::Posted(_)) => Ok(1),
        Ok(other) => Err(Failure::Broken(format!("a valid transfer was not posted: {other:?}"))),
        Err(Failure::Bank(BankError::RetriesExhausted { .. })) => Ok(0),
        Err(Failure::Queue(QueueError::Failed(error))) if matches!(*error, BankError::RetriesExhausted { .. }) => Ok(0),
        Err(failure) => Err(failure),
    }
}
