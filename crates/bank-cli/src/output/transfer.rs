//! How one transfer is printed.

use std::io::{self, Write};

use bank_domain::{AccountName, Currency, Entry, PostedTransfer};
use bank_persistence::RecordedTransfer;
use chrono::SecondsFormat;
use serde::Serialize;

use super::money::Money;

/// A posted transfer as it is printed.
#[derive(Debug, Serialize)]
pub(crate) struct TransferRecord {
    id: String,
    /// The outcome of the request; absent if the transfer is only shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    posted_at: Option<String>,
    /// The group with which it took effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<String>,
    currency: String,
    amount: Money,
    memo: Option<String>,
    from: Side,
    to: Side,
    /// The transfer that this one reverses.
    #[serde(skip_serializing_if = "Option::is_none")]
    reverses: Option<String>,
    /// The transfer that reverses this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    reversed_by: Option<String>,
}

/// One of the two accounts, right after the transfer.
#[derive(Debug, Serialize)]
struct Side {
    account_id: i64,
    name: String,
    balance: Money,
    version: i64,
}

impl TransferRecord {
    /// Returns the record of a transfer that this command requested.
    pub(crate) fn from_outcome(
        status: &'static str,
        posting: &PostedTransfer,
        currency: Currency,
        from: &AccountName,
        to: &AccountName,
    ) -> Self {
        let transfer = &posting.transfer;
        Self {
            id: transfer.id.to_string(),
            status: Some(status),
            posted_at: None,
            group_id: transfer.group().map(|group| group.to_string()),
            currency: currency.code.to_string(),
            amount: Money::new(transfer.amount.get(), currency),
            memo: transfer.memo.as_ref().map(ToString::to_string),
            from: Side::new(transfer.from.get(), from, &posting.debit, currency),
            to: Side::new(transfer.to.get(), to, &posting.credit, currency),
            reverses: transfer.kind().related().map(|original| original.to_string()),
            reversed_by: None,
        }
    }

    /// Returns the record of a transfer in the journal, with its reversal.
    pub(crate) fn from_recorded(recorded: &RecordedTransfer, reversal: Option<&RecordedTransfer>) -> Self {
        let posted_at = recorded.posted_at.to_rfc3339_opts(SecondsFormat::Micros, true);
        Self {
            status: None,
            posted_at: Some(posted_at),
            reversed_by: reversal.map(|reversal| reversal.posted.transfer.id.to_string()),
            ..Self::from_outcome("", &recorded.posted, recorded.currency, &recorded.from_name, &recorded.to_name)
        }
    }

    /// Prints aligned `key = value` lines.
    pub(crate) fn write_lines(&self, out: &mut dyn Write) -> io::Result<()> {
        let outcome = match self.status {
            Some(status) => ("status", status.to_owned()),
            None => ("amount", self.amount.to_string()),
        };
        self.write(out, outcome, self.group_id.as_deref())
    }

    /// Prints the lines of a member of a group, which are those of a transfer without what the group has in common.
    pub(crate) fn write_member_lines(&self, out: &mut dyn Write) -> io::Result<()> {
        self.write(out, ("amount", self.amount.to_string()), None)
    }

    fn write(&self, out: &mut dyn Write, outcome: (&'static str, String), group: Option<&str>) -> io::Result<()> {
        let mut lines = vec![("id", self.id.clone()), outcome];
        lines.extend(group.map(|group| ("group", group.to_owned())));
        lines.extend(self.posted_at.clone().map(|posted_at| ("time", posted_at)));
        lines.extend(self.memo.clone().map(|memo| ("memo", memo)));
        lines.extend([("from", self.from.line()), ("to", self.to.line())]);
        lines.extend(self.reverses.clone().map(|original| ("reverses", original)));
        lines.extend(self.reversed_by.clone().map(|reversal| ("reversed by", reversal)));
        let width = lines.iter().map(|(key, _)| key.len()).max().unwrap_or_default();
        lines.iter().try_for_each(|(key, value)| writeln!(out, "{key:width$} = {value}"))
    }
}

impl Side {
    fn line(&self) -> String {
        format!("{}, balance = {}", self.name, self.balance)
    }

    fn new(account_id: i64, name: &AccountName, entry: &Entry, currency: Currency) -> Self {
        let balance = Money::new(entry.balance_after.get(), currency);
        Self { account_id, name: name.to_string(), balance, version: entry.version.get() }
    }
}
