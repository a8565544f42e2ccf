//! Batches beside the same journal rows alone, the tutorial's loop, and pgledger's design.

use std::time::Instant;

use bank_domain::{AccountState, Outcome, PostRequest, PostedTransfer, Transfer, apply_batch};
use bank_persistence::{Backend, PostingPipeline};

use crate::contestants::pgledger::Pgledger;
use crate::contestants::tutorial::Tutorial;
use crate::contestants::{raw_copy, raw_inserts};
use crate::draw::Draw;
use crate::failure::Failure;
use crate::measure::{Contestant, Form, Latencies, Names, Sample, Spread, rate};
use crate::report::Results;
use crate::scale::{Scale, batches_a_run};
use crate::stage::{Ledger, Stage, Thoroughness};

use super::{Group, not_mine};

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

/// Posts the batches on one connection; the first is not measured.
pub(super) fn post_all(ledger: &mut Ledger, batches: &[Vec<Transfer>]) -> Result<Sample, Failure> {
    let bank = ledger.bank(1)?;
    let (warm_up, measured) = batches.split_at(1);
    warm_up.iter().try_for_each(|batch| ledger.post(&bank, batch))?;
    let posted_before = ledger.posted;
    let mut latencies = Latencies::new()?;
    let started = Instant::now();
    for batch in measured {
        let began = Instant::now();
        ledger.post(&bank, batch)?;
        latencies.add(began.elapsed());
    }
    let transfers_per_second = rate(ledger.posted - posted_before, started.elapsed());
    Ok(Sample { latency: latencies.summary(), ..Sample::of_rate(transfers_per_second) })
}

/// Posts the batches with two on their way at once; the first is not measured.
pub(super) fn push_all(ledger: &mut Ledger, mut batches: Vec<Vec<Transfer>>) -> Result<Sample, Failure> {
    let bank = ledger.bank(2)?;
    let mut pipeline = PostingPipeline::new(&bank, 2);
    let measured = batches.split_off(1);
    for batch in batches {
        ledger.post(&bank, &batch)?;
    }
    let posted_before = ledger.posted;
    let started = Instant::now();
    for batch in measured {
        pipeline.push(batch)?;
        pipeline.take_outcomes().iter().try_for_each(|outcomes| ledger.note(outcomes))?;
    }
    pipeline.flush()?;
    pipeline.take_outcomes().iter().try_for_each(|outcomes| ledger.note(outcomes))?;
    Ok(Sample::of_rate(rate(ledger.posted - posted_before, started.elapsed())))
}

/// Returns what bank would write into the journal.
fn postings(mut accounts: Vec<AccountState>, batches: &[Vec<Transfer>]) -> Vec<Vec<PostedTransfer>> {
    let mut all = Vec::with_capacity(batches.len());
    for batch in batches {
        let requests: Vec<PostRequest> = batch.iter().map(PostRequest::from).collect();
        let applied = apply_batch(accounts.clone(), Vec::new(), &requests);
        let posted = applied.outcomes.into_iter().filter_map(|outcome| match outcome {
            Outcome::Posted(posting) => Some(posting),
            Outcome::Replayed(_) | Outcome::Rejected(_) => None,
        });
        all.push(posted.collect());
        for changed in applied.changed {
            // They are listed in the order of their ids.
            if let Ok(place) = accounts.binary_search_by_key(&changed.id, |account| account.id) {
                accounts[place] = changed;
            }
        }
    }
    all
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

    fn finish(&mut self, _: &mut Results) -> Result<(), Failure> {
        Ok(())
    }
}
