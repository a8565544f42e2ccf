//! Many accounts beside few: the cost of a transfer in large tables.

use bank_persistence::Backend;

use super::group::{Group, not_mine};
use crate::contestants::batches::{draw, post_all, push_all};
use crate::contestants::drive::drive;
use crate::failure::Failure;
use crate::measure::{BACKENDS, Contestant, Load, Sample, Spread, Work};
use crate::report::Results;
use crate::scale::{Scale, batches_a_run};
use crate::stage::{Ledger, Stage};

/// These ledgers are not copied: each takes all runs, so all journals grow alike.
pub(super) struct Growth<'a> {
    stage: &'a Stage,
    scale: &'a Scale,
    ledgers: Vec<Ledger>,
}

impl<'a> Growth<'a> {
    pub(super) fn prepare(stage: &'a Stage, scale: &'a Scale) -> Result<Self, Failure> {
        let mut ledgers = Vec::new();
        for backend in BACKENDS {
            for accounts in &scale.growth_accounts {
                ledgers.push(stage.load(backend, &format!("growth_{accounts}"), *accounts, 0)?);
            }
        }
        let mut growth = Self { stage, scale, ledgers };
        growth.warm_up()?;
        Ok(growth)
    }

    /// Posts the same number of transfers to every ledger: enough to change nearly every page of the largest accounts
    /// table after the last checkpoint. The first change of a page after a checkpoint logs the whole page, and that is
    /// the cost of a checkpoint, not of size.
    fn warm_up(&mut self) -> Result<(), Failure> {
        /// How many accounts share a page, or fewer.
        const ACCOUNTS_A_PAGE: u32 = 30;
        let largest = self.scale.growth_accounts.iter().copied().max().unwrap_or_default();
        let size = self.scale.growth_batches.iter().map(|(size, _)| *size).max().unwrap_or(1);
        // Each transfer changes two pages; three changes for each page leave one in twenty unchanged.
        let batches = (largest / ACCOUNTS_A_PAGE).saturating_mul(3) / size.saturating_mul(2);
        for ledger in &mut self.ledgers {
            eprintln!("bank-bench: warming {} up: {} accounts", ledger.backend, ledger.accounts);
            post_all(ledger, &draw(ledger.accounts, size, batches.max(1)))?;
        }
        Ok(())
    }

    fn ledger(&mut self, backend: Backend, accounts: u32) -> Result<&mut Ledger, Failure> {
        let found = self.ledgers.iter_mut().find(|ledger| ledger.backend == backend && ledger.accounts == accounts);
        found.ok_or_else(|| Failure::Program(format!("there is no ledger of {accounts} accounts")))
    }
}

impl Group for Growth<'_> {
    /// Returns all work among every number of accounts; the same work, which is compared, together.
    fn contestants(&self) -> Vec<Contestant> {
        let sizes: Vec<u32> = self.scale.growth_batches.iter().map(|(size, _)| *size).collect();
        let among_each =
            |work| self.scale.growth_accounts.iter().map(move |accounts| Contestant::Growth(work, *accounts));
        Work::all(&sizes).into_iter().flat_map(among_each).collect()
    }

    fn run(&mut self, contestant: Contestant) -> Result<Sample, Failure> {
        let Contestant::Growth(work, accounts) = contestant else { return Err(not_mine(contestant)) };
        let scale = self.scale;
        let draw = |size| draw(accounts, size, batches_a_run(&scale.growth_batches, size));
        let ledger = self.ledger(work.backend(), accounts)?;
        let sample = match work {
            Work::Singly(_) => {
                let bank = ledger.bank(1)?;
                let load = Load { threads: 1, spread: Spread::Uniform };
                drive(ledger, load, scale.time, |transfer| bank.post(&transfer))
            }
            Work::Batch(_, size) => post_all(ledger, &draw(size)),
            Work::Pipeline(size) => push_all(ledger, draw(size)),
        }?;
        ledger.check()?;
        Ok(sample)
    }

    fn finish(&mut self, results: &mut Results) -> Result<(), Failure> {
        for ledger in &self.ledgers {
            eprintln!("bank-bench: auditing {} accounts on {}", ledger.accounts, ledger.backend);
            ledger.audit()?;
            results.checks += 1;
            self.stage.settle(ledger)?;
        }
        Ok(())
    }
}
