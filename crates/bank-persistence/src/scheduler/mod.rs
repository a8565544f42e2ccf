//! Which transfers are posted together, and when: a queue for many callers, a pipeline for one caller with many batches.
//!
//! Both share one rule of what may be in flight side by side (`footprint`) and one policy of when a batch is worth its
//! commit (`policy`).

mod footprint;
mod pipeline;
mod policy;
mod queue;

pub use pipeline::PostingPipeline;
pub use queue::{PostingQueue, QueueError, QueueSettings, Ticket};
