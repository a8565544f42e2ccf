//! Faults on the way between a client and its database, and clients that fail: every transfer takes effect exactly
//! once, every caller learns what happened, and the checker that says so is itself checked.
//!
//! Each test prints what was injected and fails if nothing was. `BANK_FAULTS_SCALE=20` makes every count so many times
//! larger.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests stop at the first surprise")]

#[path = "faults_clients/at_once.rs"]
mod at_once;
#[path = "faults_clients/checker.rs"]
mod checker;
#[path = "faults_clients/commit_cuts.rs"]
mod commit_cuts;
#[path = "faults_clients/disk_full.rs"]
mod disk_full;
#[path = "faults_clients/hot_accounts.rs"]
mod hot_accounts;
#[path = "faults_clients/killed_batches.rs"]
mod killed_batches;
#[path = "faults_clients/killed_clients.rs"]
mod killed_clients;
#[path = "faults_clients/lost_connections.rs"]
mod lost_connections;
#[path = "faults_clients/queues.rs"]
mod queues;
#[path = "faults_clients/same_id.rs"]
mod same_id;
#[path = "faults_clients/small_disk.rs"]
mod small_disk;
#[path = "faults_clients/storms.rs"]
mod storms;
#[path = "faults_clients/support.rs"]
mod support;
