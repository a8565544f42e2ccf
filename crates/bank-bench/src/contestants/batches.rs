//! Batches, by bank itself: one after the other, and in a pipeline.

use std::time::Instant;

use bank_domain::{AccountState, Outcome, PostRequest, PostedTransfer, Transfer, apply_batch};
use bank_persistence::PostingPipeline;

use crate::failure::Failure;
use crate::measure::{Latencies, Sample, rate};
use crate::stage::Ledger;

/// Posts the batches on one connection; the first is not measured.
pub(crate) fn post_all(ledger: &mut Ledger, batches: &[Vec<Transfer>]) -> Result<Sample, Failure> {
    let bank = ledger.bank(1)?;
    let (warm_up, measured) = batches.split_at(1);
    warm_up.iter().try_for_each(|batch| ledger.post(&bank, batch))?;
    let posted_before = ledger.posted;
    let mut latencies = Latencies::new()?;
    let started = Instant::now();
    for batch in measured {
        let began = Instant::now();
        ledger.post(&bank, batch)?;
        latencies.add(began.elapsed());
    }
    let transfers_per_second = rate(ledger.posted - posted_before, started.elapsed());
    Ok(Sample { latency: latencies.summary(), ..Sample::of_rate(transfers_per_second) })
}

/// Posts the batches with two on their way at once; the first is not measured.
pub(crate) fn push_all(ledger: &mut Ledger, mut batches: Vec<Vec<Transfer>>) -> Result<Sample, Failure> {
    let bank = ledger.bank(2)?;
    let mut pipeline = PostingPipeline::new(&bank, 2);
    let measured = batches.split_off(1);
    for batch in batches {
        ledger.post(&bank, &batch)?;
    }
    let posted_before = ledger.posted;
    let started = Instant::now();
    for batch in measured {
        pipeline.push(batch)?;
        pipeline.take_outcomes().iter().try_for_each(|outcomes| ledger.note(outcomes))?;
    }
    pipeline.flush()?;
    pipeline.take_outcomes().iter().try_for_each(|outcomes| ledger.note(outcomes))?;
    Ok(Sample::of_rate(rate(ledger.posted - posted_before, started.elapsed())))
}

/// Returns what bank would write into the journal.
pub(crate) fn postings(mut accounts: Vec<AccountState>, batches: &[Vec<Transfer>]) -> Vec<Vec<PostedTransfer>> {
    let mut all = Vec::with_capacity(batches.len());
    for batch in batches {
        let requests: Vec<PostRequest> = batch.iter().map(PostRequest::from).collect();
        let applied = apply_batch(accounts.clone(), Vec::new(), &requests);
        let posted = applied.outcomes.into_iter().filter_map(|outcome| match outcome {
            Outcome::Posted(posting) => Some(posting),
            Outcome::Replayed(_) | Outcome::Rejected(_) => None,
        });
        all.push(posted.collect());
        for changed in applied.changed {
            // They are listed in the order of their ids.
            if let Ok(place) = accounts.binary_search_by_key(&changed.id, |account| account.id) {
                accounts[place] = changed;
            }
        }
    }
    all
}
