//! Posting chunks of lines, in the way that `--on-reject` asks for.

use std::collections::VecDeque;

use bank_domain::{AccountId, Outcome, Rejection, Transfer};
use bank_persistence::{AllOrNone, Bank, PostingPipeline};

use crate::failure::Failure;
use crate::rejection;

use super::accounts::Accounts;
use super::duplicates::{Duplicate, Duplicates};
use super::order::{Line, Order};
use super::reader::Chunk;
use super::report::Report;
use super::tally::Verdict;
use crate::interrupt::Interrupt;

/// What to do with the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Posts every line that can be posted.
    Continue,
    /// Posts the lines before the first bad one.
    Stop,
    /// Posts all lines or none.
    Atomic,
    /// Posts nothing.
    DryRun,
}

/// Says whether further chunks are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wants {
    More,
    Nothing,
}

/// How many chunks are posted at once, where they have nothing to do with each other.
const AT_ONCE: usize = 2;

/// How many connections a poster uses: beside the chunks that are posted it asks for the accounts of the next.
pub(crate) const CONNECTIONS: u32 = 3;

/// Posts the chunks of one file in order.
pub(crate) struct Poster<'a> {
    bank: &'a Bank,
    accounts: Accounts<'a>,
    mode: Mode,
    interrupt: Interrupt,
    pipeline: PostingPipeline,
    /// The chunks in the pipeline, in order.
    begun: VecDeque<(Chunk, Plan)>,
    /// The whole file, when it is posted in one transaction.
    held: Chunk,
    duplicates: Duplicates,
}

impl<'a> Poster<'a> {
    /// Returns a poster that has seen nothing yet.
    pub(crate) fn new(bank: &'a Bank, mode: Mode, interrupt: Interrupt) -> Self {
        Self {
            bank,
            accounts: Accounts::new(bank),
            mode,
            interrupt,
            pipeline: PostingPipeline::new(bank, AT_ONCE),
            begun: VecDeque::new(),
            held: Chunk::default(),
            duplicates: Duplicates::new(),
        }
    }

    /// Takes the next chunk.
    pub(crate) fn take(&mut self, mut chunk: Chunk, report: &mut Report) -> Result<Wants, Failure> {
        match self.mode {
            Mode::Continue => self.begin(chunk, report)?,
            Mode::Stop => return self.post_until_bad(&chunk, report),
            Mode::Atomic => {
                self.held.lines.append(&mut chunk.lines);
                self.held.bytes = chunk.bytes;
                report.reading(u64::try_from(self.held.lines.len()).unwrap_or(u64::MAX), chunk.bytes);
            }
            Mode::DryRun => self.check(&chunk, report)?,
        }
        Ok(Wants::More)
    }

    /// Returns whether the whole file is posted in the end, in one transaction.
    pub(crate) fn posts_at_the_end(&self) -> bool {
        self.mode == Mode::Atomic
    }

    /// Ends the file.
    pub(crate) fn finish(mut self, report: &mut Report) -> Result<(), Failure> {
        self.settle(report)?;
        let held = std::mem::take(&mut self.held);
        if held.lines.is_empty() { Ok(()) } else { self.post_atomically(&held, report) }
    }

    /// Waits for the chunks that were begun, and tells what became of them.
    pub(crate) fn settle(&mut self, report: &mut Report) -> Result<(), Failure> {
        let flushed = self.pipeline.flush();
        self.tell(report)?;
        Ok(flushed?)
    }

    fn begin(&mut self, chunk: Chunk, report: &mut Report) -> Result<(), Failure> {
        let mut plan = match Plan::of(&chunk.lines, &mut self.accounts) {
            Ok(plan) => plan,
            // The chunks before it are being posted, and have a right to their results.
            Err(failure) => return self.settle(report).and(Err(failure)),
        };
        let transfers = std::mem::take(&mut plan.transfers);
        self.begun.push_back((chunk, plan));
        let pushed = self.pipeline.push(transfers);
        // Of the chunks before one that has failed, too.
        match self.tell(report) {
            Ok(()) => Ok(pushed?),
            // The results cannot be written. What has begun is posted all the same, and counted.
            Err(failure) => self.settle(report).and(Err(failure)),
        }
    }

    /// Tells what became of the chunks that are done, of all of them, whatever happens to the first.
    fn tell(&mut self, report: &mut Report) -> Result<(), Failure> {
        let mut told = Ok(());
        for outcomes in self.pipeline.take_outcomes() {
            // One for each that was pushed.
            let Some((chunk, mut plan)) = self.begun.pop_front() else { break };
            plan.settle(&chunk.lines, &outcomes);
            told = told.and(report.lines(&chunk.lines, &plan.verdicts, chunk.bytes));
        }
        told
    }

    /// Posts what stands before the first bad line. Which lines a rule refuses shows only in a transaction; it is rolled
    /// back then, and the lines before the refused one are posted in the next.
    fn post_until_bad(&mut self, chunk: &Chunk, report: &mut Report) -> Result<Wants, Failure> {
        let mut plan = Plan::of(&chunk.lines, &mut self.accounts)?;
        let mut end = plan.verdicts.iter().position(|verdict| verdict.reason().is_some());
        loop {
            let wanted = plan.places.partition_point(|place| end.is_none_or(|end| *place < end));
            if wanted == 0 {
                break;
            }
            match self.post_all_or_none(&plan.transfers[..wanted])? {
                AllOrNone::Posted(outcomes) => {
                    plan.settle(&chunk.lines, &outcomes);
                    break;
                }
                AllOrNone::RolledBack(outcomes) => {
                    let refused = first_rejected(&outcomes).ok_or_else(Interrupt::failure)?;
                    plan.settle_one(&chunk.lines, refused, &outcomes[refused]);
                    end = plan.places.get(refused).copied();
                }
            }
        }
        let told = end.map_or(chunk.lines.len(), |end| end.saturating_add(1));
        report.lines(&chunk.lines[..told], &plan.verdicts[..told], chunk.bytes)?;
        Ok(if end.is_some() { Wants::Nothing } else { Wants::More })
    }

