//! PostgreSQL servers that belong to the tests.
//!
//! Each server lives in a directory of its own, on a Unix socket in it and on a free port of 127.0.0.1, and ends with
//! the process that started it, however that ends.

mod binaries;
mod builder;
mod processes;
mod replication;
mod server;
mod watchdog;

pub use binaries::Binaries;
pub use builder::ServerBuilder;
pub use replication::STANDBY_NAME;
pub use server::{PASSWORD, PostgresServer, StopMode, USER, shared};
