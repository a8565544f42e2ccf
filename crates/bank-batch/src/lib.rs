#![doc = include_str!("../README.md")]

mod account_cache;
mod column;
mod csv;
mod duplicates;
mod error;
mod event;
mod file;
mod format;
mod ids;
mod importer;
mod json;
mod line;
mod malformed;
mod poster;
mod reader;
mod resolved;
mod results;
mod spill_map;
mod status;
mod text_lines;

pub use column::Column;
pub use error::BatchError;
pub use event::{ImportEvent, ImportMode};
pub use file::TransferFile;
pub use format::Format;
pub use ids::Reference;
pub use importer::{ImportOptions, ImportReport, import};
pub use malformed::{FieldPlace, HeaderError, Malformed, QuoteProblem, UnreadableLine};
pub use poster::CONNECTIONS_MAX;
pub use results::Results;
pub use status::{LineRejection, LineStatus, Tally};
