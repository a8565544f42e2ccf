//! What is wrong with a line or a header.

use std::fmt;

use bank_domain::{InvalidInput, TransferId};
use thiserror::Error;

use crate::fields::Column;

/// The longest line in bytes, without its line end. The longest names and memo need a few thousand.
pub(crate) const LINE_BYTES_MAX: u64 = 1024 * 1024;

/// Says why a line asks for no transfer, without its number.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Malformed {
    /// The line is no text, or too much of it.
    #[error(transparent)]
    Unreadable(#[from] UnreadableLine),
    /// A field's quotes are wrong.
    #[error("{0}: the field {1}")]
    Quotes(FieldPlace, QuoteProblem),
    /// The line lies inside a quoted field that was opened on this earlier line.
    #[error("inside a quoted field opened on line {0}")]
    InsideQuotes(u64),
    /// The line has the first number of columns, and the header the second.
    #[error("columns: {0} in this line, {1} in the header")]
    ColumnCount(usize, usize),
    /// The line is not a JSON object.
    #[error("column 1: not a JSON object")]
    NotAnObject,
    /// The line is not JSON, or its object has the wrong keys. The parser stopped at this byte, counted from 1.
    #[error("column {0}: {1}")]
    Json(usize, String),
    /// The amount is neither a number nor a string.
    #[error("key amount: neither a number nor a string")]
    AmountType,
    /// A value breaks a rule.
    #[error("{0}: {1}")]
    Value(FieldPlace, InvalidInput),
    /// Another line has the same id.
    #[error("the id {id} is also that of line {line}: every transfer needs an id of its own")]
    EqualId {
        /// The id.
        id: TransferId,
        /// The number of the other line.
        line: u64,
    },
    /// The line's own id is one that the reference gives to the line with this ordinal.
    #[error("the id is that of line {0} of the reference's own file: post this file without the reference")]
    IdOfReference(u64),
    /// The group of the same label begins on this line, too.
    #[error("the group begins on line {0}, too: the lines of a group stand one after the other")]
    GroupReturns(u64),
    /// The group has no other line.
    #[error("the group has one line only: leave the label out, or see why the others have another one")]
    GroupOfOne,
    /// The group has too many lines.
    #[error("the group has more than 1000 lines")]
    GroupTooLarge,
    /// Another line of the group is malformed.
    #[error("line {0} of its group is malformed")]
    GroupMember(u64),
    /// A line right beside the group may belong to it, and cannot be read.
    #[error("line {0} right beside its group cannot be read, and may belong to it")]
    GroupBeside(u64),
    /// The line has no id, and none can be derived.
    #[error("the line has no id, and there is no reference to derive one from")]
    NoId,
}

impl Malformed {
    /// Returns that a value breaks a rule; a long value is cut.
    pub(crate) fn from_invalid(place: FieldPlace, problem: InvalidInput) -> Self {
        let problem = match problem {
            InvalidInput::Amount { text, problem } => InvalidInput::Amount { text: excerpt(&text), problem },
            InvalidInput::Decimal { text, problem } => InvalidInput::Decimal { text: excerpt(&text), problem },
            InvalidInput::TransferId { text } => InvalidInput::TransferId { text: excerpt(&text) },
            // What is wrong with names and memos does not quote them.
            other => other,
        };
        Self::Value(place, problem)
    }
}

/// Says why a line could not be read as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UnreadableLine {
    /// This byte, counted from 1, is the first that is not UTF-8.
    #[error("byte {0} is not UTF-8: save the file as UTF-8")]
    NotUtf8(usize),
    /// The line is too long.
    #[error("the line is longer than {LINE_BYTES_MAX} bytes")]
    TooLong,
}

/// Says what is wrong with the quotes of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum QuoteProblem {
    /// The field does not end on its line.
    #[error("begins with a quote that is not closed on its line")]
    Unclosed,
    /// Something other than a comma follows the closing quote.
    #[error("has text after its closing quote (write a quote within quotes twice)")]
    TextAfter,
}

/// Where a field stands in its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldPlace {
    /// A column of CSV, counted from 1, with its name if the header has one for it.
    Column(usize, Option<Column>),
    /// A key of a JSON object.
    Key(Column),
}

impl fmt::Display for FieldPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(number, Some(name)) => write!(f, "column {number} ({name})"),
            Self::Column(number, None) => write!(f, "column {number}"),
            Self::Key(name) => write!(f, "key {name}"),
        }
    }
}

/// Says why the first line of a CSV file is not a header. Columns are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HeaderError {
    /// The line is no text, or too much of it.
    #[error("the header cannot be read: {0}")]
    Unreadable(UnreadableLine),
    /// A column's quotes are wrong.
    #[error("column {0} of the header {1}")]
    Quotes(usize, QuoteProblem),
    /// A column has an unknown name.
    #[error("column {0} of the header is {1:?}, which is unknown")]
    UnknownColumn(usize, String),
    /// A column comes twice.
    #[error("the header names the column {0} twice")]
    ColumnTwice(Column),
    /// A column that every file must have is missing.
    #[error("the header lacks the column {0}")]
    MissingColumn(Column),
}

/// Returns the beginning of a text that is to be quoted.
pub(crate) fn excerpt(text: &str) -> String {
    const CHARACTERS_MAX: usize = 300;
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(excerpt(&"é".repeat(1000)).chars().count(), 303);
        assert_eq!(excerpt("short"), "short");
    }

    #[test]
    fn a_long_value_is_cut_and_its_problem_is_not() {
        for (column, parsed) in [
            (Column::Amount, "9".repeat(1000).parse::<bank_domain::Decimal>().map(|_| ())),
            (Column::Id, "9".repeat(1000).parse::<bank_domain::TransferId>().map(|_| ())),
        ] {
            let problem = parsed.unwrap_err();
            let (_, expected) = problem.to_string().rsplit_once('"').map(|(a, b)| (a.len(), b.to_owned())).unwrap();
            let text = Malformed::from_invalid(FieldPlace::Key(column), problem).to_string();
            assert!(text.len() < 400 && text.ends_with(&format!("9...\"{expected}")), "{text}");
        }
    }
}
