//! Posting the chunks of a file, in the way that the mode asks for.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bank_domain::Outcome;
use bank_persistence::{AllOrNone, Bank, PostingPipeline};

use crate::account_cache::AccountCache;
use crate::duplicates::Duplicates;
use crate::error::BatchError;
use crate::reader::Chunk;
use crate::resolved::ResolvedChunk;
use crate::results::Results;
use crate::spill_map::SpillMap;
use crate::status::{ImportEvent, Tally};

/// The most chunks that are posted concurrently.
const IN_FLIGHT_MAX: usize = 2;

/// The most connections that an import uses: one for each chunk in flight, and one to look up the accounts of the next.
pub const CONNECTIONS_MAX: u32 = 3;

/// What to do with the lines of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportMode {
    /// Posts every line that can be posted.
    Continue,
    /// Posts the lines before the first bad one.
    Stop,
    /// Posts all lines, in one transaction, or none.
    Atomic,
    /// Posts nothing.
    DryRun,
}

/// How a file is imported.
pub struct ImportOptions {
    /// What to do with the lines.
    pub mode: ImportMode,
    /// The most lines in one transaction; [`ImportMode::Atomic`] has all in one.
    pub chunk_lines_max: usize,
    /// Where to write what became of each line.
    pub results: Option<Results>,
    /// When this becomes true, the import ends before the next commit.
    pub interrupted: Arc<AtomicBool>,
}

impl Default for ImportOptions {
    /// Posts every line that can be posted, 8,190 at a time, and writes no results.
    fn default() -> Self {
        Self { mode: ImportMode::Continue, chunk_lines_max: 8190, results: None, interrupted: Arc::default() }
    }
}

/// Posts the chunks of one file in order, and records what became of each line.
pub(crate) struct Poster<'a> {
    bank: &'a Bank,
    accounts: AccountCache<'a>,
    pub(crate) options: ImportOptions,
    pipeline: PostingPipeline,
    /// The chunks in the pipeline, in order.
    in_flight: VecDeque<ResolvedChunk>,
    /// The lines read so far of a file that is posted in one transaction.
    whole_file: Chunk,
    duplicates: Duplicates,
    observe: &'a mut dyn FnMut(ImportEvent<'_>),
    pub(crate) tally: Tally,
}

