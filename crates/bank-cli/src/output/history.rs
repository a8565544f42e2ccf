//! How one transfer in the history of an account is printed.

use std::io::{self, Write};

use bank_domain::Currency;
use bank_persistence::{Direction, HistoryEntry};
use chrono::SecondsFormat;
use serde::Serialize;

use super::money::Money;
use super::rows::Row;
use super::table::Column;

/// One transfer, seen from one of its accounts.
#[derive(Debug, Default, Serialize)]
pub(crate) struct HistoryRow {
    version: i64,
    posted_at: String,
    direction: &'static str,
    counterparty: String,
    /// Signed: negative when money left the account.
    amount: Money,
    balance: Money,
    currency: String,
    memo: Option<String>,
    transfer_id: String,
    group_id: Option<String>,
}

impl HistoryRow {
    /// Returns the row of an entry; `currency` is that of the account.
    pub(crate) fn new(entry: &HistoryEntry, currency: Currency) -> Self {
        Self {
            version: entry.version.get(),
            posted_at: entry.posted_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            direction: match entry.direction {
                Direction::Debit => "debit",
                Direction::Credit => "credit",
            },
            counterparty: entry.counterparty.to_string(),
            amount: Money::new(entry.signed_amount(), currency),
            balance: Money::new(entry.balance_after.get(), currency),
            currency: currency.code.to_string(),
            memo: entry.memo.as_ref().map(ToString::to_string),
            transfer_id: entry.transfer_id.to_string(),
            group_id: entry.group.map(|group| group.to_string()),
        }
    }
}

impl HistoryRow {
    fn to_or_from(&self) -> &'static str {
        if self.amount.is_negative() { "to" } else { "from" }
    }
}

impl Row for HistoryRow {
    const TABLE: &'static [Column] = &[
        Column::Number("version"),
        Column::Text("time (UTC)"),
        Column::Text("counterparty"),
        Column::Money("amount"),
        Column::Money("balance"),
        Column::Text("memo"),
        Column::Text("transfer id"),
    ];

    fn table_cells(&self) -> Vec<String> {
        let seconds = self.posted_at.split('.').next().unwrap_or_default();
        vec![
            self.version.to_string(),
            seconds.replace('T', " "),
            format!("{} {}", self.to_or_from(), self.counterparty),
            self.amount.with_sign(),
            self.balance.to_string(),
            self.memo.clone().unwrap_or_default(),
            self.transfer_id.clone(),
        ]
    }

    fn write_line(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { version, posted_at, counterparty, amount, balance, transfer_id, .. } = self;
        write!(out, "version = {version}, time = {posted_at}, {} = {counterparty}, ", self.to_or_from())?;
        let amount = amount.with_sign();
        write!(out, "amount = {amount}, balance = {balance}")?;
        if let Some(memo) = &self.memo {
            write!(out, ", memo = {memo}")?;
        }
        write!(out, ", id = {transfer_id}")?;
        if let Some(group) = &self.group_id { write!(out, ", group = {group}") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_show_the_sign_and_leave_out_a_missing_memo() {
        let row = HistoryRow {
            version: 3,
            posted_at: "2026-01-02T03:04:05.000006Z".to_owned(),
            counterparty: "John".to_owned(),
            amount: Money::new(-800, Currency::NONE),
            balance: Money::new(9_200, Currency::NONE),
            transfer_id: "x".to_owned(),
            ..HistoryRow::default()
        };
        let mut out = Vec::new();
        row.write_line(&mut out).unwrap();
        let expected = "version = 3, time = 2026-01-02T03:04:05.000006Z, to = John, \
            amount = -800, balance = 9200, id = x";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
