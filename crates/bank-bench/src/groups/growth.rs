//! Many accounts beside few: what a transfer costs when the tables have grown.

use bank_domain::Transfer;
use bank_persistence::Backend;

use crate::contestants::batches::{post_all, push_all};
use crate::contestants::drive::drive;
use crate::draw::Draw;
use crate::failure::Failure;
use crate::measure::{Among, Contestant, Load, Sample, Spread};
use crate::report::Results;
use crate::scale::{Scale, batches_a_run};
use crate::stage::{Ledger, Stage, Thoroughness};

use super::group::{Group, not_mine};

/// These ledgers are not copied: each takes all runs, and so all journals grow alike.
pub(super) struct Growth<'a> {
    stage: &'a Stage,
    scale: &'a Scale,
    ledgers: Vec<Ledger>,
}

impl<'a> Growth<'a> {
    pub(super) fn prepare(stage: &'a Stage, scale: &'a Scale) -> Result<Self, Failure> {
        let mut ledgers = Vec::new();
        for backend in [Backend::Postgres, Backend::Sqlite] {
            for accounts in &scale.growth_accounts {
                ledgers.push(stage.load(backend, &format!("growth_{accounts}"), *accounts, 0)?);
            }
        }
        let mut growth = Self { stage, scale, ledgers };
        growth.warm_up()?;
        Ok(growth)
    }

    /// Posts the same number of transfers to every ledger, so many that nearly every page of the largest accounts table
    /// has been changed since the last checkpoint: the first change of a page after a checkpoint logs the whole page,
    /// and that is the cost of a checkpoint, not of size.
    fn warm_up(&mut self) -> Result<(), Failure> {
        /// How many accounts share a page, or fewer.
        const ACCOUNTS_A_PAGE: u32 = 30;
        let largest = self.scale.growth_accounts.iter().copied().max().unwrap_or_default();
        let size = self.scale.growth_batches.iter().map(|(size, _)| *size).max().unwrap_or(1);
        // Each transfer changes two pages; three changes for each page leave one in twenty unchanged.
        let batches = (largest / ACCOUNTS_A_PAGE).saturating_mul(3) / size.saturating_mul(2);
        for ledger in &mut self.ledgers {
            eprintln!("bank-bench: warming {} up: {} accounts", ledger.backend, ledger.accounts);
            post_all(ledger, &draw(ledger, size, batches.max(1))?)?;
        }
        Ok(())
    }

    fn ledger(&mut self, backend: Backend, accounts: u32) -> Result<&mut Ledger, Failure> {
        let found = self.ledgers.iter_mut().find(|ledger| ledger.backend == backend && ledger.accounts == accounts);
        found.ok_or_else(|| Failure::Program(format!("there is no ledger of {accounts} accounts")))
    }

    fn singly(&mut self, backend: Backend, accounts: u32) -> Result<Sample, Failure> {
        let time = self.scale.time;
        let ledger = self.ledger(backend, accounts)?;
        let bank = ledger.bank(1)?;
        let load = Load { threads: 1, spread: Spread::Uniform };
        let (sample, posted) = drive(load, accounts, time, |transfer| bank.post(&transfer))?;
        ledger.posted += posted;
        ledger.check(Thoroughness::Totals)?;
        Ok(sample)
    }

    fn batches(&mut self, backend: Backend, among: Among) -> Result<Sample, Failure> {
        let count = batches_a_run(&self.scale.growth_batches, among.batch);
        let ledger = self.ledger(backend, among.accounts)?;
        let sample = post_all(ledger, &draw(ledger, among.batch, count)?)?;
        ledger.check(Thoroughness::Totals)?;
        Ok(sample)
    }

    fn pipeline(&mut self, among: Among) -> Result<Sample, Failure> {
        let count = batches_a_run(&self.scale.growth_batches, among.batch);
        let ledger = self.ledger(Backend::Postgres, among.accounts)?;
        let sample = push_all(ledger, draw(ledger, among.batch, count)?)?;
        ledger.check(Thoroughness::Totals)?;
        Ok(sample)
    }

    /// Returns every size of a batch among every number of accounts; those of one size, which are compared, together.
    fn cases(&self) -> impl Iterator<Item = Among> + '_ {
        let sizes = self.scale.growth_batches.iter();
        sizes.flat_map(|(batch, _)| {
            let accounts = self.scale.growth_accounts.iter();
            accounts.map(|accounts| Among { accounts: *accounts, batch: *batch })
        })
    }
}

fn draw(ledger: &Ledger, size: u32, count: u32) -> Result<Vec<Vec<Transfer>>, Failure> {
    let mut draw = Draw::new(ledger.accounts, Spread::Uniform);
    (0..=count).map(|_| draw.transfers(size)).collect()
}

impl Group for Growth<'_> {
    fn contestants(&self) -> Vec<Contestant> {
        let mut contestants = Vec::new();
        for backend in [Backend::Postgres, Backend::Sqlite] {
            let accounts = self.scale.growth_accounts.iter();
            contestants.extend(accounts.map(|accounts| Contestant::AmongSingly(backend, *accounts)));
            contestants.extend(self.cases().map(|among| Contestant::AmongBatch(backend, among)));
        }
        contestants.extend(self.cases().map(Contestant::AmongPipeline));
        contestants
    }

    fn run(&mut self, contestant: Contestant) -> Result<Sample, Failure> {
        match contestant {
            Contestant::AmongSingly(backend, accounts) => self.singly(backend, accounts),
            Contestant::AmongBatch(backend, among) => self.batches(backend, among),
            Contestant::AmongPipeline(among) => self.pipeline(among),
            other => Err(not_mine(other)),
        }
    }

    fn finish(&mut self, results: &mut Results) -> Result<(), Failure> {
        for ledger in &self.ledgers {
            eprintln!("bank-bench: auditing {} accounts on {}", ledger.accounts, ledger.backend);
            ledger.check(Thoroughness::Audit)?;
            results.checks += 1;
            self.stage.settle(ledger)?;
        }
        Ok(())
    }
}
