//! Recording what became of each line: in the results and the tally, and to the caller.

use crate::error::BatchError;
use crate::event::ImportEvent;
use crate::resolved::ResolvedChunk;
use crate::results::Results;
use crate::status::Tally;

/// Records the lines of a file in their order.
pub(crate) struct Recorder<'a> {
    results: Option<Results>,
    observe: &'a mut dyn FnMut(ImportEvent<'_>),
    tally: Tally,
}

impl<'a> Recorder<'a> {
    /// Returns a recorder that has recorded no line.
    pub(crate) fn new(results: Option<Results>, observe: &'a mut dyn FnMut(ImportEvent<'_>)) -> Self {
        Self { results, observe, tally: Tally::default() }
    }

    /// Records a chunk that needs no further commit.
    ///
    /// If the results cannot be written, the lines are counted all the same, because they are posted. The results end.
    pub(crate) fn record(&mut self, resolved: &ResolvedChunk) -> Result<(), BatchError> {
        let ResolvedChunk { chunk, statuses, .. } = resolved;
        for (line, status) in chunk.lines.iter().zip(statuses) {
            self.tally.add(status);
            (self.observe)(ImportEvent::Line { number: line.number, status });
        }
        (self.observe)(ImportEvent::Progress { lines: self.tally.lines(), bytes: chunk.bytes });
        let Some(results) = &mut self.results else { return Ok(()) };
        let written = results.write_lines(&chunk.lines, statuses);
        if written.is_err() {
            self.results = None;
        }
        written
    }

    /// Tells the caller of an event that concerns no single line.
    pub(crate) fn tell(&mut self, event: ImportEvent<'_>) {
        (self.observe)(event);
    }

    /// Returns the number of lines by status.
    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }
}
