#![doc = include_str!("../README.md")]

mod capabilities;
mod connection;
mod database;
mod deadline;
pub mod diagnosis;
mod engine;
mod error;
mod migrate;
mod pool;
pub mod retry;
mod schema_state;
mod settings;
pub mod sql_types;
mod sqlite_file;
pub mod transaction;
mod url;

pub use capabilities::Capabilities;
pub use connection::{DbConnection, MultiBackend};
pub use database::Database;
pub use deadline::CommitGate;
pub use diagnosis::Diagnosis;
pub use engine::Engine;
pub use error::{AttemptError, DbError, TransactionError, WithCauses};
pub use migrate::{CodedMigration, Migrations};
pub use retry::{Obstacle, RetryEvent, RetryObserver, RetryPolicy, Retryable, Transient};
pub use schema_state::SchemaState;
pub use settings::{Isolation, Session, Settings};
pub use sqlite_file::Place;
pub use transaction::Decision;
pub use url::{Backend, DatabaseUrl, UrlError};
