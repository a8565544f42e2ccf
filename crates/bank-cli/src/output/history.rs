//! How one transfer in the history of an account is printed.

use std::io::{self, Write};

use bank_persistence::{Direction, HistoryEntry};
use chrono::SecondsFormat;
use serde::Serialize;

use super::rows::Row;
use super::table::Column;

/// One transfer, seen from one of its accounts.
#[derive(Debug, Serialize)]
pub(crate) struct HistoryRow {
    version: i64,
    posted_at: String,
    direction: &'static str,
    counterparty: String,
    /// Signed: negative when money left the account.
    amount: i64,
    balance: i64,
    memo: Option<String>,
    transfer_id: String,
    #[serde(skip)]
    posted_at_short: String,
}

impl From<&HistoryEntry> for HistoryRow {
    fn from(entry: &HistoryEntry) -> Self {
        Self {
            version: entry.version.get(),
            posted_at: entry.posted_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            direction: match entry.direction {
                Direction::Debit => "debit",
                Direction::Credit => "credit",
            },
            counterparty: entry.counterparty.to_string(),
            amount: entry.signed_amount(),
            balance: entry.balance_after.get(),
            memo: entry.memo.as_ref().map(ToString::to_string),
            transfer_id: entry.transfer_id.to_string(),
            posted_at_short: entry.posted_at.format("%Y-%m-%d %H:%M:%S").to_string(),
        }
    }
}

impl HistoryRow {
    fn memo(&self) -> &str {
        self.memo.as_deref().unwrap_or_default()
    }

    fn to_or_from(&self) -> &'static str {
        if self.amount < 0 { "to" } else { "from" }
    }
}

impl Row for HistoryRow {
    const TABLE: &'static [Column] = &[
        Column::number("version"),
        Column::text("time (UTC)"),
        Column::text("counterparty"),
        Column::money("amount"),
        Column::money("balance"),
        Column::text("memo"),
        Column::text("transfer id"),
    ];
    const CSV: &'static [&'static str] =
        &["version", "posted_at", "direction", "counterparty", "amount", "balance", "memo", "transfer_id"];

    fn table_cells(&self) -> Vec<String> {
        vec![
            self.version.to_string(),
            self.posted_at_short.clone(),
            format!("{} {}", self.to_or_from(), self.counterparty),
            format!("{:+}", self.amount),
            self.balance.to_string(),
            self.memo().to_owned(),
            self.transfer_id.clone(),
        ]
    }

    fn csv_fields(&self) -> Vec<String> {
        vec![
            self.version.to_string(),
            self.posted_at.clone(),
            self.direction.to_owned(),
            self.counterparty.clone(),
            self.amount.to_string(),
            self.balance.to_string(),
            self.memo().to_owned(),
            self.transfer_id.clone(),
        ]
    }

    fn write_line(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(
            out,
            "version = {}, time = {}, {} = {}, amount = {:+}, balance = {}",
            self.version,
            self.posted_at,
            self.to_or_from(),
            self.counterparty,
            self.amount,
            self.balance
        )?;
        if let Some(memo) = &self.memo {
            write!(out, ", memo = {memo}")?;
        }
        write!(out, ", id = {}", self.transfer_id)
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
            direction: "debit",
            counterparty: "John".to_owned(),
            amount: -800,
            balance: 9_200,
            memo: None,
            transfer_id: "x".to_owned(),
            posted_at_short: String::new(),
        };
        let mut out = Vec::new();
        row.write_line(&mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "version = 3, time = 2026-01-02T03:04:05.000006Z, to = John, \
             amount = -800, balance = 9200, id = x"
        );
    }
}
