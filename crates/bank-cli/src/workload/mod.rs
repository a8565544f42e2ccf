//! A load through the product's own posting path, and the invariants while it runs and when it has ended.
//!
//! Clients post, each its own sequence of transfers; readers sum all balances; a monitor collects, once a second, what
//! each thread has measured for itself. In the end the books of the clients are held against the journal. What can be
//! typed is in `commands::workload`.

mod accounts;
mod book;
mod client;
mod control;
mod display;
mod draw;
mod file;
mod ids;
mod meter;
mod monitor;
mod plan;
mod reader;
mod report;
mod run;
mod sample;
mod summary;
mod target;
pub(crate) mod values;
mod verdict;

pub(crate) use accounts::{Accounts, open as open_accounts};
pub(crate) use display::Display;
pub(crate) use file::{open as open_file, write as write_file};
pub(crate) use plan::{CLIENTS_MAX, Distribution, Hot, Mode, Plan};
pub(crate) use report::page;
pub(crate) use run::{Outputs, Run};
pub(crate) use target::Target;
