//! Importing a file, from its first line to its last.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bank_persistence::Bank;

use crate::error::BatchError;
use crate::event::{ImportEvent, ImportMode};
use crate::file::TransferFile;
use crate::poster::Poster;
use crate::read_ahead::{Next, ReadAhead};
use crate::recorder::Recorder;
use crate::results::Results;
use crate::source::Source;
use crate::status::Tally;

/// How a file is imported.
pub struct ImportOptions {
    /// What to do with the lines.
    pub mode: ImportMode,
    /// The most lines in one transaction; [`ImportMode::Atomic`] has all in one.
    pub chunk_lines_max: usize,
    /// Where to write what became of each line.
    pub results: Option<Results>,
    /// When this becomes true, the import ends before the next commit.
    pub interrupted: Arc<AtomicBool>,
}

impl Default for ImportOptions {
    /// Posts every line that can be posted, 8,190 at a time, and writes no results.
    fn default() -> Self {
        Self { mode: ImportMode::Continue, chunk_lines_max: 8190, results: None, interrupted: Arc::default() }
    }
}

/// How an import ended. What was posted stays posted, also if it ended early.
#[derive(Debug)]
#[must_use]
pub struct ImportReport {
    /// The number of lines by what became of them.
    pub tally: Tally,
    /// Whether the file is no longer what it was when it was opened.
    pub input_changed: bool,
    /// Why the import ended early, if it did. Bad lines are no reason.
    pub result: Result<(), BatchError>,
}

/// Posts a file, and tells the observer what became of each line as soon as that is final.
pub fn import(
    bank: &Bank,
    file: TransferFile,
    options: ImportOptions,
    mut observe: impl FnMut(ImportEvent<'_>),
) -> ImportReport {
    let TransferFile { source, reader } = file;
    let ImportOptions { mode, chunk_lines_max, results, interrupted } = options;
    let mut recorder = Recorder::new(results, &mut observe);
    let poster = Poster::new(bank, mode, Arc::clone(&interrupted));
    let result = ReadAhead::start(reader, chunk_lines_max, interrupted)
        .and_then(|chunks| post_all(chunks, poster, &source, &mut recorder));
    ImportReport { tally: recorder.tally(), input_changed: source.has_changed(), result }
}

fn post_all(
    mut chunks: ReadAhead,
    mut poster: Poster<'_>,
    source: &Source,
    recorder: &mut Recorder<'_>,
) -> Result<(), BatchError> {
    loop {
        match chunks.next() {
            Ok(Next::Chunk(chunk)) => {
                if chunk.is_cut_off {
                    recorder.tell(ImportEvent::LastLineCutOff);
                }
                if poster.take(chunk, recorder)?.is_break() {
                    return Ok(());
                }
            }
            // A sender who waits for the result of one line before sending the next must get it.
            Ok(Next::Pending) => poster.settle(recorder)?,
            Ok(Next::End) if poster.posts_at_the_end() && source.has_changed() => return Err(BatchError::InputChanged),
            Ok(Next::End) => return poster.finish(recorder),
            Err(error) => return poster.settle(recorder).and(Err(error)),
        }
    }
}
