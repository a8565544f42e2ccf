//! Importing a file, from its first line to its last.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bank_domain::TransferId;
use bank_persistence::{Bank, Derivation};

use crate::content_ids::ContentIds;
use crate::equal_ids::EqualIds;
use crate::error::BatchError;
use crate::file::{Again, TransferFile};
use crate::groups::Labels;
use crate::ids::LineIds;
use crate::known_batch::KnownBatch;
use crate::poster::{ImportMode, ImportOptions, Poster};
use crate::reader::{Chunk, ChunkReader, Reading};
use crate::reference::Reference;
use crate::status::{ImportEvent, Tally};

/// How long to wait for a slow input before looking after the interruption and the chunks in flight.
const WAIT_MAX: Duration = Duration::from_millis(50);

/// How an import ended. What was posted stays posted, also if it ended early.
#[derive(Debug)]
#[must_use]
pub struct ImportReport {
    /// The number of lines by what became of them.
    pub tally: Tally,
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
    let mut poster = Poster::new(bank, options, &mut observe);
    let result = read_and_post(bank, file, &mut poster);
    ImportReport { tally: poster.tally, result }
}

fn read_and_post(bank: &Bank, file: TransferFile, poster: &mut Poster<'_>) -> Result<(), BatchError> {
    let TransferFile { reader, reference, again, .. } = file;
    let keeps_raw = poster.options.rejected.is_some();
    let Some(again) = again else {
        let mut reader = reader;
        reader.reading.keeps_raw = keeps_raw;
        return post_all(reader, poster, None);
    };
    let Survey { digest, ids, equal_ids, labels } = survey(bank, reader, reference.as_ref(), &again, poster)?;
    let mut reader = again.reader()?;
    reader.reading = Reading { keeps_raw, ..Reading::again(ids, equal_ids, labels) };
    post_all(reader, poster, Some(digest))
}

/// What the first reading of a file has found.
struct Survey {
    digest: [u8; 32],
    /// What derives the ids of its lines.
    ids: Option<LineIds>,
    equal_ids: EqualIds,
    labels: Labels,
}

/// Reads a file to its end, and makes sure that its reference belongs to it.
fn survey(
    bank: &Bank,
    mut reader: ChunkReader,
    reference: Option<&Reference>,
    again: &Again,
    poster: &mut Poster<'_>,
) -> Result<Survey, BatchError> {
    let recorded = reference.map(|reference| bank.find_batch(reference.key())).transpose()?.flatten();
    let ids = reference.map(|reference| LineIds::new(reference, reference.as_str(), Derivation::Ordinal));
    reader.reading = Reading::first(ids);
    // A file that is not recorded may have been posted by the first edition. This thread derives those ids, while another
    // one reads.
    let mut content_ids = reference.filter(|_| recorded.is_none()).map(|reference| ContentIds::new(reference.as_str()));
    let mut derivation = Derivation::Ordinal;
    let reader = for_each_chunk(reader, poster, |chunk, poster| {
        if let Some(ids) = &mut content_ids
            && is_any_posted(bank, ids, &chunk)?
        {
            derivation = Derivation::Content;
            content_ids = None;
        }
        (poster.observe)(ImportEvent::Surveyed { bytes: chunk.bytes });
        Ok(true)
    })?;
    let reader = reader.ok_or(BatchError::Interrupted)?;
    let (digest, lines) = (reader.digest.finish(), reader.digest.lines);
    let Reading { equal_ids, labels, .. } = reader.reading;
    let Some(reference) = reference else { return Ok(Survey { digest, ids: None, equal_ids, labels }) };

    let mut known = KnownBatch::new(reference, digest, lines, derivation);
    let is_recorded_later = matches!(poster.options.mode, ImportMode::Atomic | ImportMode::DryRun) || lines == 0;
    let recorded = match recorded {
        None if !is_recorded_later => Some(bank.record_batch(&known.batch)?),
        recorded => recorded,
    };
    if let Some(recorded) = recorded {
        known.agree(recorded, bank, reference, again)?;
    }
    let ids = Some(known.ids(reference));
    poster.known = Some(known);
    Ok(Survey { digest, ids, equal_ids, labels })
}

