#![doc = include_str!("../README.md")]

mod accounts;
mod csv_line;
mod duplicates;
mod error;
mod format;
mod ids;
mod importer;
mod json_line;
mod lines;
mod malformed;
mod order;
mod pipeline;
mod poster;
mod reader;
mod recorder;
mod results;
mod seen;
mod source;
mod status;

pub use error::BatchError;
pub use format::Format;
pub use ids::Reference;
pub use importer::{ImportEvent, ImportOptions, ImportReport, Mode, import};
pub use malformed::{FieldPlace, HeaderError, Malformed, QuoteProblem, UnreadableLine};
pub use order::Column;
pub use poster::CONNECTIONS;
pub use reader::Reader;
pub use results::Results;
pub use source::Source;
pub use status::{LineRejection, LineStatus, Tally};
