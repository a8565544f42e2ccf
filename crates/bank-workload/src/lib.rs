#![doc = include_str!("../README.md")]

mod accounts;
mod book;
mod check;
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
mod retries;
mod sample;
mod site;
mod summary;
mod workload;

pub use accounts::{Accounts, open as open_accounts};
pub use book::TransferCounts;
pub use draw::Draw;
pub use error::WorkloadError;
pub use plan::{CLIENTS_MAX, Distribution, HotAccounts, Mix, PostingMode, WorkloadPlan};
pub use retries::Retries;
pub use sample::{Percentiles, Sample};
pub use site::Site;
pub use summary::{Bucket, Configuration, Summary, WorkloadVerdict};
pub use workload::{CheckedWorkload, StoppedWorkload, Workload};
