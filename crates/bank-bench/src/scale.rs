//! The sizes of everything that is measured.

use std::time::Duration;

use crate::arguments::Arguments;

/// The sizes of a benchmark.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    /// Number of rounds, in each of which every contestant runs once.
    pub(crate) runs: u16,
    /// How long single transfers are posted.
    pub(crate) time: Duration,
    /// Number of accounts in the ledgers of all groups but growth.
    pub(crate) accounts: u32,
    /// Number of transfers in their journals before a run.
    pub(crate) posted_before: u32,
    /// Numbers of threads, and of pgbench's clients.
    pub(crate) threads: Vec<u16>,
    /// Number of clients of a workload; one of the numbers of threads.
    pub(crate) workload_clients: u16,
    /// The size of a batch, and the number of such batches in a run.
    pub(crate) batches: Vec<(u32, u32)>,
    /// Number of lines in a file.
    pub(crate) lines: u32,
    /// Number of lines that are posted in one transaction.
    pub(crate) chunk: u16,
    /// Numbers of accounts in the ledgers of growth, ascending.
    pub(crate) growth_accounts: Vec<u32>,
    /// The size of a batch in growth, and the number of such batches in a run.
    pub(crate) growth_batches: Vec<(u32, u32)>,
    /// The server's `shared_buffers`; every ledger fits in.
    pub(crate) shared_buffers: &'static str,
    /// Whether the server waits for the disk. Only `--quick` turns that off.
    pub(crate) is_durable: bool,
}

/// Returns the number of batches of this size in a run.
pub(crate) fn batches_a_run(batches: &[(u32, u32)], size: u32) -> u32 {
    batches.iter().find(|(known, _)| *known == size).map_or(1, |(_, count)| *count)
}

impl Scale {
    /// Returns the sizes that the arguments ask for.
    pub(crate) fn new(arguments: &Arguments) -> Self {
        let mut scale = if arguments.quick { Self::quick() } else { Self::full() };
        scale.runs = arguments.runs.unwrap_or(scale.runs);
        scale.time = arguments.seconds.map_or(scale.time, |seconds| Duration::from_secs(seconds.into()));
        if !arguments.growth_accounts.is_empty() {
            scale.growth_accounts.clone_from(&arguments.growth_accounts);
            scale.growth_accounts.sort_unstable();
            scale.growth_accounts.dedup();
        }
        scale
    }

    fn full() -> Self {
        Self {
            runs: 3,
            time: Duration::from_secs(5),
            accounts: 10_000,
            posted_before: 100_000,
            threads: vec![1, 4, 16, 64],
            workload_clients: 4,
            batches: vec![(100, 300), (1_000, 100), (8_190, 20), (50_000, 5)],
            lines: 1_000_000,
            chunk: 8_190,
            growth_accounts: vec![1_000, 10_000, 100_000, 1_000_000, 10_000_000],
            growth_batches: vec![(100, 500), (1_000, 100), (8_190, 20)],
            shared_buffers: "6GB",
            is_durable: true,
        }
    }

    fn quick() -> Self {
        Self {
            runs: 1,
            time: Duration::from_millis(200),
            accounts: 200,
            posted_before: 500,
            threads: vec![2],
            workload_clients: 2,
            batches: vec![(100, 2), (1_000, 1)],
            lines: 4_000,
            chunk: 500,
            growth_accounts: vec![200, 2_000],
            growth_batches: vec![(500, 2)],
            shared_buffers: "128MB",
            is_durable: false,
        }
    }
}
