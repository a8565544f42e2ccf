//! What became of the lines, one by one and in all.

use std::fmt::Display;

use bank_domain::{AccountId, AccountName, Rejection, TransferId};
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
    /// An earlier line of the file has the same id and other content. Only a dry run looks for this itself.
    #[error("id_conflict: an earlier line has the id {0} with other content")]
    EarlierLine(TransferId),
    /// The bank rejected the transfer.
    #[error("{}: {}", reason.code(), reason.with_names(|id| if id == *payer { from } else { to }.to_string()))]
    Rule {
        /// The rule.
        reason: Rejection,
        /// The account that pays.
        payer: AccountId,
        /// The name of that account.
        from: AccountName,
        /// The name of the account that receives.
        to: AccountName,
    },
}

/// Counts the lines by their status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// TextLines posted now.
    pub posted: u64,
    /// TextLines posted earlier.
    pub replayed: u64,
    /// TextLines understood, but not to be posted.
    pub rejected: u64,
    /// TextLines not understood.
    pub malformed: u64,
    /// TextLines not posted because of others.
    pub skipped: u64,
    /// TextLines found good by a dry run.
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
