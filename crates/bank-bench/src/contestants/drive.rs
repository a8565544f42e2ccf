//! Posting single transfers from many threads for a time.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use bank_domain::{Outcome, Transfer};
use bank_persistence::{BankError, QueueError};

use crate::draw::Draw;
use crate::failure::Failure;
use crate::measure::{Latencies, Load, Sample, rate};

/// What each thread posts before the clock starts: connections are made and statements prepared by then.
const WARM_UP: u32 = 10;

/// How a call ended that is no failure of the benchmark.
enum Ended {
    Posted,
    /// Nothing was posted, after all retries: the load was too much.
    GivenUp,
}

/// What a thread has done.
struct Done {
    posted_before: u64,
    posted: u64,
    given_up: u64,
    ended: Instant,
    latencies: Latencies,
}

/// Posts from many threads at once until the time is over, and returns the sample and how many transfers were
/// acknowledged in all, those before the clock started included.
pub(crate) fn drive<E: Into<Failure>>(
    load: Load,
    accounts: u32,
    time: Duration,
    post: impl Fn(Transfer) -> Result<Outcome, E> + Sync,
) -> Result<(Sample, u64), Failure> {
    let barrier = Barrier::new(load.threads.into());
    let post = |transfer| ended(post(transfer).map_err(Into::into));
    let done = std::thread::scope(|scope| {
        let work = || {
            let mut draw = Draw::new(accounts, load.spread);
            let warmed: Result<u64, Failure> = (0..WARM_UP).map(|_| Ok(is_posted(&post(draw.transfer()?)?))).sum();
            barrier.wait();
            let started = Instant::now();
            work_until(started + time, warmed?, &mut draw, &post).map(|done| (started, done))
        };
        let threads: Vec<_> = (0..load.threads).map(|_| scope.spawn(work)).collect();
        let ends: Vec<_> = threads.into_iter().map(|thread| thread.join().map_err(|_| Failure::Panicked)).collect();
        ends.into_iter().map(|end| end?).collect::<Result<Vec<(Instant, Done)>, Failure>>()
    })?;
    summarise(&done)
}

fn work_until(
    deadline: Instant,
    posted_before: u64,
    draw: &mut Draw,
    post: &impl Fn(Transfer) -> Result<Ended, Failure>,
) -> Result<Done, Failure> {
    let mut done = Done {
        posted_before,
        posted: 0,
        given_up: u64::from(WARM_UP) - posted_before,
        ended: Instant::now(),
        latencies: Latencies::new()?,
    };
    while done.ended < deadline {
        let transfer = draw.transfer()?;
        let began = Instant::now();
        let posted = is_posted(&post(transfer)?);
        done.ended = Instant::now();
        done.posted += posted;
        done.given_up += 1 - posted;
        done.latencies.add(done.ended - began);
    }
    Ok(done)
}

fn summarise(done: &[(Instant, Done)]) -> Result<(Sample, u64), Failure> {
    let started = done.iter().map(|(started, _)| *started).min();
    // Whoever was kept waiting past the end counts: the rate is of what was done until all were answered.
    let ended = done.iter().map(|(_, done)| done.ended).max();
    let elapsed = started.zip(ended).map_or(Duration::ZERO, |(started, ended)| ended - started);
    let mut latencies = Latencies::new()?;
    for (_, done) in done {
        latencies.append(&done.latencies)?;
    }
    let posted: u64 = done.iter().map(|(_, done)| done.posted).sum();
    let posted_before: u64 = done.iter().map(|(_, done)| done.posted_before).sum();
    let sample = Sample {
        transfers_per_second: rate(posted, elapsed),
        latency: latencies.summary(),
        given_up: done.iter().map(|(_, done)| done.given_up).sum(),
        memory: None,
    };
    Ok((sample, posted + posted_before))
}

const fn is_posted(ended: &Ended) -> u64 {
    match ended {
        Ended::Posted => 1,
        Ended::GivenUp => 0,
    }
}

fn ended(result: Result<Outcome, Failure>) -> Result<Ended, Failure> {
    match result {
        Ok(Outcome::Posted(_)) => Ok(Ended::Posted),
        Ok(other) => Err(Failure::Broken(format!("a valid transfer was not posted: {other:?}"))),
        Err(Failure::Bank(BankError::RetriesExhausted { .. })) => Ok(Ended::GivenUp),
        Err(Failure::Queue(QueueError::Failed(error))) if matches!(*error, BankError::RetriesExhausted { .. }) => {
            Ok(Ended::GivenUp)
        }
        Err(failure) => Err(failure),
    }
}
