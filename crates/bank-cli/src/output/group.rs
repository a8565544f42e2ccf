//! How a group of transfers is printed.

use std::io::{self, Write};

use bank_domain::{AccountId, AccountName, Currency, GroupId, Outcome};
use bank_persistence::RecordedTransfer;
use serde::Serialize;

use super::transfer::TransferRecord;

/// Transfers that took effect together.
#[derive(Debug, Serialize)]
pub(crate) struct GroupRecord {
    group_id: String,
    /// The outcome of the request; absent if the group is only shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    transfers: Vec<TransferRecord>,
}

impl GroupRecord {
    /// Returns the record of a group that this command requested, as far as it is in effect.
    pub(crate) fn from_outcomes(
        id: GroupId,
        outcomes: &[Outcome],
        currency: Currency,
        name_of: impl Fn(AccountId) -> String,
    ) -> Self {
        let record = |outcome: &Outcome| {
            let posted = outcome.posted()?;
            let name = |id| AccountName::new(name_of(id)).ok();
            let (from, to) = (name(posted.transfer.from)?, name(posted.transfer.to)?);
            Some(TransferRecord::from_outcome(outcome.status(), posted, currency, &from, &to))
        };
        Self {
            group_id: id.to_string(),
            status: outcomes.first().map(Outcome::status),
            transfers: outcomes.iter().filter_map(record).collect(),
        }
    }

    /// Returns the record of the reversals of a group, as far as they are in effect.
    pub(crate) fn of_reversals(originals: &[RecordedTransfer], outcomes: &[Outcome]) -> Self {
        let record = |(original, outcome): (&RecordedTransfer, &Outcome)| {
            let posted = outcome.posted()?;
            let (from, to) = (&original.to_name, &original.from_name);
            Some(TransferRecord::from_outcome(outcome.status(), posted, original.currency, from, to))
        };
        let group = outcomes.iter().find_map(|outcome| outcome.posted()?.transfer.group());
        Self {
            group_id: group.map(|group| group.to_string()).unwrap_or_default(),
            status: outcomes.first().map(Outcome::status),
            transfers: originals.iter().zip(outcomes).filter_map(record).collect(),
        }
    }

    /// Returns the record of a group in the journal.
    pub(crate) fn from_recorded(id: GroupId, members: &[RecordedTransfer]) -> Self {
        let record = |member: &RecordedTransfer| TransferRecord::from_recorded(member, None);
        Self { group_id: id.to_string(), status: None, transfers: members.iter().map(record).collect() }
    }

    /// Prints the group and its members, with an empty line between them.
    pub(crate) fn write_lines(&self, out: &mut dyn Write) -> io::Result<()> {
        let count = self.transfers.len();
        match self.status {
            Some("replayed") => writeln!(out, "These {count} transfers were posted together before.")?,
            Some(_) => writeln!(out, "Posted {count} transfers together.")?,
            None => writeln!(out, "{count} transfers took effect together.")?,
        }
        writeln!(out, "group = {}", self.group_id)?;
        self.transfers.iter().try_for_each(|transfer| {
            writeln!(out)?;
            transfer.write_member_lines(out)
        })
    }
}
