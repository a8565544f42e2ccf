//! What a caller asks of an import, and what it is told.

use crate::status::LineStatus;

/// What to do with the lines of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportMode {
    /// Posts every line that can be posted.
    Continue,
    /// Posts the lines before the first bad one.
    Stop,
    /// Posts all lines, in one transaction, or none.
    Atomic,
    /// Posts nothing.
    DryRun,
}

/// What the caller is told while a file is imported.
#[derive(Clone, Copy, Debug)]
pub enum ImportEvent<'a> {
    /// The status of a line is final. Lines come in the order of the file.
    Line {
        /// The number of the line, counted from 1.
        number: u64,
        /// What became of the line.
        status: &'a LineStatus,
    },
    /// The import has got this far. [`ImportMode::Atomic`] counts what has been read.
    Progress {
        /// The number of lines.
        lines: u64,
        /// The number of bytes.
        bytes: u64,
    },
    /// The last line does not end with a line feed, so the input may be incomplete.
    LastLineCutOff,
}
