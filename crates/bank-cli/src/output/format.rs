//! The values of `--output`.
//!
//! The values have plain comments: if they had help texts, clap would print every help in its long form.

use std::io::{self, Write};

use clap::ValueEnum;
use serde::Serialize;

use super::json::write_json;

/// The name by which clap knows the option that chooses the format of the output, in every command that has one.
pub(crate) const OUTPUT_ID: &str = "output";

/// The format of many rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowsFormat {
    // One line of `key = value` pairs for each
    Lines,
    // Aligned columns
    Table,
    // One JSON array
    Json,
    // One JSON object a line
    Jsonl,
    // Comma-separated values with a header
    Csv,
}

/// The format of a single record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RecordFormat {
    // Lines for people
    #[value(alias = "lines")]
    Text,
    // One JSON object
    Json,
}

impl RecordFormat {
    /// Prints a record in this format; `write_text` prints it for people.
    pub(crate) fn write<R: Serialize>(
        self,
        out: &mut dyn Write,
        record: &R,
        write_text: impl FnOnce(&R, &mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        match self {
            Self::Text => write_text(record, out),
            Self::Json => write_json(out, record),
        }
    }
}
