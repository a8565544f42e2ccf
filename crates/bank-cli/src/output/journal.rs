//! How the journal is printed for other programs: CSV and JSON lines.

use std::io::{self, Write};

use bank_persistence::RecordedTransfer;
use chrono::SecondsFormat;
use serde::Serialize;

use super::json::write_json;
use super::rows::csv_error;

/// A transfer as it is exported. The names of the fields are the header of the CSV and the keys of the JSON, and a batch
/// reads the same names.
#[derive(Debug, Serialize)]
struct JournalRow<'a> {
    id: String,
    posted_at: String,
    from: &'a str,
    to: &'a str,
    amount: i64,
    memo: Option<&'a str>,
    from_account_id: i64,
    to_account_id: i64,
    from_version: i64,
    to_version: i64,
    from_balance: i64,
    to_balance: i64,
}

const HEADER: [&str; 12] = [
    "id",
    "posted_at",
    "from",
    "to",
    "amount",
    "memo",
    "from_account_id",
    "to_account_id",
    "from_version",
    "to_version",
    "from_balance",
    "to_balance",
];

impl<'a> From<&'a RecordedTransfer> for JournalRow<'a> {
    fn from(recorded: &'a RecordedTransfer) -> Self {
        let posting = &recorded.posted;
        Self {
            id: posting.transfer.id.to_string(),
            posted_at: recorded.posted_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            from: recorded.from_name.as_str(),
            to: recorded.to_name.as_str(),
            amount: posting.transfer.amount.get(),
            memo: posting.transfer.memo.as_ref().map(|memo| memo.as_str()),
            from_account_id: posting.transfer.from.get(),
            to_account_id: posting.transfer.to.get(),
            from_version: posting.debit.version.get(),
            to_version: posting.credit.version.get(),
            from_balance: posting.debit.balance_after.get(),
            to_balance: posting.credit.balance_after.get(),
        }
    }
}

/// Writes transfers as CSV, with a header even when no transfer follows.
pub(crate) struct CsvJournal<'a>(csv::Writer<&'a mut dyn Write>);

impl<'a> CsvJournal<'a> {
    /// Writes the header.
    pub(crate) fn begin(out: &'a mut dyn Write) -> io::Result<Self> {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(out);
        writer.write_record(HEADER).map_err(csv_error)?;
        Ok(Self(writer))
    }

    /// Writes one transfer.
    pub(crate) fn write(&mut self, recorded: &RecordedTransfer) -> io::Result<()> {
        self.0.serialize(JournalRow::from(recorded)).map_err(csv_error)
    }

    /// Writes out the buffer.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Writes one transfer as a JSON object on a line of its own.
pub(crate) fn write_json_transfer(out: &mut dyn Write, recorded: &RecordedTransfer) -> io::Result<()> {
    write_json(out, &JournalRow::from(recorded))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::hledger::example;

    #[test]
    fn the_header_has_the_keys_of_the_json() {
        let mut out = Vec::new();
        write_json_transfer(&mut out, &example("a", "b", None)).unwrap();
        let text = String::from_utf8(out).unwrap();
        let places: Vec<_> = HEADER.iter().map(|key| text.find(&format!("\"{key}\":"))).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{text}");
        assert_eq!(text.matches("\":").count(), HEADER.len());
    }

    #[test]
    fn quotes_fields_where_needed() {
        let mut out = Vec::new();
        let mut writer = CsvJournal::begin(&mut out).unwrap();
        writer.write(&example("O\"Neil, J", "=1+1", Some("a;b"))).unwrap();
        writer.finish().unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text.lines().nth(1),
            Some(
                "00000000-0000-0000-0000-000000000007,2026-07-02T12:00:00.000001Z,\"O\"\"Neil, J\",=1+1,800,a;b,1,2,3,4,-5,6"
            )
        );
    }
}
