//! How the lines of a file are written.

use std::path::Path;

use crate::malformed::UnreadableLine;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_or_else_the_first_line_decides_the_format() {
        let (csv, jsonl) = (Some(Format::Csv), Some(Format::Jsonl));
        for (path, format) in
            [("a/b.CSV", csv), ("b.jsonl", jsonl), ("b.ndjson", jsonl), ("b.txt", None), ("csv", None)]
        {
            assert_eq!(Format::from_path(Path::new(path)), format, "{path}");
        }
        assert_eq!(Format::from_first_line(Ok(" {\"from\":")), Format::Jsonl);
        assert_eq!(Format::from_first_line(Ok("from,to,amount")), Format::Csv);
        assert_eq!(Format::from_first_line(Err(UnreadableLine::TooLong)), Format::Csv);
    }
}
