//! The limits of a queue.

/// Limits of a [`PostingQueue`](crate::PostingQueue).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    /// How many transfers may wait. A caller that submits more waits for room.
    pub capacity: usize,
    /// The largest number of transfers in one database transaction.
    pub batch_max: usize,
    /// How many batches may be in flight. They share no account. SQLite has one writer, and so one batch.
    pub workers: usize,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self { capacity: 65_536, batch_max: 8_192, workers: 2 }
    }
}
