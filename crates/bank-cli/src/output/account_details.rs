//! How everything about an account is printed: the account, its former names and its trail.

use std::io::{self, Write};

use bank_persistence::{AccountDetails, RecordedChange};
use chrono::SecondsFormat;
use serde::Serialize;

use super::account::AccountRow;
use super::rows::Row;

/// An account with its former names and its trail, as it is printed.
#[derive(Debug, Serialize)]
pub(crate) struct AccountDetailsRecord {
    #[serde(flatten)]
    account: AccountRow,
    opened_at: String,
    former_names: Vec<String>,
    trail: Vec<ChangeRow>,
}

/// A line of the trail.
#[derive(Debug, Serialize)]
struct ChangeRow {
    number: u64,
    changed_at: String,
    field: String,
    before: Option<String>,
    after: Option<String>,
    note: Option<String>,
}

impl From<&AccountDetails> for AccountDetailsRecord {
    fn from(details: &AccountDetails) -> Self {
        Self {
            account: AccountRow::from(&details.recorded.account),
            opened_at: details.recorded.opened_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            former_names: details.former_names.iter().map(ToString::to_string).collect(),
            trail: details.changes.iter().map(ChangeRow::from).collect(),
        }
    }
}

impl From<&RecordedChange> for ChangeRow {
    fn from(change: &RecordedChange) -> Self {
        Self {
            number: change.number,
            changed_at: change.changed_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            field: change.field.clone(),
            before: change.before.clone(),
            after: change.after.clone(),
            note: change.note.clone(),
        }
    }
}

impl AccountDetailsRecord {
    /// Prints the account, and a line for each former name and each change.
    pub(crate) fn write_lines(&self, out: &mut dyn Write) -> io::Result<()> {
        self.account.write_line(out)?;
        writeln!(out, "\nopened at {}", self.opened_at)?;
        for name in &self.former_names {
            writeln!(out, "former name = {name}")?;
        }
        self.trail.iter().try_for_each(|change| change.write_line(out))
    }
}

impl ChangeRow {
    fn write_line(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { number, changed_at, field, before, after, note } = self;
        let [before, after] = [before, after].map(|value| value.as_deref().unwrap_or("nothing"));
        write!(out, "change = {number}, time = {changed_at}, {field} = {before} -> {after}")?;
        match note {
            Some(note) => writeln!(out, ", note = {note}"),
            None => writeln!(out),
        }
    }
}
