//! The arguments of the command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Measure bank beside the floors of its databases
///
/// Starts a durable PostgreSQL server of its own from the programs on this machine, and SQLite files beside it, in the
/// directory for temporary files, which must be on a disk. Exit code 8 if an invariant does not hold after a run.
#[derive(Clone, Debug, Parser)]
#[command(name = "bank-bench")]
pub(crate) struct Arguments {
    /// Prove in less than a minute that everything runs; the figures mean nothing
    #[arg(long)]
    pub(crate) quick: bool,
    /// Groups to measure [default: all]
    #[arg(long, value_enum, value_name = "GROUP", value_delimiter = ',')]
    only: Vec<GroupName>,
    /// Leave out contestants whose name and size, as they are printed, do not contain this text
    #[arg(long, value_name = "TEXT")]
    pub(crate) matching: Option<String>,
    /// Runs of each contestant, of which the median is given [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(crate) runs: Option<u16>,
    /// Length of a run of single transfers [default: 5]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u16).range(1..=3600))]
    pub(crate) seconds: Option<u16>,
    /// Numbers of accounts between which growth is measured [default: 1000 to 10000000 in tens]
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(100..=20_000_000))]
    pub(crate) growth_accounts: Vec<u32>,
    /// Write the tables to this file as Markdown, too
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
}

/// Names a group: contestants that are compared with each other, and so measured in turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GroupName {
    /// Single transfers from many threads, with and without the queue, beside pgbench
    Singles,
    /// Batches beside COPY, prepared inserts, the tutorial's loop and pgledger's design
    Batches,
    /// `bank-cli batch` beside the library
    Csv,
    /// Many accounts beside few
    Growth,
}

impl Arguments {
    /// Returns the groups to measure, always in the same order.
    pub(crate) fn groups(&self) -> Vec<GroupName> {
        let all = GroupName::value_variants().iter().copied();
        all.filter(|group| self.only.is_empty() || self.only.contains(group)).collect()
    }
}
