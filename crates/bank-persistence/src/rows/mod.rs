//! The rows of the tables: one type and one list of columns for each table, and the way to the domain and back.
//!
//! Rows that are read are validated again: another program may have written to the tables.

mod account;
mod transfer;

pub(crate) use account::{AccountRow, StateColumns, StateRow, accounts_with_scale, corrupt_account, stored_status};
pub(crate) use transfer::{TransferColumns, TransferRow, stored_kind};
