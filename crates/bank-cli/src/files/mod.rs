//! The files that a command writes for the user.

mod export_file;
mod out_file;
mod same_file;
mod standard_output;

pub(crate) use export_file::ExportFile;
pub(crate) use out_file::OutFile;
pub(crate) use same_file::{is_same_file, refuse_database};
pub(crate) use standard_output::is_standard_output;
