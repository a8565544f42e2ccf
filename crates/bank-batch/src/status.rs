//! What became of the lines, one by one and in all, and what the caller is told of it.

use std::fmt::Display;

use bank_domain::{AccountId, AccountName, Currency, InvalidInput, Rejection};
use thiserror::Error;

use crate::malformed::Malformed;

/// What became of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineStatus {
    /// Posted now.
    Posted,
    /// Posted earlier, by this file or another one.
    Replayed,
    /// Understood, but not to be posted.
    Rejected(Box<LineRejection>),
    /// Not understood.
    Malformed(Box<Malformed>),
    /// Not posted because of other lines.
    Skipped,
    /// Found good by a dry run.
    Checked,
}

impl LineStatus {
    /// Returns the stable name of the status.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::Replayed => "replayed",
            Self::Rejected(_) => "rejected",
            Self::Malformed(_) => "malformed",
            Self::Skipped => "skipped",
            Self::Checked => "checked",
        }
    }

    /// Returns what is wrong with the line, if anything is.
    pub fn reason(&self) -> Option<&dyn Display> {
        match self {
            Self::Rejected(reason) => Some(reason),
            Self::Malformed(reason) => Some(reason),
            _ => None,
        }
    }
}

/// Says why a line that is well formed was not posted. Its text begins with the stable code of the rule.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LineRejection {
    /// No account has this name.
    #[error("account_not_found: there is no account `{0}`")]
    UnknownAccount(AccountName),
    /// The amount is not one in the currency of the account that pays.
    #[error("invalid_amount: {0}")]
    Amount(InvalidInput),
    /// The database refused to store the line: what it holds does not fit into the tables.
    #[error("refused_by_database: {0}")]
    Database(String),
    /// Another line of its group is rejected.
    #[error("group_rejected: line {0} of its group is rejected")]
    Group(u64),
    /// The bank rejected the transfer.
    #[error("{}: {}", reason.code(), reason.with_names(*currency, |id| if id == *payer { from } else { to }.to_string()))]
    Rule {
        /// The rule.
        reason: Rejection,
        /// The account that pays.
        payer: AccountId,
        /// The currency of that account.
        currency: Currency,
        /// The name of that account.
        from: AccountName,
        /// The name of the account that receives.
        to: AccountName,
    },
}

/// What the caller is told while a file is imported.
#[derive(Clone, Copy, Debug)]
pub enum ImportEvent<'a> {
    /// The status of a line is final. Lines come in the order of the file.
    Line {
        /// The number of the line, counted from 1.
        number: u64,
        /// What became of the line.
        status: &'a LineStatus,
    },
    /// The first reading of the file has got this far; nothing has been posted.
    Surveyed {
        /// The number of bytes.
        bytes: u64,
    },
    /// The import has got this far. [`ImportMode::Atomic`](crate::ImportMode::Atomic) counts what has been read.
    Progress {
        /// The number of lines.
        lines: u64,
        /// The number of bytes.
        bytes: u64,
    },
    /// The last line does not end with a line feed, so the input may be incomplete.
    LastLineCutOff,
}

/// Counts the lines by their status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines posted now.
    pub posted: u64,
    /// Lines posted earlier.
    pub replayed: u64,
    /// Lines understood, but not to be posted.
    pub rejected: u64,
    /// Lines not understood.
    pub malformed: u64,
    /// Lines not posted because of others.
    pub skipped: u64,
    /// Lines found good by a dry run.
    pub checked: u64,
}

impl Tally {
    /// Counts a line.
    pub(crate) fn add(&mut self, status: &LineStatus) {
        let count = match status {
            LineStatus::Posted => &mut self.posted,
            LineStatus::Replayed => &mut self.replayed,
            LineStatus::Rejected(_) => &mut self.rejected,
            LineStatus::Malformed(_) => &mut self.malformed,
            LineStatus::Skipped => &mut self.skipped,
            LineStatus::Checked => &mut self.checked,
        };
        *count = count.saturating_add(1);
    }

    /// Returns the number of lines.
    pub fn lines(&self) -> u64 {
        let Self { posted, replayed, rejected, malformed, skipped, checked } = *self;
        [posted, replayed, rejected, malformed, skipped, checked].into_iter().fold(0, u64::saturating_add)
    }

    /// Returns the number of lines that were rejected or malformed.
    pub fn bad(&self) -> u64 {
        self.rejected.saturating_add(self.malformed)
    }
}
