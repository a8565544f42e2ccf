//! What can go wrong while a file of transfers is read and posted.

use std::io;
use std::path::PathBuf;

use bank_persistence::BankError;
use thiserror::Error;

use crate::malformed::HeaderError;

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
    /// A file that was to be posted as a whole changed while it was read.
    #[error("the file changed while it was read; nothing was posted")]
    InputChanged,
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// The bank failed.
    #[error(transparent)]
    Bank(#[from] BankError),
}
