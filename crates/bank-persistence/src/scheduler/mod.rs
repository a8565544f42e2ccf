//! Which transfers are posted together, and when.

pub(crate) mod footprint;
mod pipeline;
mod queue;

pub use pipeline::PostingPipeline;
pub use queue::{PostingQueue, QueueError, QueueSettings, Ticket};
