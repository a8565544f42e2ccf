//! Recording what became of each line: in the results, in the tally, and with the caller.

use super::error::BatchError;
use super::importer::ImportEvent;
use super::line::Line;
use super::results::Results;
use super::status::{LineStatus, Tally};

/// Takes the statuses in the order of the lines.
pub(crate) struct Recorder<'a> {
    results: Option<Results>,
    observe: &'a mut dyn FnMut(ImportEvent<'_>),
    tally: Tally,
}

impl<'a> Recorder<'a> {
    /// Returns a recorder that has seen no line.
    pub(crate) fn new(results: Option<Results>, observe: &'a mut dyn FnMut(ImportEvent<'_>)) -> Self {
        Self { results, observe, tally: Tally::default() }
    }

    /// Records lines that need no further commit, and how much of the file has been read.
    ///
    /// All are counted, also if the results cannot be written: what was posted is posted. The results end then.
    pub(crate) fn lines(&mut self, lines: &[Line], statuses: &[LineStatus], bytes: u64) -> Result<(), BatchError> {
        for (line, status) in lines.iter().zip(statuses) {
            self.tally.add(status);
            (self.observe)(ImportEvent::Line { number: line.number, status });
        }
        (self.observe)(ImportEvent::Progress { lines: self.tally.lines(), bytes });
        let Some(results) = &mut self.results else { return Ok(()) };
        let written = results.lines(lines, statuses);
        if written.is_err() {
            self.results = None;
        }
        written
    }

    /// Tells the caller what concerns no single line.
    pub(crate) fn tell(&mut self, event: ImportEvent<'_>) {
        (self.observe)(event);
    }

    /// Returns the number of lines by status.
    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }
}
