//! Posting chunks of lines, in the way that the mode asks for.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bank_domain::{AccountId, AccountName, Outcome, Rejection, Transfer};
use bank_persistence::{AllOrNone, Bank, PostingPipeline};

use super::account_cache::AccountCache;
use super::duplicates::{Duplicate, Duplicates};
use super::error::BatchError;
use super::importer::{ImportEvent, ImportMode};
use super::line::{Line, NamedTransfer};
use super::reader::Chunk;
use super::recorder::Recorder;
use super::status::{LineRejection, LineStatus};

/// Says whether further chunks are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wants {
    More,
    Nothing,
}

/// How many chunks are posted at once, where they have nothing to do with each other.
const IN_FLIGHT_MAX: usize = 2;

/// How many connections a poster uses: beside the chunks that are posted it asks for the accounts of the next.
pub const CONNECTIONS: u32 = 3;

/// Posts the chunks of one file in order.
pub(crate) struct Poster<'a> {
    bank: &'a Bank,
    accounts: AccountCache<'a>,
    mode: ImportMode,
    interrupted: Arc<AtomicBool>,
    pipeline: PostingPipeline,
    /// The chunks in the pipeline, in order.
    in_flight: VecDeque<(Chunk, ResolvedLines)>,
    /// The whole file, when it is posted in one transaction.
    whole_file: Chunk,
    duplicates: Duplicates,
}

impl<'a> Poster<'a> {
    /// Returns a poster that has seen nothing yet.
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

    /// Takes the next chunk.
    pub(crate) fn take(&mut self, mut chunk: Chunk, recorder: &mut Recorder<'_>) -> Result<Wants, BatchError> {
        match self.mode {
            ImportMode::Continue => self.begin(chunk, recorder)?,
            ImportMode::Stop => return self.post_until_bad(&chunk, recorder),
            ImportMode::Atomic => {
                self.whole_file.lines.append(&mut chunk.lines);
                self.whole_file.bytes = chunk.bytes;
                let lines = u64::try_from(self.whole_file.lines.len()).unwrap_or(u64::MAX);
                recorder.tell(ImportEvent::Progress { lines, bytes: chunk.bytes });
            }
            ImportMode::DryRun => self.check(&chunk, recorder)?,
        }
        Ok(Wants::More)
    }

    /// Returns whether the whole file is posted in the end, in one transaction.
    pub(crate) fn posts_at_the_end(&self) -> bool {
        self.mode == ImportMode::Atomic
    }

    /// Ends the file.
    pub(crate) fn finish(mut self, recorder: &mut Recorder<'_>) -> Result<(), BatchError> {
        self.settle(recorder)?;
        let held = std::mem::take(&mut self.whole_file);
        if held.lines.is_empty() { Ok(()) } else { self.post_atomically(&held, recorder) }
    }

    /// Waits for the chunks in flight, and tells what became of them.
    pub(crate) fn settle(&mut self, recorder: &mut Recorder<'_>) -> Result<(), BatchError> {
        let flushed = self.pipeline.flush();
        self.tell(recorder)?;
        Ok(flushed?)
    }

    fn begin(&mut self, chunk: Chunk, recorder: &mut Recorder<'_>) -> Result<(), BatchError> {
        let mut resolved = match ResolvedLines::new(&chunk.lines, &mut self.accounts) {
            Ok(resolved) => resolved,
            // The chunks before it are being posted, and have a right to their results.
            Err(failure) => return self.settle(recorder).and(Err(failure)),
        };
        let transfers = std::mem::take(&mut resolved.transfers);
        self.in_flight.push_back((chunk, resolved));
        let pushed = self.pipeline.push(transfers);
        // Of the chunks before one that has failed, too.
        match self.tell(recorder) {
            Ok(()) => Ok(pushed?),
            // The results cannot be written. What has begun is posted all the same, and counted.
            Err(failure) => self.settle(recorder).and(Err(failure)),
        }
    }

    /// Tells what became of the chunks that are done, of all of them, whatever happens to the first.
    fn tell(&mut self, recorder: &mut Recorder<'_>) -> Result<(), BatchError> {
        let mut told = Ok(());
        for outcomes in self.pipeline.take_outcomes() {
            // One for each that was pushed.
            let Some((chunk, mut resolved)) = self.in_flight.pop_front() else { break };
            resolved.settle(&chunk.lines, &outcomes);
            told = told.and(recorder.lines(&chunk.lines, &resolved.statuses, chunk.bytes));
        }
        told
    }

    /// Posts what stands before the first bad line. Which lines a rule refuses shows only in a transaction; it is rolled
    /// back then, and the lines before the refused one are posted in the next.
    fn post_until_bad(&mut self, chunk: &Chunk, recorder: &mut Recorder<'_>) -> Result<Wants, BatchError> {
        let mut resolved = ResolvedLines::new(&chunk.lines, &mut self.accounts)?;
        let mut end = resolved.statuses.iter().position(|status| status.reason().is_some());
        loop {
            let wanted = resolved.indexes.partition_point(|place| end.is_none_or(|end| *place < end));
            if wanted == 0 {
                break;
            }
            match self.post_all_or_none(&resolved.transfers[..wanted])? {
                AllOrNone::Posted(outcomes) => {
                    resolved.settle(&chunk.lines, &outcomes);
                    break;
                }
                AllOrNone::RolledBack(outcomes) => {
                    let refused = first_rejected(&outcomes).ok_or(BatchError::Interrupted)?;
                    resolved.settle_one(&chunk.lines, refused, &outcomes[refused]);
                    end = resolved.indexes.get(refused).copied();
                }
            }
        }
        let told = end.map_or(chunk.lines.len(), |end| end.saturating_add(1));
        recorder.lines(&chunk.lines[..told], &resolved.statuses[..told], chunk.bytes)?;
        Ok(if end.is_some() { Wants::Nothing } else { Wants::More })
    }

