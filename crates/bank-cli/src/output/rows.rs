//! Prints many rows in constant memory, in any format.

use std::io::{self, Write};

use serde::Serialize;

use super::format::RowsFormat;
use super::json::write_json;
use super::table::{Column, TableWriter};
use super::terminal::Terminal;

/// A row that can be printed in every format; JSON comes from `Serialize`.
pub(crate) trait Row: Serialize {
    /// The columns of a table.
    const TABLE: &'static [Column];
    /// The header of CSV.
    const CSV: &'static [&'static str];

    /// Returns one cell for each column of the table.
    fn table_cells(&self) -> Vec<String>;
    /// Returns one field for each column of the CSV.
    fn csv_fields(&self) -> Vec<String>;
    /// Writes the line of the format `lines`, without the line's end.
    fn write_line(&self, out: &mut dyn Write) -> io::Result<()>;
}

/// Prints rows one after the other.
pub(crate) struct RowWriter<'a> {
    sink: Sink<'a>,
}

enum Sink<'a> {
    Lines(&'a mut dyn Write),
    Table(TableWriter<'a>),
    Json { out: &'a mut dyn Write, first: bool },
    Jsonl(&'a mut dyn Write),
    Csv(Box<csv::Writer<&'a mut dyn Write>>),
}

impl<'a> RowWriter<'a> {
    /// Begins the output; CSV and JSON print their beginning even when no row follows.
    pub(crate) fn begin<R: Row>(out: &'a mut dyn Write, format: RowsFormat) -> io::Result<Self> {
        let sink = match format {
            RowsFormat::Lines => Sink::Lines(out),
            RowsFormat::Table => Sink::Table(TableWriter::new(out, R::TABLE)),
            RowsFormat::Json => {
                out.write_all(b"[")?;
                Sink::Json { out, first: true }
            }
            RowsFormat::Jsonl => Sink::Jsonl(out),
            RowsFormat::Csv => {
                let mut writer = csv::Writer::from_writer(out);
                writer.write_record(R::CSV).map_err(csv_error)?;
                Sink::Csv(Box::new(writer))
            }
        };
        Ok(Self { sink })
    }

    /// Sets the terminal; only tables depend on it.
    pub(crate) fn on(self, terminal: Terminal) -> Self {
        match self.sink {
            Sink::Table(table) => Self { sink: Sink::Table(table.on(terminal)) },
            sink => Self { sink },
        }
    }

    /// Prints one row.
    pub(crate) fn write<R: Row>(&mut self, row: &R) -> io::Result<()> {
        match &mut self.sink {
            Sink::Lines(out) => {
                row.write_line(out)?;
                out.write_all(b"\n")
            }
            Sink::Table(table) => table.write(row.table_cells()),
            Sink::Json { out, first } => {
                out.write_all(if *first { b"\n" } else { b",\n" })?;
                *first = false;
                serde_json::to_writer(out, row).map_err(io::Error::from)
            }
            Sink::Jsonl(out) => write_json(out, row),
            Sink::Csv(writer) => writer.write_record(row.csv_fields()).map_err(csv_error),
        }
    }

    /// Ends the output.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self.sink {
            Sink::Lines(_) | Sink::Jsonl(_) => Ok(()),
            Sink::Table(table) => table.finish(),
            Sink::Json { out, first } => out.write_all(if first { b"]\n" } else { b"\n]\n" }),
            Sink::Csv(mut writer) => writer.flush(),
        }
    }
}

/// Returns the I/O error inside, so that a closed pipe is recognized.
pub(super) fn csv_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::AccountRow;

    fn printed(format: RowsFormat, rows: &[AccountRow]) -> String {
        let mut out = Vec::new();
        let mut writer = RowWriter::begin::<AccountRow>(&mut out, format).unwrap();
        for row in rows {
            writer.write(row).unwrap();
        }
        writer.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    fn rows() -> [AccountRow; 2] {
        [AccountRow::example(1, "Jessica", 10_000), AccountRow::example(2, "O\"Neil, J", -5)]
    }

    #[test]
    fn lines_look_like_the_tutorials() {
        assert_eq!(
            printed(RowsFormat::Lines, &rows()),
            "name = Jessica, age = 28, country = USA, balance = 10000\n\
             name = O\"Neil, J, age = 28, country = USA, balance = -5\n"
        );
    }

    #[test]
    fn json_is_one_array() {
        let text = printed(RowsFormat::Json, &rows());
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value[0]["balance"], 10_000);
        assert_eq!(value[1]["name"], "O\"Neil, J");
        assert_eq!(printed(RowsFormat::Json, &[]), "[]\n");
    }

    #[test]
    fn jsonl_is_one_object_a_line() {
        let text = printed(RowsFormat::Jsonl, &rows());
        assert_eq!(text.lines().count(), 2);
        assert!(text.lines().all(|line| line.starts_with('{') && line.ends_with('}')));
    }

    #[test]
    fn csv_quotes_fields_where_needed() {
        assert_eq!(
            printed(RowsFormat::Csv, &rows()[1..]),
            "id,name,age,country,balance,opening_balance,overdraft_limit,version\n\
             2,\"O\"\"Neil, J\",28,USA,-5,-5,0,0\n"
        );
    }

    #[test]
    fn tables_align_numbers_to_the_right() {
        assert_eq!(
            printed(RowsFormat::Table, &rows()),
            "id  name       age  country  balance\n\
             \u{20}1  Jessica     28  USA       10,000\n\
             \u{20}2  O\"Neil, J   28  USA           -5\n"
        );
        assert_eq!(printed(RowsFormat::Table, &[]), "");
    }
}
