//! Posting the chunks of a file, in the way that the mode asks for.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bank_domain::{Outcome, PostRequest, Transfer};
use bank_persistence::{AllOrNone, Bank, BankError, PostingPipeline};

use crate::account_cache::AccountCache;
use crate::error::BatchError;
use crate::known_batch::KnownBatch;
use crate::reader::Chunk;
use crate::refused::{first_refused, post_divided};
use crate::rejected_lines::RejectedLines;
use crate::resolved::ResolvedChunk;
use crate::results::Results;
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
    /// Where to write the lines that were not posted.
    pub rejected: Option<RejectedLines>,
    /// When this becomes true, the import ends before the next commit.
    pub interrupted: Arc<AtomicBool>,
}

impl Default for ImportOptions {
    /// Posts every line that can be posted, 8,190 at a time, and writes no results.
    fn default() -> Self {
        let (results, rejected) = (None, None);
        Self { mode: ImportMode::Continue, chunk_lines_max: 8190, results, rejected, interrupted: Arc::default() }
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
    /// The file, if it has a reference.
    pub(crate) known: Option<KnownBatch>,
    pub(crate) observe: &'a mut dyn FnMut(ImportEvent<'_>),
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
            known: None,
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
                resolved.check();
                self.record(&resolved)?;
            }
        }
        Ok(true)
    }

    /// Takes a chunk that follows the first bad line of a file that is posted up to it.
    pub(crate) fn skip(&mut self, chunk: Chunk) -> Result<(), BatchError> {
        self.record(&ResolvedChunk::skipped(chunk))
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
        flushed.or_else(|error| self.divide(error))
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
        pushed.or_else(|error| self.divide(error))
    }

    /// Posts the chunks in flight again if the database refused the data of a line, and finds the lines that it refuses.
    fn divide(&mut self, error: BankError) -> Result<(), BatchError> {
        if error.refused_data().is_none() {
            return Err(error.into());
        }
        for unfinished in self.pipeline.take_unfinished() {
            let Some(mut resolved) = self.in_flight.pop_front() else { break };
            let requests: Vec<PostRequest> =
                unfinished.iter().filter_map(|outcome| outcome.as_ref().err().cloned()).collect();
            let mut stored = post_divided(self.bank, &requests)?.into_iter();
            let outcomes = unfinished.into_iter().map_while(|outcome| match outcome {
                Ok(outcome) => Some(Ok(outcome)),
                Err(_) => stored.next(),
            });
            for (number, outcome) in outcomes.enumerate() {
                match outcome {
                    Ok(outcome) => resolved.set_outcome(number, &outcome),
                    Err(reason) => resolved.set_refused(number, reason),
                }
            }
            self.record(&resolved)?;
        }
        Ok(())
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
        let results = &mut self.options.results;
        let written = results.as_mut().map_or(Ok(()), |results| results.write_lines(&chunk.lines, statuses));
        if written.is_err() {
            *results = None;
        }
        let rejected = &mut self.options.rejected;
        let rejected_written = rejected.as_mut().map_or(Ok(()), |out| out.write_lines(&chunk.lines, statuses));
        if rejected_written.is_err() {
            *rejected = None;
        }
        written.and(rejected_written)
    }

    /// Posts the lines before the first bad one, and returns whether to go on. Only a transaction shows which line the bank
    /// rejects; then it is rolled back, and the next transaction posts the lines before that one.
    fn post_until_bad(&mut self, chunk: Chunk) -> Result<bool, BatchError> {
        let mut resolved = ResolvedChunk::new(chunk, &mut self.accounts)?;
        while !resolved.transfers_before_bad().is_empty() {
            match self.post_all_or_none(resolved.transfers_before_bad(), false)? {
                Together::Posted(outcomes) => {
                    resolved.set_outcomes(&outcomes);
                    break;
                }
                Together::Rejected(outcomes) => {
                    let rejected = outcomes.iter().position(|outcome| matches!(outcome, Outcome::Rejected(_)));
                    let rejected = rejected.ok_or(BatchError::Interrupted)?;
                    resolved.set_outcome(rejected, &outcomes[rejected]);
                }
                Together::Refused(refused, reason) => resolved.set_refused(refused, reason),
            }
        }
        let is_bad = resolved.skip_after_first_bad();
        self.record(&resolved)?;
        Ok(!is_bad)
    }

    fn post_atomically(&mut self, file: Chunk) -> Result<(), BatchError> {
        let mut resolved = ResolvedChunk::new(file, &mut self.accounts)?;
        if resolved.first_bad().is_none() {
            match self.post_all_or_none(resolved.transfers_before_bad(), true)? {
                Together::Posted(outcomes) => resolved.set_outcomes(&outcomes),
                Together::Rejected(outcomes) => {
                    resolved.set_outcomes(&outcomes);
                    resolved.roll_back();
                }
                Together::Refused(refused, reason) => resolved.set_refused(refused, reason),
            }
        }
        self.record(&resolved)
    }

    /// Posts transfers in one transaction, which records the file too if it is `whole`.
    fn post_all_or_none(&self, transfers: &[Transfer], whole: bool) -> Result<Together, BatchError> {
        let recorder = self.known.as_ref().filter(|_| whole).map(KnownBatch::recorder);
        let interrupted = Arc::clone(&self.options.interrupted);
        let is_interrupted = move || interrupted.load(Ordering::SeqCst);
        let posted = self.bank.post_all_or_none_unless(transfers, {
            let is_interrupted = is_interrupted.clone();
            move |connection| {
                let is_other = recorder.as_ref().map_or(Ok(false), |record| record(connection))?;
                Ok(is_other || is_interrupted())
            }
        });
        let error = match posted {
            Ok(AllOrNone::Posted(outcomes)) => return Ok(Together::Posted(outcomes)),
            Ok(AllOrNone::RolledBack(outcomes)) => {
                let is_rejected = outcomes.iter().any(|outcome| matches!(outcome, Outcome::Rejected(_)));
                return match is_interrupted() {
                    _ if is_rejected => Ok(Together::Rejected(outcomes)),
                    true => Err(BatchError::Interrupted),
                    // Another process has recorded something else under the reference since this one looked.
                    false => Err(BankError::ConcurrentPosting.into()),
                };
            }
            Err(error) => error,
        };
        let Some(reason) = error.refused_data() else { return Err(error.into()) };
        let mut refusal = |count: usize| match self.bank.post_all_or_none_unless(&transfers[..count], |_| Ok(true)) {
            Ok(_) => Ok(None),
            Err(error) => error.refused_data().map(Some).ok_or(error),
        };
        let (refused, reason) = first_refused(transfers.len(), reason, &mut refusal)?;
        Ok(Together::Refused(refused, reason))
    }
}

/// What became of transfers that are posted together or not at all.
enum Together {
    /// All were posted, now or earlier.
    Posted(Vec<Outcome>),
    /// None was posted, because at least one was rejected.
    Rejected(Vec<Outcome>),
    /// None was posted, because the database refused the data of this one.
    Refused(usize, String),
}
