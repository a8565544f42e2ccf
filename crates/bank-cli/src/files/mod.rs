//! The files that a command writes for the user.

mod export_file;
mod out_file;
mod same_file;

pub(crate) use export_file::ExportFile;
pub(crate) use out_file::OutFile;
pub(crate) use same_file::{is_same_file, refuse_database};
