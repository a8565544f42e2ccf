//! What differs between a file and the one that its reference belongs to.

use std::fmt;

use bank_domain::TransferField;
use bank_persistence::RecordedBatch;

/// Says that a reference belongs to another content than that of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherContent {
    /// The reference as it was typed first.
    pub reference: String,
    /// What is recorded.
    pub recorded: RecordedBatch,
    /// The number of lines of the file.
    pub lines: u64,
    /// The first line that was posted with other content, and what differs; if any was.
    pub differs: Option<(u64, TransferField)>,
}

impl fmt::Display for OtherContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reference, recorded, lines, differs } = self;
        let (before, at) = (recorded.batch.lines, recorded.recorded_at.format("%Y-%m-%d %H:%M"));
        write!(f, "the reference `{reference}` belongs to another file since {at} UTC: ")?;
        match differs {
            Some((line, field)) => write!(f, "line {line} was posted with another {field}")?,
            None if before == *lines => write!(f, "both have {lines} lines, but not the same ones")?,
            None => {}
        }
        if before != *lines {
            let and = if differs.is_some() { ", and " } else { "" };
            write!(f, "{and}that file has {before} lines, this one {lines}")?;
        }
        Ok(())
    }
}
