//! Importing a file, from its first line to its last.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bank_persistence::Bank;

use crate::error::BatchError;
use crate::file::{TransferFile, Watched};
use crate::poster::{ImportMode, ImportOptions, Poster};
use crate::reader::{Chunk, ChunkReader};
use crate::status::{ImportEvent, Tally};

/// How long to wait for a slow input before looking after the interruption and the chunks in flight.
const WAIT_MAX: Duration = Duration::from_millis(50);

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
///
/// # Panics
///
/// If the thread that reads has panicked, so that its end does not look like the end of the file.
pub fn import(
    bank: &Bank,
    file: TransferFile,
    options: ImportOptions,
    mut observe: impl FnMut(ImportEvent<'_>),
) -> ImportReport {
    let TransferFile { reader, watched, .. } = file;
    let has_changed = || watched.as_ref().is_some_and(Watched::has_changed);
    let (result, tally) = {
        let mut poster = Poster::new(bank, options, &mut observe);
        (post_all(reader, &mut poster, has_changed), poster.tally)
    };
    ImportReport { tally, input_changed: has_changed(), result }
}

fn post_all(reader: ChunkReader, poster: &mut Poster<'_>, has_changed: impl Fn() -> bool) -> Result<(), BatchError> {
    let (chunks, thread) = read_ahead(reader, poster.options.chunk_lines_max)?;
    loop {
        if poster.options.interrupted.load(Ordering::SeqCst) {
            return poster.settle().and(Err(BatchError::Interrupted));
        }
        match chunks.recv_timeout(WAIT_MAX) {
            Ok(Ok(chunk)) => {
                if !poster.take(chunk)? {
                    return Ok(());
                }
            }
            Ok(Err(error)) => return poster.settle().and(Err(error)),
            // A sender who waits for the result of one line before sending the next must get it.
            Err(RecvTimeoutError::Timeout) => poster.settle()?,
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
    if poster.options.mode == ImportMode::Atomic && has_changed() {
        return Err(BatchError::InputChanged);
    }
    poster.finish()
}

type Chunks = Receiver<Result<Chunk, BatchError>>;

/// Starts a thread that reads the next chunk while the last one is posted, until the end, the first error, or the drop
/// of the receiver. The channel holds no chunk: the thread has read the next one while it waits to hand it over.
fn read_ahead(mut reader: ChunkReader, lines_max: usize) -> Result<(Chunks, JoinHandle<()>), BatchError> {
    let (sender, chunks) = sync_channel(0);
    let read_all = move || {
        while let Some(chunk) = reader.next_chunk(lines_max).transpose() {
            let is_last = chunk.is_err();
            if sender.send(chunk).is_err() || is_last {
                return;
            }
        }
    };
    let thread = thread::Builder::new().name("batch-reader".to_owned()).spawn(read_all).map_err(BatchError::Thread)?;
    Ok((chunks, thread))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::ids::Reference;

    #[test]
    fn the_chunks_come_in_order_and_end() {
        let text = format!("from,to,amount\n{}", "a,b,1\n".repeat(25));
        let file = TransferFile::from_reader(Cursor::new(text), None, Reference::new("r").ok()).unwrap();
        let (chunks, thread) = read_ahead(file.reader, 10).unwrap();
        let numbers = chunks.iter().flat_map(|chunk| chunk.unwrap().lines).map(|line| line.number);
        assert!(numbers.eq(2..=26));
        thread.join().unwrap();
    }
}
