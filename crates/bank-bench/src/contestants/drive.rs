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
    started: Instant,
    ended: Instant,
    posted_before: u64,
    posted: u64,
    given_up: u64,
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
    let work = || {
        let mut source = TransferSource::new(accounts, load.spread);
        let warmed: Result<u64, Failure> = (0..WARM_UP).map(|_| post(source.transfer())).sum();
        barrier.wait();
        let (started, posted_before, latencies) = (Instant::now(), warmed?, Latencies::new()?);
        let given_up = u64::from(WARM_UP) - posted_before;
        let mut done = Done { started, ended: started, posted_before, posted: 0, given_up, latencies };
        while done.ended < started + time {
            let transfer = source.transfer();
            let began = Instant::now();
            let posted = post(transfer)?;
            done.ended = Instant::now();
            done.posted += posted;
            done.given_up += 1 - posted;
            done.latencies.add(done.ended - began);
        }
        Ok(done)
    };
    let ends: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..load.threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(Err(Failure::Panicked))).collect()
    });
    let done: Vec<Done> = ends.into_iter().collect::<Result<_, _>>()?;
    let sum = |figure: fn(&Done) -> u64| done.iter().map(figure).sum::<u64>();
    ledger.posted += sum(|done| done.posted_before + done.posted);
    let started = done.iter().map(|done| done.started).min();
    // The run ends with the last answer, which may come after the deadline.
    let ended = done.iter().map(|done| done.ended).max();
    let transfers_per_second =
        rate(sum(|done| done.posted), started.zip(ended).map_or(Duration::ZERO, |(started, ended)| ended - started));
    let mut latencies = Latencies::new()?;
    done.iter().try_for_each(|done| latencies.append(&done.latencies))?;
    Ok(Sample {
        latency: latencies.summary(),
        given_up: sum(|done| done.given_up),
        ..Sample::from_rate(transfers_per_second)
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
