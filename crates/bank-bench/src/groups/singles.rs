//! Single transfers from many threads, with and without the queue, beside pgbench with the equivalent transaction.

use bank_persistence::{Backend, PostingQueue, QueueSettings};

use crate::contestants::drive::drive;
use crate::contestants::pgbench;
use crate::contestants::workload;
use crate::failure::Failure;
use crate::measure::{Contestant, Load, Sample, Spread};
use crate::scale::Scale;
use crate::stage::{Ledger, Stage, Thoroughness};

use super::group::{Group, not_mine};

/// Each run gets a copy of one of these ledgers.
pub(super) struct Singles<'a> {
    stage: &'a Stage,
    scale: &'a Scale,
    postgres: Ledger,
    sqlite: Ledger,
}

impl<'a> Singles<'a> {
    pub(super) fn prepare(stage: &'a Stage, scale: &'a Scale) -> Result<Self, Failure> {
        let load = |backend| stage.load(backend, "singles", scale.accounts, scale.posted_before);
        Ok(Self { stage, scale, postgres: load(Backend::Postgres)?, sqlite: load(Backend::Sqlite)? })
    }

    fn fresh(&self, backend: Backend) -> Result<Ledger, Failure> {
        self.stage.fresh(match backend {
            Backend::Postgres => &self.postgres,
            Backend::Sqlite => &self.sqlite,
        })
    }

    fn post(&self, backend: Backend, load: Load) -> Result<Sample, Failure> {
        let mut ledger = self.fresh(backend)?;
        let bank = ledger.bank(load.threads.into())?;
        let (sample, posted) = drive(load, ledger.accounts, self.scale.time, |transfer| bank.post(&transfer))?;
        drop(bank);
        ledger.posted += posted;
        ledger.check(Thoroughness::Audit)?;
        Ok(sample)
    }

    fn queue(&self, backend: Backend, load: Load) -> Result<Sample, Failure> {
        let mut ledger = self.fresh(backend)?;
        let queue = PostingQueue::start(&ledger.bank(2)?, QueueSettings::default())?;
        let (sample, posted) = drive(load, ledger.accounts, self.scale.time, |transfer| queue.post(transfer))?;
        drop(queue);
        ledger.posted += posted;
        ledger.check(Thoroughness::Audit)?;
        Ok(sample)
    }

    fn pgbench(&self, load: Load) -> Result<Sample, Failure> {
        let mut ledger = self.fresh(Backend::Postgres)?;
        let directory = self.stage.directory();
        let command = self.stage.server.pgbench(&ledger.name, directory);
        let run = pgbench::run(command, directory, load, ledger.accounts, self.scale.time, pgbench::TRANSFER)?;
        ledger.posted += run.transactions;
        ledger.check(Thoroughness::Audit)?;
        Ok(run.sample)
    }
}

impl Group for Singles<'_> {
    fn contestants(&self) -> Vec<Contestant> {
        let spreads = [Spread::Uniform, Spread::Hot];
        let loads = spreads
            .into_iter()
            .flat_map(|spread| self.scale.threads.iter().map(move |threads| Load { threads: *threads, spread }));
        let contestants = loads.flat_map(|load| {
            let is_workload = load == Load { threads: self.scale.workload_clients, spread: Spread::Uniform };
            let all = [
                Contestant::Post(Backend::Postgres, load),
                Contestant::Pgbench(load),
                Contestant::Queue(Backend::Postgres, load),
                Contestant::Post(Backend::Sqlite, load),
                Contestant::Queue(Backend::Sqlite, load),
            ];
            is_workload.then_some(Contestant::Workload(load)).into_iter().chain(all)
        });
        contestants.collect()
    }

    fn run(&mut self, contestant: Contestant) -> Result<Sample, Failure> {
        match contestant {
            Contestant::Post(backend, load) => self.post(backend, load),
            Contestant::Queue(backend, load) => self.queue(backend, load),
            Contestant::Pgbench(load) => self.pgbench(load),
            Contestant::Workload(load) => {
                let ledger = self.fresh(Backend::Postgres)?;
                workload::run(&ledger, self.stage.directory(), load.threads, self.scale.time)
            }
            other => Err(not_mine(other)),
        }
    }
}
