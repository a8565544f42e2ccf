//! `bank-cli batch` as a whole process, beside the library with the same transfers in chunks of the same size.

use std::process::Child;
use std::time::{Duration, Instant};

use bank_domain::Transfer;

use super::group::{Group, not_mine};
use super::originals::Originals;
use crate::contestants::batches::post_all;
use crate::contestants::cli_process;
use crate::failure::Failure;
use crate::measure::{Contestant, Ids, Sample, rate};
use crate::report::{Killed, Results};
use crate::scale::Scale;
use crate::stage::{CsvFile, Ledger, Stage};

/// How often the journal is counted while a process posts a file.
const LOOK: Duration = Duration::from_millis(10);

/// Each run gets a copy of one of these ledgers.
pub(super) struct Files<'a> {
    stage: &'a Stage,
    scale: &'a Scale,
    originals: Originals<'a>,
    own: CsvFile,
    derived: CsvFile,
}

impl<'a> Files<'a> {
    pub(super) fn prepare(stage: &'a Stage, scale: &'a Scale) -> Result<Self, Failure> {
        let originals = Originals::load(stage, "files", scale)?;
        let write = |ids| CsvFile::write(stage.directory(), ids, scale.accounts, scale.lines);
        Ok(Self { stage, scale, originals, own: write(Ids::Own)?, derived: write(Ids::Derived)? })
    }

    fn file(&self, ids: Ids) -> &CsvFile {
        match ids {
            Ids::Own => &self.own,
            Ids::Derived => &self.derived,
        }
    }

    fn lines(&self, ledger: &mut Ledger, ids: Ids) -> Result<Sample, Failure> {
        let chunks = self.file(ids).transfers.chunks(self.scale.chunk.into());
        // The empty batch makes the connection and prepares nothing, because the process beside it has to prepare, too.
        let batches: Vec<Vec<Transfer>> = std::iter::once(Vec::new()).chain(chunks.map(<[_]>::to_vec)).collect();
        post_all(ledger, &batches)
    }

    fn process(&self, ledger: &mut Ledger, ids: Ids) -> Result<Sample, Failure> {
        let started = Instant::now();
        let memory = cli_process::finish(self.start(ledger, ids)?)?;
        let transfers_per_second = rate(self.scale.lines.into(), started.elapsed());
        ledger.posted += u64::from(self.scale.lines);
        Ok(Sample { memory, ..Sample::from_rate(transfers_per_second) })
    }

    fn start(&self, ledger: &Ledger, ids: Ids) -> Result<Child, Failure> {
        let (file, chunk) = (self.file(ids).path.display().to_string(), self.scale.chunk.to_string());
        let mut arguments = vec!["batch", &file, "--chunk", &chunk];
        if ids == Ids::Derived {
            arguments.extend(["--reference", "benchmark"]);
        }
        cli_process::start(self.stage.directory(), &ledger.url, &arguments)
    }

    /// Kills the process when half of the file is posted, and runs it again: every line must then be posted once.
    fn kill(&self, ledger: &mut Ledger, ids: Ids) -> Result<Killed, Failure> {
        let lines = u64::from(self.scale.lines);
        let mut process = self.start(ledger, ids)?;
        let mut plain = ledger.plain();
        let half = i64::try_from(ledger.posted + lines / 2).unwrap_or(i64::MAX);
        while plain.number("SELECT count(*) AS value FROM transfers") < half {
            if process.try_wait().map_err(Failure::io("cannot wait for bank-cli"))?.is_some() {
                break;
            }
            std::thread::sleep(LOOK);
        }
        process.kill().and_then(|()| process.wait()).map_err(Failure::io("cannot kill bank-cli"))?;
        let posted = ledger.journal_rows().saturating_sub(ledger.posted);
        cli_process::finish(self.start(ledger, ids)?)?;
        ledger.posted += lines;
        Ok(Killed { contestant: Contestant::File(ledger.backend, ids), posted, lines })
    }
}

impl Group for Files<'_> {
    fn contestants(&self) -> Vec<Contestant> {
        let files = Ids::on_each_backend();
        files.flat_map(|(backend, ids)| [Contestant::File(backend, ids), Contestant::Lines(backend, ids)]).collect()
    }

    fn run(&mut self, contestant: Contestant) -> Result<Sample, Failure> {
        match contestant {
            Contestant::File(backend, ids) => self.originals.run(backend, |ledger| self.process(ledger, ids)),
            Contestant::Lines(backend, ids) => self.originals.run(backend, |ledger| self.lines(ledger, ids)),
            other => Err(not_mine(other)),
        }
    }

    fn finish(&mut self, results: &mut Results) -> Result<(), Failure> {
        for (backend, ids) in Ids::on_each_backend() {
            let killed = self.originals.run(backend, |ledger| self.kill(ledger, ids))?;
            let Killed { contestant, posted, lines } = killed;
            eprintln!(
                "bank-bench: {contestant}: killed after {posted} of {lines} lines, run again, each is there once"
            );
            results.checks += 1;
            results.killed.push(killed);
        }
        Ok(())
    }
}
