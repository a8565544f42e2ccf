//! Importing a file: the loop from its first line to its last.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bank_persistence::Bank;

use super::error::BatchError;
use super::poster::{Poster, Wants};
use super::read_ahead::{Next, ReadAhead};
use super::reader::ChunkReader;
use super::recorder::Recorder;
use super::results::Results;
use super::source::Source;
use super::status::{LineStatus, Tally};

/// What to do with the lines of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportMode {
    /// Posts every line that can be posted.
    Continue,
    /// Posts the lines before the first bad one.
    Stop,
    /// Posts all lines, in one transaction, or none.
    Atomic,
    /// Posts nothing.
    DryRun,
}

/// How a file is imported.
pub struct ImportOptions {
    /// What to do with the lines.
    pub mode: ImportMode,
    /// The most lines in one transaction, except for [`ImportMode::Atomic`].
    pub chunk_lines_max: usize,
    /// Where to write what became of each line.
    pub results: Option<Results>,
    /// The import ends at the next commit when this becomes true.
    pub interrupted: Arc<AtomicBool>,
}

/// What the caller is told while a file is imported.
#[derive(Clone, Copy, Debug)]
pub enum ImportEvent<'a> {
    /// A line needs no further commit. The lines come in their order.
    Line {
        /// Its number in the file, counted from 1.
        number: u64,
        /// What became of it.
        status: &'a LineStatus,
    },
    /// So much has been done; for [`ImportMode::Atomic`], read.
    Progress {
        /// The number of lines.
        lines: u64,
        /// The number of bytes.
        bytes: u64,
    },
    /// The last line does not end with a line feed: the input may have lost its end.
    LastLineCutOff,
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

/// Posts a file.
pub fn import(
    bank: &Bank,
    source: &Source,
    reader: ChunkReader,
    options: ImportOptions,
    mut observe: impl FnMut(ImportEvent<'_>),
) -> ImportReport {
    let ImportOptions { mode, chunk_lines_max, results, interrupted } = options;
    let mut recorder = Recorder::new(results, &mut observe);
    let poster = Poster::new(bank, mode, Arc::clone(&interrupted));
    let result = ReadAhead::start(reader, chunk_lines_max, interrupted)
        .and_then(|pipeline| post_all(pipeline, poster, source, &mut recorder));
    ImportReport { tally: recorder.tally(), input_changed: source.has_changed(), result }
}

fn post_all(
    mut pipeline: ReadAhead,
    mut poster: Poster<'_>,
    source: &Source,
    recorder: &mut Recorder<'_>,
) -> Result<(), BatchError> {
    loop {
        match pipeline.next() {
            Ok(Next::Chunk(chunk)) => {
                if chunk.is_cut_off {
                    recorder.tell(ImportEvent::LastLineCutOff);
                }
                if poster.take(chunk, recorder)? == Wants::Nothing {
                    return Ok(());
                }
            }
            // Whoever sends line by line wants to see what became of the last ones.
            Ok(Next::Pending) => poster.settle(recorder)?,
            Ok(Next::End) if poster.posts_at_the_end() && source.has_changed() => return Err(BatchError::InputChanged),
            Ok(Next::End) => return poster.finish(recorder),
            Err(error) => return poster.settle(recorder).and(Err(error)),
        }
    }
}
