//! A database of accounts, and the checks of it after a run.

use std::path::PathBuf;

use bank_domain::{Outcome, Transfer};
use bank_persistence::{Backend, Bank, Settings};
use bank_tests::plain::Plain;

use crate::failure::Failure;
use crate::stage::transfer_source::OPENING_BALANCE;

/// A database of accounts, numbered from 1.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    pub(crate) backend: Backend,
    /// The name of the database on the server, or of the file without its extension.
    pub(crate) name: String,
    pub(crate) url: String,
    /// The file, on SQLite.
    pub(crate) file: Option<PathBuf>,
    pub(crate) accounts: u32,
    /// Number of transfers that must be in the journal.
    pub(crate) posted: u64,
}

impl Ledger {
    /// Connects with at most this number of connections, and with timeouts for the largest batch on a busy machine.
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

    /// Makes a connection that knows nothing of bank.
    pub(crate) fn plain(&self) -> Plain {
        self.file.as_deref().map_or_else(|| Plain::postgres(&self.url), Plain::sqlite)
    }

    /// Returns the number of transfers in the journal.
    pub(crate) fn journal_rows(&self) -> u64 {
        self.plain().number("SELECT count(*) AS value FROM transfers").unsigned_abs()
    }

    /// Posts a batch and counts it. Every transfer must be posted; returns their number.
    pub(crate) fn post(&mut self, bank: &Bank, transfers: &[Transfer]) -> Result<u64, Failure> {
        self.add_outcomes(&bank.post_batch(transfers)?)
    }

    /// Counts the transfers of these outcomes. Every one must be posted; returns their number.
    pub(crate) fn add_outcomes<'a>(&mut self, outcomes: impl IntoIterator<Item = &'a Outcome>) -> Result<u64, Failure> {
        let mut posted = 0;
        for outcome in outcomes {
            let Outcome::Posted(_) = outcome else {
                return Err(Failure::Broken(format!("a valid transfer was not posted: {outcome:?}")));
            };
            posted += 1;
        }
        self.posted += posted;
        Ok(posted)
    }

    /// Counts journal rows that were written without bank; returns their number.
    pub(crate) fn add_rows(&mut self, rows: usize) -> u64 {
        let posted = u64::try_from(rows).unwrap_or(u64::MAX);
        self.posted = self.posted.saturating_add(posted);
        posted
    }

    /// Checks that exactly the acknowledged transfers are in the journal.
    pub(crate) fn check_journal(&self) -> Result<(), Failure> {
        let rows = self.journal_rows();
        if rows != self.posted {
            let text = format!("{} transfers were acknowledged, the journal of {} has {rows}", self.posted, self.name);
            return Err(Failure::Broken(text));
        }
        Ok(())
    }

    /// Checks that no money appeared or vanished in a table of accounts.
    pub(crate) fn check_total(&self, table: &str) -> Result<(), Failure> {
        let total = self.plain().number(&format!("SELECT CAST(sum(balance) AS BIGINT) AS value FROM {table}"));
        let expected = i64::from(self.accounts).saturating_mul(OPENING_BALANCE);
        if total != expected {
            return Err(Failure::Broken(format!("the balances of {} total {total}, not {expected}", self.name)));
        }
        Ok(())
    }

    /// Checks the journal and the total.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.check_journal()?;
        self.check_total("accounts")
    }

    /// Checks the journal, the total, and every invariant of every row.
    pub(crate) fn audit(&self) -> Result<(), Failure> {
        self.check()?;
        let report = self.bank(1)?.audit()?;
        report.findings.first().map_or(Ok(()), |finding| {
            let (invariant, offenders) = (finding.invariant, finding.offenders.join("; "));
            Err(Failure::Broken(format!("not so: {invariant}: {offenders}")))
        })
    }
}
