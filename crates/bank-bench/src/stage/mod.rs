//! Where ledgers are made: the server, and a directory for SQLite's files and everything else.

mod csv_file;
mod ledger;
mod server;
mod transfer_source;

pub(crate) use csv_file::CsvFile;
pub(crate) use ledger::Ledger;
pub(crate) use server::Server;
pub(crate) use transfer_source::{OPENING_BALANCE, TransferSource};

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use bank_persistence::Backend;
use tempfile::TempDir;

use crate::failure::Failure;
use crate::measure::Spread;
use crate::scale::Scale;

/// The name of the ledger that is copied before each run.
const COPY: &str = "run";

/// The size of the batches that fill a journal.
const FILL_BATCH: u32 = 8_190;

/// The server and a directory, which both end with the benchmark.
pub(crate) struct Stage {
    pub(crate) server: Server,
    directory: TempDir,
}

impl Stage {
    /// Starts the server and makes the directory.
    pub(crate) fn new(scale: &Scale) -> Result<Self, Failure> {
        eprintln!("bank-bench: starting PostgreSQL");
        let directory = tempfile::Builder::new().prefix("bank-bench-").tempdir();
        let directory = directory.map_err(Failure::io("cannot make a temporary directory"))?;
        remove_when_interrupted(directory.path().to_owned())?;
        Ok(Self { server: Server::start(scale), directory })
    }

    /// Returns the directory.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Makes an empty database for a ledger.
    pub(crate) fn create(&self, backend: Backend, name: &str, accounts: u32) -> Result<Ledger, Failure> {
        if backend == Backend::Postgres {
            self.server.copy("template0", name)?;
        }
        Ok(self.ledger(backend, name, accounts))
    }

    /// Makes a ledger with accounts, and with transfers between them that bank has posted.
    pub(crate) fn load(&self, backend: Backend, name: &str, accounts: u32, posted: u32) -> Result<Ledger, Failure> {
        eprintln!("bank-bench: loading {accounts} accounts and {posted} transfers into {backend}");
        let mut ledger = self.create(backend, name, accounts)?;
        ledger.bank(1)?.migrate()?;
        insert_accounts(&ledger)?;
        let mut source = TransferSource::new(accounts, Spread::Uniform);
        let mut left = posted;
        let bank = ledger.bank(1)?;
        while left > 0 {
            let size = left.min(FILL_BATCH);
            ledger.post(&bank, &source.transfers(size))?;
            left = left.saturating_sub(size);
        }
        drop(bank);
        self.vacuum(&ledger)?;
        Ok(ledger)
    }

    /// Vacuums and analyses the tables, as those of a ledger in use are, and writes them to disk.
    pub(crate) fn vacuum(&self, ledger: &Ledger) -> Result<(), Failure> {
        ledger.plain().try_execute(match ledger.backend {
            Backend::Postgres => "VACUUM (ANALYZE)",
            Backend::Sqlite => "ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)",
        })?;
        self.settle(ledger)
    }

    /// Copies a ledger that nobody uses, so that each run begins with the same tables. Replaces the last run's copy.
    pub(crate) fn copy(&self, original: &Ledger) -> Result<Ledger, Failure> {
        let copy = Ledger { posted: original.posted, ..self.ledger(original.backend, COPY, original.accounts) };
        match (&original.file, &copy.file) {
            (Some(from), Some(to)) => copy_file(from, to)?,
            _ => self.server.copy(&original.name, COPY)?,
        }
        self.settle(&copy)?;
        Ok(copy)
    }

    /// Writes everything to disk now, so that no write of the past is measured in the next run.
    pub(crate) fn settle(&self, ledger: &Ledger) -> Result<(), Failure> {
        match &ledger.file {
            None => Ok(self.server.plain("postgres").try_execute("CHECKPOINT")?),
            Some(file) => File::open(file)
                .and_then(|file| file.sync_all())
                .map_err(Failure::io(format!("cannot write {} to disk", file.display()))),
        }
    }

    fn ledger(&self, backend: Backend, name: &str, accounts: u32) -> Ledger {
        let (url, file) = match backend {
            Backend::Postgres => (self.server.url(name), None),
            Backend::Sqlite => {
                let file = self.directory().join(format!("{name}.db"));
                (format!("sqlite:{}", file.display()), Some(file))
            }
        };
        Ledger { backend, name: name.to_owned(), url, file, accounts, posted: 0 }
    }
}

/// Lets Ctrl-C remove the directory, which may hold gigabytes; the server removes its own.
fn remove_when_interrupted(directory: PathBuf) -> Result<(), Failure> {
    const INTERRUPTED: i32 = 130;
    Ok(ctrlc::set_handler(move || {
        if let Err(error) = fs::remove_dir_all(&directory) {
            eprintln!("bank-bench: cannot remove {}: {error}", directory.display());
        }
        std::process::exit(INTERRUPTED);
    })?)
}

fn insert_accounts(ledger: &Ledger) -> Result<(), Failure> {
    let accounts = ledger.accounts;
    let columns = "accounts (id, name, age, country, currency, opening_balance, balance)";
    let names = "INSERT INTO account_names (name, account_id) SELECT name, id FROM accounts ORDER BY id";
    let values = format!("30, 'USA', 'XXX', {OPENING_BALANCE}, {OPENING_BALANCE}");
    // Names in the order of the ids, so that the index on them is filled from left to right.
    Ok(ledger.plain().try_execute(&match ledger.backend {
        Backend::Postgres => format!(
            "INSERT INTO {columns} SELECT n, 'account-' || lpad(n::text, 8, '0'), {values} \
             FROM generate_series(1, {accounts}) AS n; {names}"
        ),
        Backend::Sqlite => format!(
            "PRAGMA cache_size = -1000000; \
             WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {accounts}) \
             INSERT INTO {columns} SELECT n, printf('account-%08d', n), {values} FROM numbers; {names}"
        ),
    })?)
}

/// Copies an SQLite file without its log: a closed file has none.
fn copy_file(from: &Path, to: &Path) -> Result<(), Failure> {
    for ending in ["-wal", "-shm", ""] {
        let path = PathBuf::from(format!("{}{ending}", to.display()));
        if path.exists() {
            fs::remove_file(&path).map_err(Failure::io(format!("cannot remove {}", path.display())))?;
        }
    }
    fs::copy(from, to).map_err(Failure::io(format!("cannot copy {}", from.display())))?;
    Ok(())
}
