//! The code of the contestants: bank itself, `bank-cli`, and the floors beside them.

pub(crate) mod batches;
pub(crate) mod cli_process;
pub(crate) mod drive;
pub(crate) mod pgbench;
pub(crate) mod pgledger;
pub(crate) mod raw_copy;
pub(crate) mod raw_inserts;
pub(crate) mod tutorial;
pub(crate) mod workload;
