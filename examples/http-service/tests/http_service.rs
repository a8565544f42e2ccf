//! The service as its clients see it: real processes, real connections, on SQLite and on PostgreSQL.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests stop at the first surprise")]

#[path = "http_service/answers.rs"]
mod answers;
#[path = "http_service/bad_requests.rs"]
mod bad_requests;
#[path = "http_service/killed.rs"]
mod killed;
#[path = "http_service/lost_database.rs"]
mod lost_database;
#[path = "http_service/process.rs"]
mod process;
#[path = "http_service/server.rs"]
mod server;
