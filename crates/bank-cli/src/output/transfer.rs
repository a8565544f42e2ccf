//! How one transfer is printed.

use std::io::{self, Write};

use bank_persistence::RecordedTransfer;
use bank_persistence::bank_domain::{AccountName, Entry, Posting};
use chrono::SecondsFormat;
use serde::Serialize;

/// A posted transfer as it is printed.
#[derive(Debug, Serialize)]
pub(crate) struct TransferRecord {
    id: String,
    /// What has become of the request; absent when a transfer is only shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    posted_at: Option<String>,
    amount: i64,
    memo: Option<String>,
    from: Side,
    to: Side,
}

/// One of the two accounts, right after the transfer.
#[derive(Debug, Serialize)]
struct Side {
    account_id: i64,
    name: String,
    balance: i64,
    version: i64,
}

impl TransferRecord {
    /// Returns the record of a transfer that was asked for just now.
    pub(crate) fn of_outcome(status: &'static str, posting: &Posting, from: &AccountName, to: &AccountName) -> Self {
        let transfer = &posting.transfer;
        Self {
            id: transfer.id.to_string(),
            status: Some(status),
            posted_at: None,
            amount: transfer.amount.get(),
            memo: transfer.memo.as_ref().map(ToString::to_string),
            from: Side::new(transfer.from.get(), from, &posting.debit),
            to: Side::new(transfer.to.get(), to, &posting.credit),
        }
    }

    /// Returns the record of a transfer in the journal.
    pub(crate) fn of_recorded(recorded: &RecordedTransfer) -> Self {
        let posted_at = recorded.posted_at.to_rfc3339_opts(SecondsFormat::Micros, true);
        Self {
            status: None,
            posted_at: Some(posted_at),
            ..Self::of_outcome("", &recorded.posting, &recorded.from_name, &recorded.to_name)
        }
    }

    /// Prints aligned `key = value` lines.
    pub(crate) fn write_lines(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "id     = {}", self.id)?;
        if let Some(status) = self.status {
            writeln!(out, "status = {status}")?;
        } else {
            writeln!(out, "amount = {}", self.amount)?;
        }
        if let Some(posted_at) = &self.posted_at {
            writeln!(out, "time   = {posted_at}")?;
        }
        if let Some(memo) = &self.memo {
            writeln!(out, "memo   = {memo}")?;
        }
        writeln!(out, "from   = {}, balance = {}", self.from.name, self.from.balance)?;
        writeln!(out, "to     = {}, balance = {}", self.to.name, self.to.balance)
    }
}

impl Side {
    fn new(account_id: i64, name: &AccountName, entry: &Entry) -> Self {
        Self { account_id, name: name.to_string(), balance: entry.balance_after.get(), version: entry.version.get() }
    }
}
