//! How the lines of a file are written.

use std::path::Path;

use bank_domain::TransferId;

use crate::csv::{self, Header};
use crate::json;
use crate::line::NamedTransfer;
use crate::malformed::{FieldPlace, Malformed, UnreadableLine};

/// How the lines of a file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

impl Format {
    /// Returns the format that a file's extension stands for.
    pub(crate) fn from_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            _ => None,
        }
    }

    /// Returns the format that the first line looks like.
    pub(crate) fn from_first_line(line: Result<&str, UnreadableLine>) -> Self {
        match line {
            Ok(text) if text.trim_start().starts_with(['{', '[']) => Self::Jsonl,
            _ => Self::Csv,
        }
    }
}

/// How the lines after the header, if there is one, are read.
pub(crate) enum Dialect {
    Csv(Header),
    Jsonl,
}

impl Dialect {
    /// Returns whether the line opens a quoted field and does not close it.
    pub(crate) fn leaves_quotes_open(&self, line: &str) -> bool {
        // Most lines have no quotes, which one look tells.
        matches!(self, Self::Csv(_)) && line.contains('"') && csv::leaves_quotes_open(line)
    }

    /// Returns the transfer of a line, and its id if the line has one.
    pub(crate) fn parse(&self, line: &str) -> Result<(NamedTransfer, Option<TransferId>), Malformed> {
        let fields = match self {
            Self::Csv(header) => header.fields(line)?,
            Self::Jsonl => json::fields(line)?,
        };
        fields.parse().map_err(|(column, problem)| {
            let place = match self {
                Self::Csv(header) => header.place(column),
                Self::Jsonl => FieldPlace::Key(column),
            };
            Malformed::from_invalid(place, problem)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_decides_the_format() {
        assert_eq!(Format::from_path(Path::new("a/b.CSV")), Some(Format::Csv));
        assert_eq!(Format::from_path(Path::new("b.jsonl")), Some(Format::Jsonl));
        assert_eq!(Format::from_path(Path::new("b.ndjson")), Some(Format::Jsonl));
        assert_eq!(Format::from_path(Path::new("b.txt")), None);
        assert_eq!(Format::from_path(Path::new("csv")), None);
    }

    #[test]
    fn the_first_line_decides_the_format() {
        assert_eq!(Format::from_first_line(Ok(" {\"from\":")), Format::Jsonl);
        assert_eq!(Format::from_first_line(Ok("from,to,amount")), Format::Csv);
        assert_eq!(Format::from_first_line(Err(UnreadableLine::TooLong)), Format::Csv);
    }
}