impl<'a> Poster<'a> {
    /// Returns a poster that has taken no chunk.
    pub(crate) fn new(bank: &'a Bank, options: ImportOptions, observe: &'a mut dyn FnMut(ImportEvent<'_>)) -> Self {
        Self {
            bank,
            accounts: AccountCache::new(bank),
            options,
            pipeline: PostingPipeline::new(bank, IN_FLIGHT_MAX),
            in_flight: VecDeque::new(),
            whole_file: Chunk::default(),
            duplicates: Duplicates(SpillMap::new()),
            observe,
            tally: Tally::default(),
        }
    }

    /// Takes the next chunk, and returns whether to go on.
    pub(crate) fn take(&mut self, mut chunk: Chunk) -> Result<bool, BatchError> {
        if chunk.is_cut_off {
            (self.observe)(ImportEvent::LastLineCutOff);
        }
        match self.options.mode {
            ImportMode::Continue => self.begin(chunk)?,
            ImportMode::Stop => return self.post_until_bad(chunk),
            ImportMode::Atomic => {
                self.whole_file.lines.append(&mut chunk.lines);
                self.whole_file.bytes = chunk.bytes;
                let lines = u64::try_from(self.whole_file.lines.len()).unwrap_or(u64::MAX);
                (self.observe)(ImportEvent::Progress { lines, bytes: chunk.bytes });
            }
            ImportMode::DryRun => {
                let mut resolved = ResolvedChunk::new(chunk, &mut self.accounts)?;
                resolved.check(&mut self.duplicates)?;
                self.record(&resolved)?;
            }
        }
        Ok(true)
    }

    /// Posts what is left at the end of the file.
    pub(crate) fn finish(&mut self) -> Result<(), BatchError> {
        self.settle()?;
        let file = std::mem::take(&mut self.whole_file);
        if file.lines.is_empty() { Ok(()) } else { self.post_atomically(file) }
    }

    /// Waits for the chunks in flight, and records them.
    pub(crate) fn settle(&mut self) -> Result<(), BatchError> {
        let flushed = self.pipeline.flush();
        self.record_finished()?;
        Ok(flushed?)
    }

    fn begin(&mut self, chunk: Chunk) -> Result<(), BatchError> {
        let resolved = ResolvedChunk::new(chunk, &mut self.accounts);
        // After an error, the chunks in flight will be posted all the same, so they must be recorded.
        let mut resolved = resolved.or_else(|error| self.settle().and(Err(error)))?;
        let transfers = resolved.take_transfers();
        self.in_flight.push_back(resolved);
        let pushed = self.pipeline.push(transfers);
        // If a chunk has failed, those before it are recorded first.
        self.record_finished().or_else(|error| self.settle().and(Err(error)))?;
        Ok(pushed?)
    }

    /// Records every finished chunk, even if recording the first one fails.
    fn record_finished(&mut self) -> Result<(), BatchError> {
        let mut recorded = Ok(());
        for outcomes in self.pipeline.take_outcomes() {
            // The pipeline has one list of outcomes for each chunk.
            let Some(mut resolved) = self.in_flight.pop_front() else { break };
            resolved.set_outcomes(&outcomes);
            recorded = recorded.and(self.record(&resolved));
        }
        recorded
    }

    /// Records a chunk that needs no further commit.
    ///
    /// If the results cannot be written, the lines are counted all the same, because they are posted. The results end.
    fn record(&mut self, resolved: &ResolvedChunk) -> Result<(), BatchError> {
        let ResolvedChunk { chunk, statuses, .. } = resolved;
        for (line, status) in chunk.lines.iter().zip(statuses) {
            self.tally.add(status);
            (self.observe)(ImportEvent::Line { number: line.number, status });
        }
        (self.observe)(ImportEvent::Progress { lines: self.tally.lines(), bytes: chunk.bytes });
        let written =
            self.options.results.as_mut().map_or(Ok(()), |results| results.write_lines(&chunk.lines, statuses));
        if written.is_err() {
            self.options.results = None;
        }
        written
    }

    /// Posts the lines before the first bad one, and returns whether to go on. Only a transaction shows which line the bank
    /// rejects; then it is rolled back, and the next transaction posts the lines before that one.
    fn post_until_bad(&mut self, chunk: Chunk) -> Result<bool, BatchError> {
        let mut resolved = ResolvedChunk::new(chunk, &mut self.accounts)?;
        while !resolved.transfers_before_bad().is_empty() {
            let (outcomes, rejected) = self.post_all_or_none(&resolved)?;
            match rejected {
                None => {
                    resolved.set_outcomes(&outcomes);
                    break;
                }
                Some(rejected) => resolved.set_outcome(rejected, &outcomes[rejected]),
            }
        }
        let is_bad = resolved.end_at_first_bad();
        self.record(&resolved)?;
        Ok(!is_bad)
    }

    fn post_atomically(&mut self, file: Chunk) -> Result<(), BatchError> {
        let mut resolved = ResolvedChunk::new(file, &mut self.accounts)?;
        if resolved.first_bad().is_none() {
            let (outcomes, rejected) = self.post_all_or_none(&resolved)?;
            resolved.set_outcomes(&outcomes);
            if rejected.is_some() {
                resolved.roll_back();
            }
        }
        self.record(&resolved)
    }

    /// Posts the transfers before the first bad line in one transaction. Returns their outcomes, and the index of the
    /// rejection that rolled the transaction back. Without a rejection, it was the interruption.
    fn post_all_or_none(&self, resolved: &ResolvedChunk) -> Result<(Vec<Outcome>, Option<usize>), BatchError> {
        let (transfers, interrupted) = (resolved.transfers_before_bad(), Arc::clone(&self.options.interrupted));
        match self.bank.post_all_or_none_unless(transfers, move |_| Ok(interrupted.load(Ordering::SeqCst)))? {
            AllOrNone::Posted(outcomes) => Ok((outcomes, None)),
            AllOrNone::RolledBack(outcomes) => {
                let rejected = outcomes.iter().position(|outcome| matches!(outcome, Outcome::Rejected(_)));
                Ok((outcomes, Some(rejected.ok_or(BatchError::Interrupted)?)))
            }
        }
    }
}
