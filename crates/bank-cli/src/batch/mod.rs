//! Many transfers from one file: reading it, giving each line its id, posting it in chunks, and saying what became of
//! every line.
//!
//! A thread reads and checks the next chunk while the last one is being committed. Nothing here grows with the length
//! of the file, except in the mode that posts all of it in one transaction. What can be typed is in `commands::batch`.

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

pub(crate) use error::BatchError;
pub(crate) use format::Format;
pub(crate) use ids::Reference;
pub(crate) use importer::{ImportEvent, ImportOptions, ImportReport, Mode, import};
pub(crate) use poster::CONNECTIONS;
pub(crate) use reader::Reader;
pub(crate) use results::Results;
pub(crate) use source::Source;
pub(crate) use status::Tally;
