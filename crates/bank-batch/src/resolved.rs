//! A chunk whose names have been resolved to accounts.

use bank_domain::{AccountId, AccountName, Currency, Outcome, Rejection, Transfer};

use crate::account_cache::AccountCache;
use crate::error::BatchError;
use crate::fields::NamedTransfer;
use crate::reader::Chunk;
use crate::status::{LineRejection, LineStatus};

/// The transfers of a chunk, and what is known of each line.
pub(crate) struct ResolvedChunk {
    pub(crate) chunk: Chunk,
    /// One for each line; `Skipped` for a transfer that has no outcome yet.
    pub(crate) statuses: Vec<LineStatus>,
    transfers: Vec<Transfer>,
    /// The index of each transfer's line, and the account that pays.
    origins: Vec<(usize, AccountId, Currency)>,
}

impl ResolvedChunk {
    /// Asks for the accounts of the lines. A line that names an unknown account is rejected.
    pub(crate) fn new(chunk: Chunk, accounts: &mut AccountCache<'_>) -> Result<Self, BatchError> {
        accounts.find(&chunk.lines)?;
        let mut statuses = Vec::with_capacity(chunk.lines.len());
        let (mut transfers, mut origins) = (Vec::new(), Vec::new());
        let unknown = |name: &AccountName| rejected(LineRejection::UnknownAccount(name.clone()));
        for (index, line) in (0..).zip(&chunk.lines) {
            statuses.push(match &line.content {
                Err(malformed) => LineStatus::Malformed(Box::new(malformed.clone())),
                Ok((id, named)) => match (accounts.get(&named.from), accounts.get(&named.to)) {
                    (Some((from, currency)), Some((to, _))) => match named.amount.amount(currency) {
                        Ok(amount) => {
                            let transfer = Transfer::new(*id, from, to, amount);
                            transfers.push(transfer.with_memo(named.memo.clone()));
                            origins.push((index, from, currency));
                            LineStatus::Skipped
                        }
                        Err(reason) => rejected(LineRejection::Amount(reason)),
                    },
                    (None, _) => unknown(&named.from),
                    (_, None) => unknown(&named.to),
                },
            });
        }
        Ok(Self { chunk, statuses, transfers, origins })
    }

    /// Takes the transfers out, to be posted.
    pub(crate) fn take_transfers(&mut self) -> Vec<Transfer> {
        std::mem::take(&mut self.transfers)
    }

    /// Returns the transfers that stand before the first bad line.
    pub(crate) fn transfers_before_bad(&self) -> &[Transfer] {
        let bad = self.first_bad();
        &self.transfers[..self.origins.partition_point(|(index, ..)| bad.is_none_or(|bad| *index < bad))]
    }

    /// Returns the index of the first line that is rejected or malformed.
    pub(crate) fn first_bad(&self) -> Option<usize> {
        self.statuses.iter().position(|status| status.reason().is_some())
    }

    /// Notes that the lines after the first bad one are not posted, and returns whether there is a bad one.
    pub(crate) fn skip_after_first_bad(&mut self) -> bool {
        let Some(bad) = self.first_bad() else { return false };
        for status in self.statuses.iter_mut().skip(bad.saturating_add(1)) {
            *status = LineStatus::Skipped;
        }
        true
    }

    /// Returns a chunk of which nothing is posted.
    pub(crate) fn skipped(chunk: Chunk) -> Self {
        let statuses = vec![LineStatus::Skipped; chunk.lines.len()];
        Self { chunk, statuses, transfers: Vec::new(), origins: Vec::new() }
    }

    /// Sets the status of each transfer as far as it is known without posting.
    pub(crate) fn check(&mut self) {
        for (number, transfer) in self.take_transfers().iter().enumerate() {
            if transfer.from == transfer.to {
                self.set_outcome(number, &Outcome::Rejected(Rejection::SameAccount));
            } else {
                let (index, ..) = self.origins[number];
                self.statuses[index] = LineStatus::Checked;
            }
        }
    }

    /// Returns the number of the line of a transfer.
    pub(crate) fn line_of(&self, number: usize) -> u64 {
        let (index, ..) = self.origins[number];
        self.chunk.lines[index].number
    }

    /// Notes that the database refused to store a transfer.
    pub(crate) fn set_refused(&mut self, number: usize, reason: String) {
        let (index, ..) = self.origins[number];
        self.statuses[index] = rejected(LineRejection::Database(reason));
    }

    /// Takes the outcomes of the transfers, or of the first of them.
    pub(crate) fn set_outcomes(&mut self, outcomes: &[Outcome]) {
        for (number, outcome) in outcomes.iter().enumerate() {
            self.set_outcome(number, outcome);
        }
    }

    /// Takes the outcome of one transfer.
    pub(crate) fn set_outcome(&mut self, number: usize, outcome: &Outcome) {
        let (index, payer, currency) = self.origins[number];
        self.statuses[index] = match (outcome, &self.chunk.lines[index].content) {
            (Outcome::Posted(_), _) => LineStatus::Posted,
            (Outcome::Replayed(_), _) => LineStatus::Replayed,
            (Outcome::Rejected(reason), Ok((_, NamedTransfer { from, to, .. }))) => {
                let (reason, from, to) = (reason.clone(), from.clone(), to.clone());
                rejected(LineRejection::Rule { reason, payer, currency, from, to })
            }
            // A malformed line has no transfer.
            (Outcome::Rejected(_), Err(malformed)) => LineStatus::Malformed(Box::new(malformed.clone())),
        };
    }

    /// Notes that the transaction was rolled back.
    pub(crate) fn roll_back(&mut self) {
        for status in &mut self.statuses {
            if *status == LineStatus::Posted {
                *status = LineStatus::Skipped;
            }
        }
    }
}

fn rejected(reason: LineRejection) -> LineStatus {
    LineStatus::Rejected(Box::new(reason))
}
