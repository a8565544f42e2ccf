//! Posting the chunks of a file, in the way that the mode asks for.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bank_domain::{Outcome, Transfer};
use bank_persistence::{AllOrNone, Bank, PostingPipeline};

use crate::account_cache::AccountCache;
use crate::duplicates::Duplicates;
use crate::error::BatchError;
use crate::event::{ImportEvent, ImportMode};
use crate::reader::Chunk;
use crate::recorder::Recorder;
use crate::resolved::ResolvedChunk;

/// The most chunks that are posted concurrently.
const IN_FLIGHT_MAX: usize = 2;

/// The most connections that an import uses: one for each chunk in flight, and one to look up the accounts of the next.
pub const CONNECTIONS_MAX: u32 = 3;

/// Posts the chunks of one file in order.
pub(crate) struct Poster<'a> {
    bank: &'a Bank,
    accounts: AccountCache<'a>,
    mode: ImportMode,
    interrupted: Arc<AtomicBool>,
    pipeline: PostingPipeline,
    /// The chunks in the pipeline, in order.
    in_flight: VecDeque<ResolvedChunk>,
    /// The lines read so far of a file that is posted in one transaction.
    whole_file: Chunk,
    duplicates: Duplicates,
}

impl<'a> Poster<'a> {
    /// Returns a poster that has taken no chunk.
    pub(crate) fn new(bank: &'a Bank, mode: ImportMode, interrupted: Arc<AtomicBool>) -> Self {
        Self {
            bank,
            accounts: AccountCache::new(bank),
            mode,
            interrupted,
            pipeline: PostingPipeline::new(bank, IN_FLIGHT_MAX),
            in_flight: VecDeque::new(),
            whole_file: Chunk::default(),
            duplicates: Duplicates::new(),
        }
    }

    /// Takes the next chunk, and returns whether to go on.
    pub(crate) fn take(
        &mut self,
        mut chunk: Chunk,
        recorder: &mut Recorder<'_>,
    ) -> Result<ControlFlow<()>, BatchError> {
        match self.mode {
            ImportMode::Continue => self.begin(chunk, recorder)?,
            ImportMode::Stop => return self.post_until_bad(chunk, recorder),
            ImportMode::Atomic => {
                self.whole_file.lines.append(&mut chunk.lines);
                self.whole_file.bytes = chunk.bytes;
                let lines = u64::try_from(self.whole_file.lines.len()).unwrap_or(u64::MAX);
                recorder.tell(ImportEvent::Progress { lines, bytes: chunk.bytes });
            }
            ImportMode::DryRun => {
                let mut resolved = ResolvedChunk::new(chunk, &mut self.accounts)?;
                resolved.check(&mut self.duplicates)?;
                recorder.record(&resolved)?;
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Returns whether the whole file is posted at its end, in one transaction.
    pub(crate) fn posts_at_the_end(&self) -> bool {
        self.mode == ImportMode::Atomic
    }

    /// Posts what is left at the end of the file.
    pub(crate) fn finish(mut self, recorder: &mut Recorder<'_>) -> Result<(), BatchError> {
        self.settle(recorder)?;
        let file = std::mem::take(&mut self.whole_file);
        if file.lines.is_empty() { Ok(()) } else { self.post_atomically(file, recorder) }
    }

    /// Waits for the chunks in flight, and records them.
    pub(crate) fn settle(&mut self, recorder: &mut Recorder<'_>) -> Result<(), BatchError> {
        let flushed = self.pipeline.flush();
        self.record_finished(recorder)?;
        Ok(flushed?)
    }

    fn begin(&mut self, chunk: Chunk, recorder: &mut Recorder<'_>) -> Result<(), BatchError> {
        let mut resolved = match ResolvedChunk::new(chunk, &mut self.accounts) {
            Ok(resolved) => resolved,
            // The chunks in flight will be posted all the same, so they must be recorded.
            Err(error) => return self.settle(recorder).and(Err(error)),
        };
        let transfers = resolved.take_transfers();
        self.in_flight.push_back(resolved);
        let pushed = self.pipeline.push(transfers);
        // If a chunk has failed, those before it are recorded first.
        match self.record_finished(recorder) {
            Ok(()) => Ok(pushed?),
            // The results cannot be written. The chunks in flight will be posted all the same, so they must be counted.
            Err(error) => self.settle(recorder).and(Err(error)),
        }
    }

    /// Records every finished chunk, even if recording the first one fails.
    fn record_finished(&mut self, recorder: &mut Recorder<'_>) -> Result<(), BatchError> {
        let mut recorded = Ok(());
        for outcomes in self.pipeline.take_outcomes() {
            // The pipeline has one list of outcomes for each chunk.
            let Some(mut resolved) = self.in_flight.pop_front() else { break };
            resolved.set_outcomes(&outcomes);
            recorded = recorded.and(recorder.record(&resolved));
        }
        recorded
    }

    /// Posts the lines before the first bad one. Only a transaction shows which line the bank rejects; then it is rolled
    /// back, and the next transaction posts the lines before that one.
    fn post_until_bad(&mut self, chunk: Chunk, recorder: &mut Recorder<'_>) -> Result<ControlFlow<()>, BatchError> {
        let mut resolved = ResolvedChunk::new(chunk, &mut self.accounts)?;
        loop {
            let transfers = resolved.transfers_before_bad();
            if transfers.is_empty() {
                break;
            }
            match self.post_all_or_none(transfers)? {
                AllOrNone::Posted(outcomes) => {
                    resolved.set_outcomes(&outcomes);
                    break;
                }
                AllOrNone::RolledBack(outcomes) => {
                    let rejected = first_rejected(&outcomes)?;
                    resolved.set_outcome(rejected, &outcomes[rejected]);
                }
            }
        }
        let is_bad = resolved.end_at_first_bad();
        recorder.record(&resolved)?;
        Ok(if is_bad { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn post_atomically(&mut self, file: Chunk, recorder: &mut Recorder<'_>) -> Result<(), BatchError> {
        let mut resolved = ResolvedChunk::new(file, &mut self.accounts)?;
        if resolved.first_bad().is_none() {
            match self.post_all_or_none(resolved.transfers_before_bad())? {
                AllOrNone::Posted(outcomes) => resolved.set_outcomes(&outcomes),
                AllOrNone::RolledBack(outcomes) => {
                    first_rejected(&outcomes)?;
                    resolved.set_outcomes(&outcomes);
                    resolved.roll_back();
                }
            }
        }
        recorder.record(&resolved)
    }

    fn post_all_or_none(&self, transfers: &[Transfer]) -> Result<AllOrNone, BatchError> {
        let interrupted = Arc::clone(&self.interrupted);
        Ok(self.bank.post_all_or_none_unless(transfers, move || interrupted.load(Ordering::SeqCst))?)
    }
}

/// Returns the index of the rejection that rolled a transaction back. Without one, it was the interruption.
fn first_rejected(outcomes: &[Outcome]) -> Result<usize, BatchError> {
    let first = outcomes.iter().position(|outcome| matches!(outcome, Outcome::Rejected(_)));
    first.ok_or(BatchError::Interrupted)
}
