//! What can go wrong while a file of transfers is read and posted.

use std::fmt;
use std::io;
use std::path::PathBuf;

use bank_persistence::BankError;
use thiserror::Error;

use crate::malformed::HeaderError;
use crate::other_content::OtherContent;

/// Why a file was not posted, or not to its end. What is wrong with a single line is no error.
#[derive(Debug, Error)]
pub enum BatchError {
    /// The file cannot be opened.
    #[error("cannot read {}", .0.display())]
    CannotOpen(PathBuf, #[source] io::Error),
    /// The input broke off.
    #[error("cannot read on")]
    CannotRead(#[source] io::Error),
    /// The first line of a CSV file is not a header.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The file is one JSON array instead of one object a line.
    #[error("the file is a JSON array")]
    JsonArray,
    /// The lines have no ids, and there is no reference to derive them from.
    #[error("the lines have no ids: posted again, they would move the money twice")]
    NoIds,
    /// The ids of a long file cannot be kept in a temporary file.
    #[error("cannot keep the ids of the lines in a temporary file")]
    TemporaryFile(#[source] io::Error),
    /// The results cannot be written to this file.
    #[error("cannot write the results to {}", .0.display())]
    Results(PathBuf, #[source] io::Error),
    /// The operating system gave no thread.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
    /// The file changed between its first reading and its last line. What was posted stays posted.
    #[error("the file changed while it was read")]
    InputChanged,
    /// The reference belongs to another file; nothing was posted.
    #[error("{0}")]
    OtherContent(Box<OtherContent>),
    /// A line of the reference's file was posted, so the reference must be remembered.
    #[error("the reference `{reference}` cannot be forgotten: {} posted", Posted(*.ordinal))]
    NotForgotten {
        /// The reference as it was typed first.
        reference: String,
        /// The place of the line that was posted first among the lines of the file, if it is known.
        ordinal: Option<u64>,
    },
    /// The rejected lines cannot be written to this file.
    #[error("cannot write the rejected lines to {}", .0.display())]
    Rejected(PathBuf, #[source] io::Error),
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// The bank failed.
    #[error(transparent)]
    Bank(#[from] BankError),
}

/// Says that a line was posted.
struct Posted(Option<u64>);

impl fmt::Display for Posted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(ordinal) => write!(f, "transfer {ordinal} of its file was"),
            None => f.write_str("its file was"),
        }
    }
}
