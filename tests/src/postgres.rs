//! PostgreSQL servers that belong to the tests.
//!
//! Each server has a directory of its own. It listens on a Unix socket there and on a free port of 127.0.0.1. It ends
//! when the process that started it ends, even if that process is killed.

mod binaries;
mod builder;
mod pooler;
mod processes;
mod replication;
mod server;
mod watchdog;

pub use binaries::Binaries;
pub use builder::ServerBuilder;
pub use pooler::{PgBouncer, PoolMode};
pub use replication::STANDBY_NAME;
pub use server::{PASSWORD, PostgresServer, StopMode, USER, shared};
