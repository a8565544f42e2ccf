//! Batches beside the same journal rows alone, the tutorial's loop, and pgledger's design.

use bank_domain::Transfer;
use bank_persistence::Backend;

use crate::contestants::batches::{post_all, postings, push_all};
use crate::contestants::pgledger::Pgledger;
use crate::contestants::tutorial::Tutorial;
use crate::contestants::{raw_copy, raw_inserts};
use crate::draw::Draw;
use crate::failure::Failure;
use crate::measure::{Contestant, Form, Names, Sample, Spread};
use crate::scale::{Scale, batches_a_run};
use crate::stage::{Ledger, Stage, Thoroughness};

use super::group::{Group, not_mine};

/// Each run gets a copy of one of these ledgers.
pub(super) struct Batches<'a> {
    stage: &'a Stage,
    scale: &'a Scale,
    postgres: Ledger,
    sqlite: Ledger,
    pgledger: Pgledger,
    tutorial: Tutorial,
}

impl<'a> Batches<'a> {
    pub(super) fn prepare(stage: &'a Stage, scale: &'a Scale) -> Result<Self, Failure> {
        let load = |backend| stage.load(backend, "batches", scale.accounts, scale.posted_before);
        let (postgres, sqlite) = (load(Backend::Postgres)?, load(Backend::Sqlite)?);
        let (pgledger, tutorial) = (Pgledger::load(&stage.server, scale)?, Tutorial::load(&stage.server, scale)?);
        Ok(Self { stage, scale, postgres, sqlite, pgledger, tutorial })
    }

    fn fresh(&self, backend: Backend) -> Result<Ledger, Failure> {
        self.stage.fresh(match backend {
            Backend::Postgres => &self.postgres,
            Backend::Sqlite => &self.sqlite,
        })
    }

    /// Draws the batches of a run, and one more in front that is not measured: it makes the connection and prepares.
    fn draw(&self, size: u32) -> Result<Vec<Vec<Transfer>>, Failure> {
        let measured = batches_a_run(&self.scale.batches, size);
        let mut draw = Draw::new(self.scale.accounts, Spread::Uniform);
        (0..=measured).map(|_| draw.transfers(size)).collect()
    }

    fn batches(&self, backend: Backend, size: u32) -> Result<Sample, Failure> {
        let mut ledger = self.fresh(backend)?;
        let batches = self.draw(size)?;
        let sample = post_all(&mut ledger, &batches)?;
        ledger.check(Thoroughness::Audit)?;
        Ok(sample)
    }

    fn pipeline(&self, size: u32) -> Result<Sample, Failure> {
        let mut ledger = self.fresh(Backend::Postgres)?;
        let sample = push_all(&mut ledger, self.draw(size)?)?;
        ledger.check(Thoroughness::Audit)?;
        Ok(sample)
    }

    fn rows(&self, backend: Backend, size: u32) -> Result<Sample, Failure> {
        let ledger = self.fresh(backend)?;
        let postings = postings(ledger.states()?, &self.draw(size)?);
        match backend {
            Backend::Postgres => raw_copy::run(&ledger, postings),
            Backend::Sqlite => raw_inserts::run(&ledger, &postings),
        }
    }
}

impl Group for Batches<'_> {
    fn contestants(&self) -> Vec<Contestant> {
        let sizes = self.scale.batches.iter().map(|(size, _)| *size);
        let batches = sizes.flat_map(|size| {
            [Backend::Postgres, Backend::Sqlite]
                .into_iter()
                .flat_map(move |backend| [Contestant::Batch(backend, size), Contestant::Rows(backend, size)])
        });
        let clients = self.scale.threads.iter().copied();
        let pgledger = clients.flat_map(|clients| Form::ALL.map(|form| Contestant::Pgledger { form, clients }));
        let pipelines = self.scale.batches.iter().map(|(size, _)| Contestant::Pipeline(*size));
        batches.chain(pipelines).chain(Names::ALL.map(Contestant::Tutorial)).chain(pgledger).collect()
    }

    fn run(&mut self, contestant: Contestant) -> Result<Sample, Failure> {
        match contestant {
            Contestant::Batch(backend, size) => self.batches(backend, size),
            Contestant::Pipeline(size) => self.pipeline(size),
            Contestant::Rows(backend, size) => self.rows(backend, size),
            Contestant::Tutorial(Names::Scanned) => self.tutorial.run(self.stage),
            Contestant::Tutorial(Names::Indexed) => self.tutorial.run_on(&self.fresh(Backend::Postgres)?),
            Contestant::Pgledger { form, clients } => self.pgledger.run(self.stage, form, clients),
            other => Err(not_mine(other)),
        }
    }
}
