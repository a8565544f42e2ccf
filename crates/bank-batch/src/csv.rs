//! Comma-separated values, a line at a time.
//!
//! No value may hold a line break, so a line is malformed if a quoted field does not end on it. So are the lines that
//! follow, up to the one on which the field ends: text inside a memo must never be posted as a transfer. This reader is
//! written by hand because the crate `csv` lets quoted fields span lines and forgives misplaced quotes: one stray quote
//! would swallow the lines after it.

use std::borrow::Cow;

use crate::fields::{Column, Fields};
use crate::malformed::{FieldPlace, HeaderError, Malformed, QuoteProblem, excerpt};

/// The columns of a file, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    columns: Vec<Column>,
    /// The line as it is written.
    pub(crate) text: String,
}

impl Header {
    /// Returns the columns that the first line names, or why it is not a header.
    pub(crate) fn parse(line: &str) -> Result<Self, HeaderError> {
        let fields = split(line).map_err(|(number, problem)| HeaderError::Quotes(number, problem))?;
        let mut columns = Vec::with_capacity(fields.len());
        for (number, field) in (1..).zip(&fields) {
            let name = field.trim();
            let column = Column::ALL.into_iter().find(|column| column.to_string() == name);
            let column = column.ok_or_else(|| HeaderError::UnknownColumn(number, excerpt(name)))?;
            if columns.contains(&column) {
                return Err(HeaderError::ColumnTwice(column));
            }
            columns.push(column);
        }
        match [Column::From, Column::To, Column::Amount].into_iter().find(|column| !columns.contains(column)) {
            Some(missing) => Err(HeaderError::MissingColumn(missing)),
            None => Ok(Self { columns, text: line.to_owned() }),
        }
    }

    /// Returns whether there is a column for ids.
    pub(crate) fn has_ids(&self) -> bool {
        self.columns.contains(&Column::Id)
    }

    /// Returns whether there is a column for groups.
    pub(crate) fn has_groups(&self) -> bool {
        self.columns.contains(&Column::Group)
    }

    /// Returns the fields of a line.
    pub(crate) fn fields<'a>(&self, line: &'a str) -> Result<Fields<'a>, Malformed> {
        let texts = split(line).map_err(|(number, problem)| {
            let name = self.columns.get(number.saturating_sub(1)).copied();
            Malformed::Quotes(FieldPlace::Column(number, name), problem)
        })?;
        if texts.len() != self.columns.len() {
            return Err(Malformed::ColumnCount(texts.len(), self.columns.len()));
        }
        let mut fields = Fields::default();
        for (column, text) in self.columns.iter().zip(texts) {
            match column {
                Column::From => fields.from = text,
                Column::To => fields.to = text,
                Column::Amount => fields.amount = text,
                Column::Id => fields.id = text,
                Column::Memo => fields.memo = text,
                Column::Group => fields.group = text,
            }
        }
        Ok(fields)
    }

    /// Returns the line with this id in its column for ids, if there is such a column and it is empty there.
    pub(crate) fn with_id(&self, line: &str, id: &str) -> Option<Vec<String>> {
        let place = self.columns.iter().position(|column| *column == Column::Id)?;
        let mut texts: Vec<String> = split(line).ok()?.into_iter().map(Cow::into_owned).collect();
        let field = texts.get_mut(place).filter(|field| field.is_empty())?;
        field.push_str(id);
        Some(texts)
    }

    /// Returns the place of a column.
    pub(crate) fn place(&self, column: Column) -> FieldPlace {
        let place = self.columns.iter().position(|candidate| *candidate == column);
        place.map_or(FieldPlace::Key(column), |index| FieldPlace::Column(index.saturating_add(1), Some(column)))
    }
}

/// Returns whether a quoted field is open at the end of a line at whose beginning one was open.
pub(crate) fn keeps_quotes_open(line: &str) -> bool {
    matches!(split(&format!("\"{line}")), Err((_, QuoteProblem::Unclosed)))
}

/// Returns the texts of a line's fields, or the number of the first bad field, counted from 1, and what is wrong with it.
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

/// Returns the first field, and what follows its comma if there is a comma.
fn first(text: &str) -> Result<(Cow<'_, str>, Option<&str>), QuoteProblem> {
    let Some(mut text) = text.strip_prefix('"') else {
        let (field, after) = text.split_once(',').map_or((text, None), |(field, after)| (field, Some(after)));
        return Ok((field.into(), after));
    };
    let mut field = Cow::Borrowed("");
    loop {
        let (part, after) = text.split_once('"').ok_or(QuoteProblem::Unclosed)?;
        field += part;
        if let Some(more) = after.strip_prefix('"') {
            field += "\"";
            text = more;
        } else if after.is_empty() {
            return Ok((field, None));
        } else {
            return after.strip_prefix(',').map(|next| (field, Some(next))).ok_or(QuoteProblem::TextAfter);
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
    fn columns_come_in_any_order() {
        let fields = header("memo,amount,to,id,from").fields("rent,8,John,,Jessica").unwrap();
        assert_eq!((&*fields.from, &*fields.to, &*fields.amount), ("Jessica", "John", "8"));
        assert_eq!((&*fields.id, &*fields.memo), ("", "rent"));
        assert!(!header("from, to, amount").has_ids());
    }

    #[test]
    fn rejects_a_header_with_wrong_columns() {
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
    fn a_quoted_field_holds_commas_and_quotes() {
        let fields = header("from,to,amount").fields(r#""Doe, ""J"" ",O"Neil,"8""#).unwrap();
        assert_eq!((&*fields.from, &*fields.to, &*fields.amount), (r#"Doe, "J" "#, "O\"Neil", "8"));
    }

    #[test]
    fn a_malformed_line_is_named_by_its_column() {
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
            assert_eq!(header.fields(line).unwrap_err().to_string(), reason);
        }
        assert_eq!(header.place(Column::Amount).to_string(), "column 3 (amount)");
    }

    #[test]
    fn a_quoted_field_stays_open_until_its_closing_quote() {
        for (line, is_open) in [("a,b,1", false), ("a,\"b\",1", false), ("a,b,1,\"x", true), ("a,b,1,\"x\"\"", true)] {
            assert_eq!(matches!(split(line), Err((_, QuoteProblem::Unclosed))), is_open, "{line}");
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
        fn reads_what_the_csv_crate_writes(fields in prop::collection::vec("[^\r\n]{0,8}", 1..6)) {
            let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
            writer.write_record(&fields).unwrap();
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let line = text.strip_suffix('\n').unwrap();
            prop_assert_eq!(split(line).unwrap(), fields);
        }
    }
}
