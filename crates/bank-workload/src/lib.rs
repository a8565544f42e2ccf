#![doc = include_str!("../README.md")]

mod accounts;
mod book;
mod client;
mod control;
mod draw;
mod error;
mod ids;
mod meter;
mod monitor;
mod plan;
mod reader;
#[cfg(feature = "report")]
mod report;
mod run;
mod sample;
mod summary;
mod target;
mod verdict;

pub use accounts::{Accounts, open as open_accounts};
pub use control::Retries;
pub use draw::{Draw, Drawn};
pub use error::WorkloadError;
pub use plan::{CLIENTS_MAX, Distribution, Hot, Mode, Plan};
#[cfg(feature = "report")]
pub use report::page;
pub use run::{Report, Run, Stopped};
pub use sample::{Percentiles, Sample};
pub use summary::{Bucket, Configuration, Summary, Transfers, Verdict};
pub use target::Target;
