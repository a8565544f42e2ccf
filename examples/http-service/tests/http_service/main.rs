//! The service as its clients see it: real processes, real connections, on SQLite and on PostgreSQL.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests stop at the first surprise")]

mod answers;
mod bad_requests;
mod groups;
mod killed;
mod lost_database;
mod process;
mod server;
