//! Reading the next chunk on a thread of its own while the last one is being committed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::error::BatchError;
use super::reader::{Chunk, ChunkReader};

/// The reader hands a chunk over when it is asked for, and has read the next by then: more would be memory for nothing.
const NONE_WAITS: usize = 0;

/// How long a slow input may hide that Ctrl-C was pressed, and what became of the lines before.
const LOOK_UP: Duration = Duration::from_millis(50);

/// What comes next of a file.
#[derive(Debug)]
pub(crate) enum Next {
    Chunk(Chunk),
    /// The input is slow.
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
    /// Begins to read.
    pub(crate) fn start(
        mut reader: ChunkReader,
        lines_max: usize,
        interrupted: Arc<AtomicBool>,
    ) -> Result<Self, BatchError> {
        let (sender, chunks) = sync_channel(NONE_WAITS);
        let thread = thread::Builder::new()
            .name("batch-reader".to_owned())
            .spawn(move || read_all(&mut reader, lines_max, &sender))
            .map_err(BatchError::Thread)?;
        Ok(Self { chunks, thread: Some(thread), interrupted })
    }

    /// Returns the next chunk, waiting for a slow input only for a moment.
    ///
    /// # Panics
    ///
    /// If the reading thread has: its end must not be taken for that of the file.
    pub(crate) fn next(&mut self) -> Result<Next, BatchError> {
        if self.interrupted.load(Ordering::SeqCst) {
            return Err(BatchError::Interrupted);
        }
        match self.chunks.recv_timeout(LOOK_UP) {
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

/// Reads until the end, the first failure, or until nobody wants more.
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
