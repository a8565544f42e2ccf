//! How large everything is.

use std::time::Duration;

use crate::arguments::Arguments;

/// The sizes of a benchmark.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    /// How often each contestant runs.
    pub(crate) runs: u16,
    /// How long single transfers are posted.
    pub(crate) time: Duration,
    /// Accounts of the ledgers in which everything but growth is measured.
    pub(crate) accounts: u32,
    /// Transfers in their journals before a run.
    pub(crate) posted_before: u32,
    /// Numbers of threads, and of pgbench's clients.
    pub(crate) threads: Vec<u16>,
    /// Clients of a workload, one of the numbers of threads.
    pub(crate) workload_clients: u16,
    /// Batches: the size of one, and how many make a run.
    pub(crate) batches: Vec<(u32, u32)>,
    /// Lines of the files.
    pub(crate) lines: u32,
    /// Lines of a file in one transaction.
    pub(crate) chunk: u16,
    /// Numbers of accounts between which growth is measured, ascending.
    pub(crate) growth_accounts: Vec<u32>,
    /// Batches while growth is measured: the size of one, and how many make a run.
    pub(crate) growth_batches: Vec<(u32, u32)>,
    /// The server's `shared_buffers`; all that is measured fits in.
    pub(crate) shared_buffers: &'static str,
    /// Whether the server waits for the disk: always, but for a proof that everything runs.
    pub(crate) is_durable: bool,
}

/// Returns how many batches of this size make a run.
pub(crate) fn batches_a_run(batches: &[(u32, u32)], size: u32) -> u32 {
    batches.iter().find(|(known, _)| *known == size).map_or(1, |(_, count)| *count)
}

impl Scale {
    /// Returns the sizes that are asked for.
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
