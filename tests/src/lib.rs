//! The harness of bank's tests: real servers, a private database for each test, the real binary, and a checker of the
//! ledger's invariants that shares no code with the ledger.
//!
//! The tests start the PostgreSQL servers that they need from the binaries on the machine. If they are missing, the tests fail
//! and say what to install; they never skip.

#![expect(clippy::expect_used, clippy::panic, reason = "a test harness stops at the first surprise")]

pub mod backend;
pub mod browser;
pub mod cli;
pub mod database;
pub mod documents;
pub mod fixtures;
pub mod invariants;
pub mod load;
pub mod plain;
pub mod postgres;
pub mod proxy;
pub mod terminal;
pub mod threads;
pub mod wait;

/// Compiles the Rust examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

pub use backend::TestBackend;
pub use database::TestDatabase;
