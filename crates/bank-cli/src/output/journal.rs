//! How the journal is printed for other programs: CSV and JSON lines.

use bank_persistence::RecordedTransfer;
use chrono::SecondsFormat;
use serde::Serialize;

use super::money::Money;

/// A transfer as it is exported. The names of the fields are the header of the CSV and the keys of the JSON, and a batch
/// reads the same names.
#[derive(Debug, Default, Serialize)]
pub(crate) struct JournalRow<'a> {
    id: String,
    posted_at: String,
    from: &'a str,
    to: &'a str,
    amount: Money,
    currency: String,
    kind: &'static str,
    related_id: Option<String>,
    group_id: Option<String>,
    memo: Option<&'a str>,
    from_account_id: i64,
    to_account_id: i64,
    from_version: i64,
    to_version: i64,
    from_balance: Money,
    to_balance: Money,
}

impl<'a> From<&'a RecordedTransfer> for JournalRow<'a> {
    fn from(recorded: &'a RecordedTransfer) -> Self {
        let posting = &recorded.posted;
        let money = |units| Money::new(units, recorded.currency);
        Self {
            id: posting.transfer.id.to_string(),
            posted_at: recorded.posted_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            from: recorded.from_name.as_str(),
            to: recorded.to_name.as_str(),
            amount: money(posting.transfer.amount.get()),
            currency: recorded.currency.code.to_string(),
            kind: posting.transfer.kind().name(),
            related_id: posting.transfer.kind().related().map(|id| id.to_string()),
            group_id: posting.transfer.group().map(|group| group.to_string()),
            memo: posting.transfer.memo.as_ref().map(|memo| memo.as_str()),
            from_account_id: posting.transfer.from.get(),
            to_account_id: posting.transfer.to.get(),
            from_version: posting.debit.version.get(),
            to_version: posting.credit.version.get(),
            from_balance: money(posting.debit.balance_after.get()),
            to_balance: money(posting.credit.balance_after.get()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::hledger::example;
    use crate::output::{CsvRows, write_json};

    fn csv(recorded: &RecordedTransfer) -> String {
        let mut out = Vec::new();
        let mut rows = CsvRows::begin::<JournalRow<'_>>(&mut out).unwrap();
        rows.write(&JournalRow::from(recorded)).unwrap();
        rows.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_header_has_the_keys_of_the_json() {
        let example = example("a", "b", None);
        let mut out = Vec::new();
        write_json(&mut out, &JournalRow::from(&example)).unwrap();
        let (csv, json) = (csv(&example), String::from_utf8(out).unwrap());
        let header: Vec<_> = csv.lines().next().unwrap().split(',').collect();
        let places: Vec<_> = header.iter().map(|key| json.find(&format!("\"{key}\":"))).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{json}");
        assert_eq!(json.matches("\":").count(), header.len());
    }

    #[test]
    fn quotes_fields_where_needed() {
        let line = "00000000-0000-0000-0000-000000000007,2026-07-02T12:00:00.000001Z,\"O\"\"Neil, J\",=1+1,800,XXX,payment,,,a;b,1,2,3,4,-5,6";
        assert_eq!(csv(&example("O\"Neil, J", "=1+1", Some("a;b"))).lines().nth(1), Some(line));
    }
}
