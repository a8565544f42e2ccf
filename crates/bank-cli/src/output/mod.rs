//! How things are printed: data in the chosen format, messages on stderr.

mod account;
mod audit;
mod balance;
mod checks;
mod csv_rows;
mod format;
mod history;
mod hledger;
mod journal;
mod json;
pub(crate) mod log;
mod messages;
mod rows;
mod settings;
mod table;
mod terminal;
mod transfer;
mod waiting;
mod wrap;

pub(crate) use account::AccountRow;
pub(crate) use audit::{AuditRecord, write_audit};
pub(crate) use balance::BalanceRecord;
pub(crate) use checks::write_checks;
pub(crate) use csv_rows::CsvRows;
pub(crate) use format::{OUTPUT_ID, RecordFormat, RowsFormat};
pub(crate) use history::HistoryRow;
pub(crate) use hledger::HledgerJournal;
pub(crate) use journal::JournalRow;
pub(crate) use json::write_json;
pub(crate) use messages::Messages;
pub(crate) use rows::{Row, RowWriter};
pub(crate) use settings::{SettingRow, write_settings};
pub(crate) use terminal::{Terminal, choose_colours};
pub(crate) use transfer::TransferRecord;
pub(crate) use wrap::wrap;
