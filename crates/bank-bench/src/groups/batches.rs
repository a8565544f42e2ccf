//! Batches beside the same journal rows alone, the tutorial's loop, and pgledger's design.

use bank_domain::Transfer;
use bank_persistence::Backend;

use super::group::{Group, not_mine};
use super::originals::Originals;
use crate::contestants::batches::{draw, post_all, postings, push_all};
use crate::contestants::{pgledger, raw_copy, raw_inserts, tutorial};
use crate::failure::Failure;
use crate::measure::{BACKENDS, Contestant, Form, Names, Sample};
use crate::scale::{Scale, batches_a_run};
use crate::stage::{Ledger, Stage};

/// Each run gets a copy of one of these ledgers.
pub(super) struct Batches<'a> {
    stage: &'a Stage,
    scale: &'a Scale,
    originals: Originals<'a>,
    pgledger: Ledger,
    tutorial: Ledger,
}

impl<'a> Batches<'a> {
    pub(super) fn prepare(stage: &'a Stage, scale: &'a Scale) -> Result<Self, Failure> {
        let originals = Originals::load(stage, "batches", scale)?;
        let (pgledger, tutorial) = (pgledger::load(stage, scale)?, tutorial::load(stage, scale.accounts)?);
        Ok(Self { stage, scale, originals, pgledger, tutorial })
    }

    fn draw(&self, size: u32) -> Vec<Vec<Transfer>> {
        draw(self.scale.accounts, size, batches_a_run(&self.scale.batches, size))
    }

    fn rows(&self, backend: Backend, size: u32) -> Result<Sample, Failure> {
        let mut ledger = self.originals.copy(backend)?;
        let postings = postings(&ledger, &self.draw(size))?;
        let sample = match backend {
            Backend::Postgres => raw_copy::run(&mut ledger, postings),
            Backend::Sqlite => raw_inserts::run(&mut ledger, &postings),
        }?;
        ledger.check_journal()?;
        Ok(sample)
    }

    fn tutorial(&self, names: Names) -> Result<Sample, Failure> {
        let original = match names {
            Names::Scanned => &self.tutorial,
            Names::Indexed => &self.originals.postgres,
        };
        tutorial::run(&self.stage.copy(original)?, names, self.scale.time)
    }
}

impl Group for Batches<'_> {
    fn contestants(&self) -> Vec<Contestant> {
        let sizes = || self.scale.batches.iter().map(|(size, _)| *size);
        let both =
            |size| BACKENDS.into_iter().flat_map(move |on| [Contestant::Batch(on, size), Contestant::Rows(on, size)]);
        let pgledger = |clients| Form::ALL.map(|form| Contestant::Pgledger { form, clients });
        let mut contestants: Vec<Contestant> = sizes().flat_map(both).collect();
        contestants.extend(sizes().map(Contestant::Pipeline));
        contestants.extend(Names::ALL.map(Contestant::Tutorial));
        contestants.extend(self.scale.threads.iter().copied().flat_map(pgledger));
        contestants
    }

    fn run(&mut self, contestant: Contestant) -> Result<Sample, Failure> {
        match contestant {
            Contestant::Batch(backend, size) => {
                self.originals.run(backend, |ledger| post_all(ledger, &self.draw(size)))
            }
            Contestant::Pipeline(size) => {
                self.originals.run(Backend::Postgres, |ledger| push_all(ledger, self.draw(size)))
            }
            Contestant::Rows(backend, size) => self.rows(backend, size),
            Contestant::Tutorial(names) => self.tutorial(names),
            Contestant::Pgledger { form, clients } => {
                pgledger::run(self.stage, &self.pgledger, form, clients, self.scale.time)
            }
            other => Err(not_mine(other)),
        }
    }
}
