//! A database of accounts that is measured, and what must hold in it.

use std::path::PathBuf;

use bank_domain::{AccountState, Outcome, Transfer};
use bank_persistence::{Backend, Bank, Settings};
use bank_tests::plain::Plain;

use crate::draw::OPENING_BALANCE;
use crate::failure::Failure;

/// A database of accounts, numbered from 1.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    pub(crate) backend: Backend,
    /// The database's name on the server, or the file's.
    pub(crate) name: String,
    pub(crate) url: String,
    /// The file, on SQLite.
    pub(crate) file: Option<PathBuf>,
    pub(crate) accounts: u32,
    /// Transfers that are known to have been posted.
    pub(crate) posted: u64,
}

/// How much of the ledger is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thoroughness {
    /// Every invariant of every row.
    Audit,
    /// The number of transfers and the total.
    Totals,
}

impl Ledger {
    /// Connects, with so many connections at most, and with time enough for the largest batch on a busy machine.
    pub(crate) fn bank(&self, connections: u32) -> Result<Bank, Failure> {
        const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);
        let settings = Settings {
            pool_size: connections,
            connection_timeout: PATIENCE,
            answer_timeout: PATIENCE,
            statement_timeout: PATIENCE,
            application_name: "bank-bench".to_owned(),
            ..Settings::default()
        };
        Ok(Bank::create_or_connect(&self.url.parse()?, settings)?)
    }

    /// Connects without bank.
    pub(crate) fn plain(&self) -> Plain {
        self.file.as_deref().map_or_else(|| Plain::postgres(&self.url), Plain::sqlite)
    }

    /// Returns how many transfers the journal has.
    pub(crate) fn journal_rows(&self) -> u64 {
        self.plain().number("SELECT count(*) AS value FROM transfers").unsigned_abs()
    }

    /// Returns all accounts as they are.
    pub(crate) fn states(&self) -> Result<Vec<AccountState>, Failure> {
        let mut states = Vec::new();
        self.bank(1)?.list_accounts(None, |account| {
            let (id, balance, overdraft_limit, version) =
                (account.id, account.balance, account.overdraft_limit, account.version);
            states.push(AccountState { id, balance, overdraft_limit, version });
            Ok::<(), Failure>(())
        })?;
        Ok(states)
    }

    /// Posts a batch, all of which must be posted, and counts it.
    pub(crate) fn post(&mut self, bank: &Bank, transfers: &[Transfer]) -> Result<(), Failure> {
        self.note(&bank.post_batch(transfers)?)
    }

    /// Counts outcomes, all of which must be posted.
    pub(crate) fn note(&mut self, outcomes: &[Outcome]) -> Result<(), Failure> {
        if let Some(other) = outcomes.iter().find(|outcome| outcome.status() != "posted") {
            return Err(Failure::Broken(format!("a valid transfer was not posted: {other:?}")));
        }
        self.posted = self.posted.saturating_add(u64::try_from(outcomes.len()).unwrap_or(u64::MAX));
        Ok(())
    }

    /// Checks that exactly the acknowledged transfers are in the journal and that no money appeared or vanished; and,
    /// if wanted, every invariant of every row.
    pub(crate) fn check(&self, thoroughness: Thoroughness) -> Result<(), Failure> {
        let rows = self.journal_rows();
        if rows != self.posted {
            let text = format!("{} transfers were acknowledged, the journal of {} has {rows}", self.posted, self.name);
            return Err(Failure::Broken(text));
        }
        self.check_total()?;
        if thoroughness == Thoroughness::Audit {
            let report = self.bank(1)?.audit()?;
            if let Some(finding) = report.findings.first() {
                let (invariant, offenders) = (finding.invariant, finding.offenders.join("; "));
                return Err(Failure::Broken(format!("not so: {invariant}: {offenders}")));
            }
        }
        Ok(())
    }

    /// Checks that no money appeared or vanished.
    pub(crate) fn check_total(&self) -> Result<(), Failure> {
        let total = self.plain().number("SELECT CAST(sum(balance) AS BIGINT) AS value FROM accounts");
        let expected = i64::from(self.accounts).saturating_mul(OPENING_BALANCE);
        if total != expected {
            return Err(Failure::Broken(format!("the balances of {} total {total}, not {expected}", self.name)));
        }
        Ok(())
    }
}
