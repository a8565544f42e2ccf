//! Comma-separated values, a line at a time.
//!
//! No value may hold a line break, so a line is malformed if a quoted field does not end on it. So are the lines that
//! follow, up to the one on which the field ends: text inside a memo must never be posted as a transfer. This reader is
//! written by hand because the crate `csv` lets quoted fields span lines and forgives misplaced quotes: one stray quote
//! would swallow the lines after it.

use std::borrow::Cow;

use super::line::{Column, Fields};
use super::malformed::{FieldPlace, HeaderError, Malformed, QuoteProblem, excerpt};

/// Which column stands where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    columns: Vec<Column>,
}

impl Header {
    /// Returns the columns that the first line names, or what is wrong with it.
    pub(crate) fn parse(line: &str) -> Result<Self, HeaderError> {
        let fields = split(line).map_err(|(number, problem)| HeaderError::Quotes(number, problem))?;
        let mut columns = Vec::with_capacity(fields.len());
        for (number, field) in (1..).zip(&fields) {
            let name = field.trim();
            let Some(column) = Column::ALL.into_iter().find(|column| column.name() == name) else {
                return Err(HeaderError::UnknownColumn(number, excerpt(name)));
            };
            if columns.contains(&column) {
                return Err(HeaderError::ColumnTwice(column));
            }
            columns.push(column);
        }
        match Column::ALL.into_iter().find(|column| !column.is_optional() && !columns.contains(column)) {
            Some(missing) => Err(HeaderError::MissingColumn(missing)),
            None => Ok(Self { columns }),
        }
    }

    /// Returns whether there is a column for ids.
    pub(crate) fn has_ids(&self) -> bool {
        self.columns.contains(&Column::Id)
    }

    /// Returns the texts of a line.
    pub(crate) fn texts<'a>(&self, line: &'a str) -> Result<Fields<'a>, Malformed> {
        let fields = split(line).map_err(|(number, problem)| {
            let name = self.columns.get(number.saturating_sub(1)).copied();
            Malformed::Quotes(FieldPlace::Column(number, name), problem)
        })?;
        if fields.len() != self.columns.len() {
            let (found, expected) = (fields.len(), self.columns.len());
            return Err(Malformed::ColumnCount { found, expected });
        }
        let mut texts = Fields::default();
        for (column, field) in self.columns.iter().zip(fields) {
            match column {
                Column::From => texts.from = field,
                Column::To => texts.to = field,
                Column::Amount => texts.amount = field,
                Column::Id => texts.id = field,
                Column::Memo => texts.memo = field,
            }
        }
        Ok(texts)
    }

    /// Returns where a column stands.
    pub(crate) fn place(&self, column: Column) -> FieldPlace {
        let place = self.columns.iter().position(|candidate| *candidate == column);
        place.map_or(FieldPlace::Key(column), |index| FieldPlace::Column(index.saturating_add(1), Some(column)))
    }
}

/// Returns whether a quoted field begins on the line and does not end on it.
pub(crate) fn leaves_quotes_open(line: &str) -> bool {
    matches!(split(line), Err((_, QuoteProblem::Unclosed)))
}

/// Returns whether a quoted field that began on an earlier line goes on beyond this one, or another one does.
pub(crate) fn keeps_quotes_open(line: &str) -> bool {
    match quoted(line) {
        Ok((_, after)) => after.is_some_and(leaves_quotes_open),
        Err(problem) => problem == QuoteProblem::Unclosed,
    }
}

/// Returns the fields of a line, or the number of the first bad one, counted from 1, and what is wrong with it.
fn split(line: &str) -> Result<Vec<Cow<'_, str>>, (usize, QuoteProblem)> {
    let mut fields = Vec::with_capacity(Column::ALL.len());
    let mut rest = Some(line);
    while let Some(text) = rest {
        let (field, after) = first(text).map_err(|problem| (fields.len().saturating_add(1), problem))?;
        fields.push(field);
        rest = after;
    }
    Ok(fields)
}

/// Returns the first field and what follows its comma, if there is one.
fn first(text: &str) -> Result<(Cow<'_, str>, Option<&str>), QuoteProblem> {
    match text.strip_prefix('"') {
        Some(text) => quoted(text),
        None => Ok(match text.split_once(',') {
            Some((field, after)) => (Cow::Borrowed(field), Some(after)),
            None => (Cow::Borrowed(text), None),
        }),
    }
}

