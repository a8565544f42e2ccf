#![doc = include_str!("../README.md")]

pub mod accounts;
mod attempt;
pub mod audit;
mod bank;
mod claims;
mod connection;
mod database_url;
pub mod diagnosis;
mod engine;
mod error;
pub mod journal;
mod migrate;
pub mod past;
mod pipeline;
mod pool;
pub mod posting;
pub mod queue;
pub mod retry;
mod schema;
mod settings;
mod sql_types;
pub mod transaction;
mod transfer_ids;

pub use bank_domain;

pub use accounts::{RecordedAccount, Totals};
pub use audit::{AuditReport, Finding, Invariant};
pub use bank::{Bank, Snapshot};
pub use connection::{DbConnection, MultiBackend};
pub use database_url::{Backend, DatabaseUrl, UrlError};
pub use diagnosis::Diagnosis;
pub use engine::Engine;
pub use error::BankError;
pub use journal::{Direction, HistoryEntry, RecordedTransfer, Reversed};
pub use migrate::SchemaState;
pub use past::{BalanceAt, Held, Period};
pub use pipeline::PostingPipeline;
pub use queue::{PostingQueue, QueueError, QueueSettings, Ticket};
pub use retry::{RetryEvent, RetryObserver, RetryPolicy, Transient};
pub use settings::{Isolation, Settings};
pub use transfer_ids::new_transfer_id;
