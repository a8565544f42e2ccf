//! Faults on the way between a client and its database, clients that fail, and wrong clients that the checker must
//! find.

mod checker;
mod commit_cuts;
mod disk_full;
mod hot_accounts;
mod killed_batches;
mod killed_clients;
mod late_statements;
mod lost_connections;
mod queues;
mod same_id;
mod small_disk;
mod storms;
mod support;