/// Returns what stands before the closing quote, and what follows the comma after it, if there is one.
fn quoted(mut text: &str) -> Result<(Cow<'_, str>, Option<&str>), QuoteProblem> {
    let mut field = Cow::Borrowed("");
    loop {
        let Some((part, after)) = text.split_once('"') else {
            return Err(QuoteProblem::Unclosed);
        };
        field += part;
        if let Some(more) = after.strip_prefix('"') {
            field += "\"";
            text = more;
        } else if after.is_empty() {
            return Ok((field, None));
        } else if let Some(next) = after.strip_prefix(',') {
            return Ok((field, Some(next)));
        } else {
            return Err(QuoteProblem::TextAfter);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(line: &str) -> Header {
        Header::parse(line).unwrap()
    }

    #[test]
    fn columns_may_stand_in_any_order() {
        let texts = header("memo,amount,to,id,from").texts("rent,8,John,,Jessica").unwrap();
        assert_eq!((&*texts.from, &*texts.to, &*texts.amount), ("Jessica", "John", "8"));
        assert_eq!((&*texts.id, &*texts.memo), ("", "rent"));
        assert!(!header("from, to, amount").has_ids());
    }

    #[test]
    fn headers_that_are_none_are_refused() {
        for (line, problem) in [
            ("from,to,amount,note", "column 4 of the header is \"note\", which is unknown"),
            ("From,to,amount", "column 1 of the header is \"From\", which is unknown"),
            ("from;to;amount", "column 1 of the header is \"from;to;amount\", which is unknown"),
            ("from,to", "the header lacks the column amount"),
            ("from,to,amount,to", "the header names the column to twice"),
            ("from,to,\"amount", "column 3 of the header begins with a quote that is not closed on its line"),
            ("from,to,amount,", "column 4 of the header is \"\", which is unknown"),
        ] {
            assert_eq!(Header::parse(line).unwrap_err().to_string(), problem);
        }
    }

    #[test]
    fn quotes_may_hold_commas_and_quotes() {
        let texts = header("from,to,amount").texts(r#""Doe, ""J"" ",O"Neil,"8""#).unwrap();
        assert_eq!((&*texts.from, &*texts.to, &*texts.amount), (r#"Doe, "J" "#, "O\"Neil", "8"));
    }

    #[test]
    fn lines_that_are_none_are_told_by_their_column() {
        let header = header("from,to,amount");
        for (line, reason) in [
            ("a,b", "columns: 2 in this line, 3 in the header"),
            ("a,b,1,", "columns: 4 in this line, 3 in the header"),
            ("a,\"b,1", "column 2 (to): the field begins with a quote that is not closed on its line"),
            (
                "\"a\"x,b,1",
                "column 1 (from): the field has text after its closing quote (write a quote within quotes twice)",
            ),
            ("a,b,1,\"", "column 4: the field begins with a quote that is not closed on its line"),
        ] {
            assert_eq!(header.texts(line).unwrap_err().to_string(), reason);
        }
        assert_eq!(header.place(Column::Amount).to_string(), "column 3 (amount)");
    }

    #[test]
    fn quotes_stay_open_until_they_are_closed() {
        for (line, is_open) in [("a,b,1", false), ("a,\"b\",1", false), ("a,b,1,\"x", true), ("a,b,1,\"x\"\"", true)] {
            assert_eq!(leaves_quotes_open(line), is_open, "{line}");
        }
        for (line, is_open) in [
            ("a,b,1", true),
            ("a,b,1,x\"\"", true),
            ("x\"", false),
            ("x\",c", false),
            ("x\",\"c", true),
            ("x\",\"c\",\"", true),
            ("x\"y", false),
        ] {
            assert_eq!(keeps_quotes_open(line), is_open, "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_the_csv_crate_writes_is_read(fields in prop::collection::vec("[^\r\n]{0,8}", 1..6)) {
            let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
            writer.write_record(&fields).unwrap();
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let line = text.strip_suffix('\n').unwrap();
            prop_assert_eq!(split(line).unwrap(), fields);
        }
    }
}
