//! Reading the next chunk on another thread while the last one is posted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::error::BatchError;
use crate::reader::{Chunk, ChunkReader};

/// The channel holds no chunk: the thread has read the next one while it waits to hand it over.
const CHANNEL_CHUNKS: usize = 0;

/// How long to wait for a slow input before looking after the interruption and the chunks in flight.
const WAIT_MAX: Duration = Duration::from_millis(50);

/// What comes next in a file.
#[derive(Debug)]
pub(crate) enum Next {
    Chunk(Chunk),
    /// The input is slow: ask again.
    Pending,
    End,
}

/// The chunks of a file, in order.
pub(crate) struct ReadAhead {
    chunks: Receiver<Result<Chunk, BatchError>>,
    thread: Option<JoinHandle<()>>,
    interrupted: Arc<AtomicBool>,
}

impl ReadAhead {
    /// Starts the thread.
    pub(crate) fn start(
        mut reader: ChunkReader,
        lines_max: usize,
        interrupted: Arc<AtomicBool>,
    ) -> Result<Self, BatchError> {
        let (sender, chunks) = sync_channel(CHANNEL_CHUNKS);
        let thread = thread::Builder::new()
            .name("batch-reader".to_owned())
            .spawn(move || read_all(&mut reader, lines_max, &sender))
            .map_err(BatchError::Thread)?;
        Ok(Self { chunks, thread: Some(thread), interrupted })
    }

    /// Returns the next chunk, or [`Next::Pending`] if the input is slow.
    ///
    /// # Panics
    ///
    /// If the reading thread has panicked, so that its end does not look like the end of the file.
    pub(crate) fn next(&mut self) -> Result<Next, BatchError> {
        if self.interrupted.load(Ordering::SeqCst) {
            return Err(BatchError::Interrupted);
        }
        match self.chunks.recv_timeout(WAIT_MAX) {
            Ok(chunk) => chunk.map(Next::Chunk),
            Err(RecvTimeoutError::Timeout) => Ok(Next::Pending),
            Err(RecvTimeoutError::Disconnected) => {
                if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
                    std::panic::resume_unwind(panic);
                }
                Ok(Next::End)
            }
        }
    }
}

/// Reads until the end, the first error, or the drop of the receiver.
fn read_all(reader: &mut ChunkReader, lines_max: usize, sender: &SyncSender<Result<Chunk, BatchError>>) {
    loop {
        let Some(chunk) = reader.next_chunk(lines_max).transpose() else { return };
        let is_last = chunk.is_err();
        if sender.send(chunk).is_err() || is_last {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::ids::Reference;

    #[test]
    fn the_chunks_come_in_order_and_end() {
        let text = format!("from,to,amount\n{}", "a,b,1\n".repeat(25));
        let reference = Reference::new("r").unwrap();
        let reader = ChunkReader::new(Box::new(Cursor::new(text)), None, Some(reference)).unwrap();
        let mut pipeline = ReadAhead::start(reader, 10, Arc::default()).unwrap();
        let mut numbers = Vec::new();
        loop {
            match pipeline.next().unwrap() {
                Next::Chunk(chunk) => numbers.extend(chunk.lines.iter().map(|line| line.number)),
                Next::Pending => {}
                Next::End => break,
            }
        }
        assert_eq!(numbers, (2..=26).collect::<Vec<_>>());
        assert!(matches!(pipeline.next().unwrap(), Next::End));
    }
}
