#![doc = include_str!("../README.md")]

mod account_changes;
pub mod accounts;
mod as_of;
mod audit;
mod bank;
pub mod batches;
pub mod currencies;
mod error;
mod insert;
mod journal;
mod journal_key;
mod keys;
mod ledger;
mod mark_reversals;
mod names_alike;
pub mod posting;
mod rows;
mod scheduler;
mod schema;
mod table_facts;
mod totals;
mod transfer_ids;

pub use bank_db::{
    self, Backend, DatabaseUrl, DbConnection, DbError, Decision, Diagnosis, Engine, Isolation, RetryEvent,
    RetryObserver, RetryPolicy, SchemaState, Session, Settings, Transient, UrlError,
};
pub use bank_domain;

pub use account_changes::{AccountDetails, ChangeOutcome, RecordedChange};
pub use accounts::RecordedAccount;
pub use as_of::{BalanceAsOf, BalanceAt, Period};
pub use audit::{AuditReport, Finding, Invariant};
pub use bank::{AllOrNone, Bank, Snapshot};
pub use batches::{Batch, Derivation, RecordedBatch};
pub use error::BankError;
pub use journal::{Direction, HistoryEntry, RecordedTransfer, Reversed, ReversedGroup};
pub use journal_key::JournalKey;
pub use scheduler::{PostingPipeline, PostingQueue, QueueError, QueueSettings, Ticket};
pub use table_facts::TableFacts;
pub use totals::{CurrencyTotals, Totals};
pub use transfer_ids::new_transfer_id;
