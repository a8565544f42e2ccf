//! Single transfers from many threads, with and without the queue, beside pgbench with the equivalent transaction.

use bank_persistence::Backend::{Postgres, Sqlite};
use bank_persistence::{PostingQueue, QueueSettings};

use super::group::{Group, not_mine};
use super::originals::Originals;
use crate::contestants::drive::drive;
use crate::contestants::{pgbench, workload};
use crate::failure::Failure;
use crate::measure::{Contestant, Load, Sample, Spread};
use crate::scale::Scale;
use crate::stage::Stage;

/// Each run gets a copy of one of these ledgers.
pub(super) struct Singles<'a> {
    stage: &'a Stage,
    scale: &'a Scale,
    originals: Originals<'a>,
}

impl<'a> Singles<'a> {
    pub(super) fn prepare(stage: &'a Stage, scale: &'a Scale) -> Result<Self, Failure> {
        Ok(Self { stage, scale, originals: Originals::load(stage, "singles", scale)? })
    }
}

impl Group for Singles<'_> {
    fn contestants(&self) -> Vec<Contestant> {
        let loads = Spread::ALL
            .into_iter()
            .flat_map(|spread| self.scale.threads.iter().map(move |threads| Load { threads: *threads, spread }));
        let contestants = loads.flat_map(|load| {
            let is_workload = load == Load { threads: self.scale.workload_clients, spread: Spread::Uniform };
            let all = [
                Contestant::Post(Postgres, load),
                Contestant::Pgbench(load),
                Contestant::Queue(Postgres, load),
                Contestant::Post(Sqlite, load),
                Contestant::Queue(Sqlite, load),
            ];
            is_workload.then_some(Contestant::Workload(load)).into_iter().chain(all)
        });
        contestants.collect()
    }

    fn run(&mut self, contestant: Contestant) -> Result<Sample, Failure> {
        let time = self.scale.time;
        match contestant {
            Contestant::Post(backend, load) => self.originals.run(backend, |ledger| {
                let bank = ledger.bank(load.threads.into())?;
                drive(ledger, load, time, |transfer| bank.post(&transfer))
            }),
            Contestant::Queue(backend, load) => self.originals.run(backend, |ledger| {
                let queue = PostingQueue::start(&ledger.bank(2)?, QueueSettings::default())?;
                drive(ledger, load, time, |transfer| queue.post(transfer))
            }),
            Contestant::Pgbench(load) => {
                self.originals.run(Postgres, |ledger| pgbench::run(self.stage, ledger, load, time, pgbench::TRANSFER))
            }
            Contestant::Workload(load) => workload::run(&self.originals.copy(Postgres)?, load.threads, time),
            other => Err(not_mine(other)),
        }
    }
}
