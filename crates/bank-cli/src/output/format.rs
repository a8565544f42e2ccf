//! The values of `--output`.
//!
//! They carry plain comments: with help texts of their own, clap prints every help in its long form.

use clap::ValueEnum;

/// The name by which clap knows the option that chooses the format of the output, in every command that has one.
pub(crate) const OUTPUT_ID: &str = "output";

/// How many rows are printed.
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

/// How a single thing is printed.
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
