//! The values of `--output`.
//!
//! The values have plain comments: if they had help texts, clap would print every help in its long form.

use clap::ValueEnum;

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
    /// Returns whether messages are JSON, too.
    pub(crate) fn is_json(self) -> bool {
        self == Self::Json
    }
}
