//! Connections that fail, clients that fail, full disks, and incorrect clients that the checker must find.

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