    fn post_atomically(&mut self, file: &Chunk, report: &mut Report) -> Result<(), Failure> {
        let mut plan = Plan::of(&file.lines, &mut self.accounts)?;
        if plan.verdicts.iter().all(|verdict| verdict.reason().is_none()) {
            match self.post_all_or_none(&plan.transfers)? {
                AllOrNone::Posted(outcomes) => plan.settle(&file.lines, &outcomes),
                AllOrNone::RolledBack(outcomes) => {
                    first_rejected(&outcomes).ok_or_else(Interrupt::failure)?;
                    plan.settle(&file.lines, &outcomes);
                    plan.take_back();
                }
            }
        }
        report.lines(&file.lines, &plan.verdicts, file.bytes)
    }

    /// Posts all transfers or none; without a rejection they are rolled back only if the user interrupts.
    fn post_all_or_none(&self, transfers: &[Transfer]) -> Result<AllOrNone, Failure> {
        let interrupt = self.interrupt.clone();
        Ok(self.bank.post_all_or_none_unless(transfers, move || interrupt.is_asked())?)
    }

    fn check(&mut self, chunk: &Chunk, report: &mut Report) -> Result<(), Failure> {
        let mut plan = Plan::of(&chunk.lines, &mut self.accounts)?;
        for (transfer, place) in plan.transfers.iter().zip(&plan.places) {
            plan.verdicts[*place] = if transfer.from == transfer.to {
                rejected(&Rejection::SameAccount, &chunk.lines[*place], transfer.from)
            } else {
                match self.duplicates.look(transfer)? {
                    Duplicate::No => Verdict::Checked,
                    Duplicate::Same => Verdict::Replayed,
                    Duplicate::Other => Verdict::Rejected(format!(
                        "id_conflict: the id {} stands in an earlier line with other content",
                        transfer.id
                    )),
                }
            };
        }
        report.lines(&chunk.lines, &plan.verdicts, chunk.bytes)
    }
}

/// The transfers among some lines, and what is known of the others.
#[derive(Default)]
struct Plan {
    /// One for each line; of a transfer that has no outcome yet, `Skipped`.
    verdicts: Vec<Verdict>,
    transfers: Vec<Transfer>,
    /// The line of each transfer.
    places: Vec<usize>,
    /// The payer of each transfer.
    payers: Vec<AccountId>,
}

impl Plan {
    fn of(lines: &[Line], accounts: &mut Accounts<'_>) -> Result<Self, Failure> {
        accounts.find(lines)?;
        let mut plan = Self { verdicts: Vec::with_capacity(lines.len()), ..Self::default() };
        for (place, line) in (0..).zip(lines) {
            let verdict = match &line.content {
                Err(malformed) => Verdict::Malformed(malformed.reason.clone()),
                Ok((id, order)) => match (accounts.id_of(&order.from), accounts.id_of(&order.to)) {
                    (Some(from), Some(to)) => {
                        let (id, amount, memo) = (*id, order.amount, order.memo.clone());
                        plan.transfers.push(Transfer { id, from, to, amount, memo });
                        plan.places.push(place);
                        plan.payers.push(from);
                        Verdict::Skipped
                    }
                    (None, _) => unknown(order.from.as_str()),
                    (_, None) => unknown(order.to.as_str()),
                },
            };
            plan.verdicts.push(verdict);
        }
        Ok(plan)
    }

    /// Takes the outcomes of the transfers, or of the first of them.
    fn settle(&mut self, lines: &[Line], outcomes: &[Outcome]) {
        for (number, outcome) in outcomes.iter().enumerate() {
            self.settle_one(lines, number, outcome);
        }
    }

    fn settle_one(&mut self, lines: &[Line], number: usize, outcome: &Outcome) {
        let place = self.places[number];
        self.verdicts[place] = match outcome {
            Outcome::Posted(_) => Verdict::Posted,
            Outcome::Replayed(_) => Verdict::Replayed,
            Outcome::Rejected(reason) => rejected(reason, &lines[place], self.payers[number]),
        };
    }

    /// Notes that what was posted has been rolled back.
    fn take_back(&mut self) {
        for verdict in &mut self.verdicts {
            if *verdict == Verdict::Posted {
                *verdict = Verdict::Skipped;
            }
        }
    }
}

fn first_rejected(outcomes: &[Outcome]) -> Option<usize> {
    outcomes.iter().position(|outcome| matches!(outcome, Outcome::Rejected(_)))
}

fn rejected(reason: &Rejection, line: &Line, from: AccountId) -> Verdict {
    let name_of = |id: AccountId| match &line.content {
        Ok((_, Order { from: name, .. })) if id == from => name.to_string(),
        Ok((_, Order { to: name, .. })) => name.to_string(),
        Err(_) => id.to_string(),
    };
    let failure = rejection::failure(reason, name_of);
    Verdict::Rejected(format!("{}: {}", failure.code(), failure.message()))
}

fn unknown(name: &str) -> Verdict {
    Verdict::Rejected(format!("account_not_found: there is no account `{name}`"))
}