    fn post_atomically(&mut self, file: &Chunk, recorder: &mut Recorder<'_>) -> Result<(), BatchError> {
        let mut resolved = ResolvedLines::new(&file.lines, &mut self.accounts)?;
        if resolved.statuses.iter().all(|status| status.reason().is_none()) {
            match self.post_all_or_none(&resolved.transfers)? {
                AllOrNone::Posted(outcomes) => resolved.settle(&file.lines, &outcomes),
                AllOrNone::RolledBack(outcomes) => {
                    first_rejected(&outcomes).ok_or(BatchError::Interrupted)?;
                    resolved.settle(&file.lines, &outcomes);
                    resolved.take_back();
                }
            }
        }
        recorder.lines(&file.lines, &resolved.statuses, file.bytes)
    }

    /// Posts all transfers or none; without a rejection they are rolled back only if the user interrupts.
    fn post_all_or_none(&self, transfers: &[Transfer]) -> Result<AllOrNone, BatchError> {
        let interrupted = Arc::clone(&self.interrupted);
        Ok(self.bank.post_all_or_none_unless(transfers, move || interrupted.load(Ordering::SeqCst))?)
    }

    fn check(&mut self, chunk: &Chunk, recorder: &mut Recorder<'_>) -> Result<(), BatchError> {
        let mut resolved = ResolvedLines::new(&chunk.lines, &mut self.accounts)?;
        for (transfer, place) in resolved.transfers.iter().zip(&resolved.indexes) {
            resolved.statuses[*place] = if transfer.from == transfer.to {
                by_rule(&Rejection::SameAccount, &chunk.lines[*place], transfer.from)
            } else {
                match self.duplicates.look(transfer)? {
                    Duplicate::No => LineStatus::Checked,
                    Duplicate::Same => LineStatus::Replayed,
                    Duplicate::Other => rejected(LineRejection::EarlierLine(transfer.id)),
                }
            };
        }
        recorder.lines(&chunk.lines, &resolved.statuses, chunk.bytes)
    }
}

/// The transfers among some lines, and what is known of the others.
#[derive(Default)]
struct ResolvedLines {
    /// One for each line; of a transfer that has no outcome yet, `Skipped`.
    statuses: Vec<LineStatus>,
    transfers: Vec<Transfer>,
    /// The line of each transfer.
    indexes: Vec<usize>,
    /// The payer of each transfer.
    payers: Vec<AccountId>,
}

impl ResolvedLines {
    fn new(lines: &[Line], accounts: &mut AccountCache<'_>) -> Result<Self, BatchError> {
        accounts.find(lines)?;
        let mut resolved = Self { statuses: Vec::with_capacity(lines.len()), ..Self::default() };
        for (place, line) in (0..).zip(lines) {
            let status = match &line.content {
                Err(malformed) => LineStatus::Malformed(Box::new(malformed.clone())),
                Ok((id, order)) => match (accounts.id_of(&order.from), accounts.id_of(&order.to)) {
                    (Some(from), Some(to)) => {
                        let (id, amount, memo) = (*id, order.amount, order.memo.clone());
                        resolved.transfers.push(Transfer { id, from, to, amount, memo });
                        resolved.indexes.push(place);
                        resolved.payers.push(from);
                        LineStatus::Skipped
                    }
                    (None, _) => unknown(&order.from),
                    (_, None) => unknown(&order.to),
                },
            };
            resolved.statuses.push(status);
        }
        Ok(resolved)
    }

    /// Takes the outcomes of the transfers, or of the first of them.
    fn settle(&mut self, lines: &[Line], outcomes: &[Outcome]) {
        for (number, outcome) in outcomes.iter().enumerate() {
            self.settle_one(lines, number, outcome);
        }
    }

    fn settle_one(&mut self, lines: &[Line], number: usize, outcome: &Outcome) {
        let place = self.indexes[number];
        self.statuses[place] = match outcome {
            Outcome::Posted(_) => LineStatus::Posted,
            Outcome::Replayed(_) => LineStatus::Replayed,
            Outcome::Rejected(reason) => by_rule(reason, &lines[place], self.payers[number]),
        };
    }

    /// Notes that what was posted has been rolled back.
    fn take_back(&mut self) {
        for status in &mut self.statuses {
            if *status == LineStatus::Posted {
                *status = LineStatus::Skipped;
            }
        }
    }
}

fn first_rejected(outcomes: &[Outcome]) -> Option<usize> {
    outcomes.iter().position(|outcome| matches!(outcome, Outcome::Rejected(_)))
}

fn by_rule(reason: &Rejection, line: &Line, payer: AccountId) -> LineStatus {
    match &line.content {
        Ok((_, NamedTransfer { from, to, .. })) => {
            let (reason, from, to) = (reason.clone(), from.clone(), to.clone());
            rejected(LineRejection::Rule { reason, payer, from, to })
        }
        // A malformed line has no transfer.
        Err(malformed) => LineStatus::Malformed(Box::new(malformed.clone())),
    }
}

fn unknown(name: &AccountName) -> LineStatus {
    rejected(LineRejection::UnknownAccount(name.clone()))
}

fn rejected(reason: LineRejection) -> LineStatus {
    LineStatus::Rejected(Box::new(reason))
}
