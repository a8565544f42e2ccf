//! Batches that bank posts, one after the other or in a pipeline.

use std::time::Instant;

use bank_domain::{Account, AccountState, PostRequest, PostedTransfer, Transfer, apply_batch};
use bank_persistence::PostingPipeline;

use crate::failure::Failure;
use crate::measure::{Sample, Spread, rate, time_batches};
use crate::stage::{Ledger, TransferSource};

/// Draws the batches of a run, and one more in front that is not measured.
pub(crate) fn draw(accounts: u32, size: u32, count: u32) -> Vec<Vec<Transfer>> {
    let mut source = TransferSource::new(accounts, Spread::Uniform);
    (0..=count).map(|_| source.transfers(size)).collect()
}

/// Posts the batches on one connection; the first is not measured.
pub(crate) fn post_all(ledger: &mut Ledger, batches: &[Vec<Transfer>]) -> Result<Sample, Failure> {
    let bank = ledger.bank(1)?;
    time_batches(batches, |batch| ledger.post(&bank, batch))
}

/// Posts the batches with two in flight; the first is not measured.
pub(crate) fn push_all(ledger: &mut Ledger, mut batches: Vec<Vec<Transfer>>) -> Result<Sample, Failure> {
    let bank = ledger.bank(2)?;
    let mut pipeline = PostingPipeline::new(&bank, 2);
    let measured = batches.split_off(1);
    for batch in batches {
        ledger.post(&bank, &batch)?;
    }
    let (mut posted, started) = (0, Instant::now());
    for batch in measured {
        pipeline.push(batch)?;
        posted += ledger.add_outcomes(pipeline.take_outcomes().iter().flatten())?;
    }
    pipeline.flush()?;
    posted += ledger.add_outcomes(pipeline.take_outcomes().iter().flatten())?;
    Ok(Sample::from_rate(rate(posted, started.elapsed())))
}

/// Returns the transfers of each batch as bank would write them to the journal.
pub(crate) fn postings(ledger: &Ledger, batches: &[Vec<Transfer>]) -> Result<Vec<Vec<PostedTransfer>>, Failure> {
    let mut states = Vec::new();
    ledger.bank(1)?.list_accounts(None, |account| {
        let Account { id, currency, status, balance, held, overdraft_limit, version, .. } = account;
        states.push(AccountState { id, currency: currency.code, status, balance, held, overdraft_limit, version });
        Ok::<(), Failure>(())
    })?;
    let requests: Vec<PostRequest> = batches.iter().flatten().map(PostRequest::from).collect();
    let mut outcomes = apply_batch(states, Vec::new(), &requests).outcomes.into_iter();
    let mut posted = |count| outcomes.by_ref().take(count).filter_map(|outcome| outcome.posted().cloned()).collect();
    Ok(batches.iter().map(|batch| posted(batch.len())).collect())
}
