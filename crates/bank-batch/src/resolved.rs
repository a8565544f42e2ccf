//! A chunk whose names have been resolved to accounts.

use bank_domain::{AccountId, AccountName, Currency, Group, Outcome, Rejection, Transfer};

use crate::account_cache::AccountCache;
use crate::error::BatchError;
use crate::fields::NamedTransfer;
use crate::line::Line;
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
    /// Asks for the accounts of the lines. A line that names an unknown account is rejected, and with it the lines of its group.
    pub(crate) fn new(chunk: Chunk, accounts: &mut AccountCache<'_>) -> Result<Self, BatchError> {
        accounts.find(&chunk.lines)?;
        let (statuses, transfers, origins) = (Vec::with_capacity(chunk.lines.len()), Vec::new(), Vec::new());
        let mut resolved = Self { statuses, transfers, origins, chunk: Chunk::default() };
        let belongs = |one: &Line, other: &Line| one.group.label().is_some() && one.group == other.group;
        for unit in chunk.lines.chunk_by(belongs) {
            resolved.add(unit, accounts);
        }
        Ok(Self { chunk, ..resolved })
    }

    /// Adds a line, or all lines of a group.
    fn add(&mut self, unit: &[Line], accounts: &AccountCache<'_>) {
        let mut found: Vec<Result<Origin, LineStatus>> = unit.iter().map(|line| resolve(line, accounts)).collect();
        let is_group = unit.first().is_some_and(|line| line.group.label().is_some());
        if is_group {
            together(unit, &mut found);
        }
        for found in found {
            let index = self.statuses.len();
            match found {
                Ok(Origin { transfer, payer, currency }) => {
                    self.transfers.push(transfer);
                    self.origins.push((index, payer, currency));
                    self.statuses.push(LineStatus::Skipped);
                }
                Err(status) => self.statuses.push(status),
            }
        }
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

    /// Notes that the database refused to store a transfer, and with it those of its group.
    pub(crate) fn set_refused(&mut self, number: usize, reason: String) {
        let (index, ..) = self.origins[number];
        let Line { group, number, .. } = &self.chunk.lines[index];
        if group.label().is_some() {
            for (line, status) in self.chunk.lines.iter().zip(&mut self.statuses) {
                if line.group == *group {
                    *status = rejected(LineRejection::Group(*number));
                }
            }
        }
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

/// A transfer, and the account that pays.
struct Origin {
    transfer: Transfer,
    payer: AccountId,
    currency: Currency,
}

/// Returns the transfer of a line, or what is wrong with the line.
fn resolve(line: &Line, accounts: &AccountCache<'_>) -> Result<Origin, LineStatus> {
    let (id, named) = line.content.as_ref().map_err(|malformed| LineStatus::Malformed(Box::new(malformed.clone())))?;
    let account =
        |name: &AccountName| accounts.get(name).ok_or_else(|| rejected(LineRejection::UnknownAccount(name.clone())));
    let ((payer, currency), (payee, _)) = (account(&named.from)?, account(&named.to)?);
    let amount = named.amount.amount(currency).map_err(|reason| rejected(LineRejection::Amount(reason)))?;
    Ok(Origin { transfer: Transfer::new(*id, payer, payee, amount).with_memo(named.memo.clone()), payer, currency })
}

/// Makes the transfers of lines a group, or rejects all if one is rejected.
fn together(unit: &[Line], found: &mut [Result<Origin, LineStatus>]) {
    let bad = unit.iter().zip(&*found).find(|(_, found)| found.is_err()).map(|(line, _)| line.number);
    let members = found.iter().filter_map(|found| found.as_ref().ok()).map(|origin| origin.transfer.clone());
    let group = match bad {
        None => Group::new(members),
        Some(number) => {
            for found in found.iter_mut().filter(|found| found.is_ok()) {
                *found = Err(rejected(LineRejection::Group(number)));
            }
            return;
        }
    };
    match group {
        Ok(group) => {
            for (found, request) in found.iter_mut().zip(group) {
                if let Ok(origin) = found {
                    origin.transfer = request.transfer;
                }
            }
        }
        // The reader has refused such a group.
        Err(reason) => found.iter_mut().for_each(|found| *found = Err(rejected(LineRejection::Amount(reason.clone())))),
    }
}

fn rejected(reason: LineRejection) -> LineStatus {
    LineStatus::Rejected(Box::new(reason))
}
