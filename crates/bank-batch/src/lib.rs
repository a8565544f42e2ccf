#![doc = include_str!("../README.md")]

mod account_cache;
mod csv;
mod duplicates;
mod error;
mod fields;
mod file;
mod format;
mod ids;
mod importer;
mod json;
mod malformed;
mod poster;
mod reader;
mod resolved;
mod results;
mod spill_map;
mod status;
mod text_lines;

pub use error::BatchError;
pub use fields::Column;
pub use file::TransferFile;
pub use format::Format;
pub use ids::Reference;
pub use importer::{ImportReport, import};
pub use malformed::{FieldPlace, HeaderError, Malformed, QuoteProblem, UnreadableLine};
pub use poster::{CONNECTIONS_MAX, ImportMode, ImportOptions};
pub use results::Results;
pub use status::{ImportEvent, LineRejection, LineStatus, Tally};