/// Returns whether the journal has an id that the first edition derived for a line.
fn is_any_posted(bank: &Bank, content_ids: &mut ContentIds, chunk: &Chunk) -> Result<bool, BatchError> {
    let derived = chunk.lines.iter().filter(|line| line.is_derived);
    let ids: Result<Vec<TransferId>, _> =
        derived.filter_map(|line| line.content.as_ref().ok()).map(|(_, named)| content_ids.next(named)).collect();
    let ids = ids?;
    Ok(!ids.is_empty() && !bank.find_transfers(&ids)?.is_empty())
}

/// Posts the lines of a file. If it was read before, its digest must be the same at the end.
fn post_all(reader: ChunkReader, poster: &mut Poster<'_>, digest: Option<[u8; 32]>) -> Result<(), BatchError> {
    if let Some(rejected) = &mut poster.options.rejected {
        rejected.begin(reader.header.clone())?;
    }
    let mut goes_on = true;
    let reader = for_each_chunk(reader, poster, |chunk, poster| {
        if goes_on {
            goes_on = poster.take(chunk)?;
        } else {
            poster.skip(chunk)?;
        }
        // Of an input that is read once, nothing is read for which nothing is posted.
        Ok(goes_on || digest.is_some())
    })?;
    if let (Some(reader), Some(digest)) = (reader, digest)
        && digest != reader.digest.finish()
    {
        return poster.settle().and(Err(BatchError::InputChanged));
    }
    poster.finish()
}

/// Hands the chunks of a file to the body. Returns the reader at the end, or `None` if the body wanted no more.
fn for_each_chunk(
    reader: ChunkReader,
    poster: &mut Poster<'_>,
    mut body: impl FnMut(Chunk, &mut Poster<'_>) -> Result<bool, BatchError>,
) -> Result<Option<ChunkReader>, BatchError> {
    let (chunks, thread) = read_ahead(reader, poster.options.chunk_lines_max)?;
    loop {
        if poster.options.interrupted.load(Ordering::SeqCst) {
            return poster.settle().and(Err(BatchError::Interrupted));
        }
        match chunks.recv_timeout(WAIT_MAX) {
            Ok(Ok(chunk)) => {
                if !body(chunk, poster)? {
                    // The thread may wait for an input that never ends.
                    return Ok(None);
                }
            }
            Ok(Err(error)) => return poster.settle().and(Err(error)),
            // A sender who waits for the result of one line before sending the next must get it.
            Err(RecvTimeoutError::Timeout) => poster.settle()?,
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(Some(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))))
}

type Chunks = Receiver<Result<Chunk, BatchError>>;

/// Starts a thread that reads the next chunk while the last one is posted, until the end, the first error, or the drop
/// of the receiver. The channel holds no chunk: the thread has read the next one while it waits to hand it over.
fn read_ahead(mut reader: ChunkReader, lines_max: usize) -> Result<(Chunks, JoinHandle<ChunkReader>), BatchError> {
    let (sender, chunks) = sync_channel(0);
    let read_all = move || {
        while let Some(chunk) = reader.next_chunk(lines_max).transpose() {
            let is_last = chunk.is_err();
            if sender.send(chunk).is_err() || is_last {
                break;
            }
        }
        reader
    };
    let thread = thread::Builder::new().name("batch-reader".to_owned()).spawn(read_all).map_err(BatchError::Thread)?;
    Ok((chunks, thread))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn the_chunks_come_in_order_and_end() {
        let text = format!("from,to,amount\n{}", "a,b,1\n".repeat(25));
        let mut file = TransferFile::from_reader(Cursor::new(text), None, Reference::new("r").ok()).unwrap();
        let ids = LineIds::new(file.reference.as_ref().unwrap(), "r", Derivation::Ordinal);
        file.reader.reading = Reading::first(Some(ids));
        let (chunks, thread) = read_ahead(file.reader, 10).unwrap();
        let numbers = chunks.iter().flat_map(|chunk| chunk.unwrap().lines).map(|line| line.number);
        assert!(numbers.eq(2..=26));
        thread.join().unwrap();
    }
}
