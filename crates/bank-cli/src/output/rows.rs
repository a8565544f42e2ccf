//! Prints many rows in constant memory, in any format.

use std::io::{self, Write};

use serde::Serialize;

use super::csv_rows::CsvRows;
use super::format::RowsFormat;
use super::json::write_json;
use super::table::{Column, TableWriter};
use super::terminal::Terminal;

/// A row that can be printed in every format; JSON and CSV come from `Serialize`.
pub(crate) trait Row: Serialize + Default {
    /// The columns of a table.
    const TABLE: &'static [Column];

    /// Returns one cell for each column of the table.
    fn table_cells(&self) -> Vec<String>;
    /// Writes the line of the format `lines`, without the line's end.
    fn write_line(&self, out: &mut dyn Write) -> io::Result<()>;
}

/// Prints rows one after the other.
pub(crate) enum RowWriter<'a> {
    Lines(&'a mut dyn Write),
    Table(TableWriter<'a>),
    Json { out: &'a mut dyn Write, first: bool },
    Jsonl(&'a mut dyn Write),
    Csv(Box<CsvRows<'a>>),
}

impl<'a> RowWriter<'a> {
    /// Begins the output; CSV and JSON print their beginning even when no row follows. Only tables fit the terminal.
    pub(crate) fn begin<R: Row>(out: &'a mut dyn Write, format: RowsFormat, terminal: Terminal) -> io::Result<Self> {
        Ok(match format {
            RowsFormat::Lines => Self::Lines(out),
            RowsFormat::Table => Self::Table(TableWriter::new(out, R::TABLE, terminal)),
            RowsFormat::Json => {
                out.write_all(b"[")?;
                Self::Json { out, first: true }
            }
            RowsFormat::Jsonl => Self::Jsonl(out),
            RowsFormat::Csv => Self::Csv(Box::new(CsvRows::begin::<R>(out)?)),
        })
    }

    /// Prints one row.
    pub(crate) fn write(&mut self, row: &impl Row) -> io::Result<()> {
        match self {
            Self::Lines(out) => {
                row.write_line(out)?;
                out.write_all(b"\n")
            }
            Self::Table(table) => table.write(row.table_cells()),
            Self::Json { out, first } => {
                out.write_all(if *first { b"\n" } else { b",\n" })?;
                *first = false;
                serde_json::to_writer(out, row).map_err(io::Error::from)
            }
            Self::Jsonl(out) => write_json(out, row),
            Self::Csv(rows) => rows.write(row),
        }
    }

    /// Prints a row below the others that sums them up, if the output is a table.
    pub(crate) fn footer(&mut self, cells: Vec<String>) -> io::Result<()> {
        if let Self::Table(table) = self { table.write(cells) } else { Ok(()) }
    }

    /// Ends the output.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self {
            Self::Lines(_) | Self::Jsonl(_) => Ok(()),
            Self::Table(table) => table.finish(),
            Self::Json { out, first } => out.write_all(if first { b"]\n" } else { b"\n]\n" }),
            Self::Csv(rows) => rows.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::AccountRow;

    fn printed(format: RowsFormat, rows: &[AccountRow]) -> String {
        let mut out = Vec::new();
        let mut writer = RowWriter::begin::<AccountRow>(&mut out, format, Terminal::default()).unwrap();
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
    fn every_format_but_json_prints_exactly_this() {
        let lines = "name = Jessica, age = 28, country = USA, balance = 10000\n\
            name = O\"Neil, J, age = 28, country = USA, balance = -5\n";
        let table = "id  name       age  country  balance\n\
            \u{20}1  Jessica     28  USA       10,000\n\
            \u{20}2  O\"Neil, J   28  USA           -5\n";
        let csv = "id,name,age,country,currency,status,balance,opening_balance,overdraft_limit,version\n\
            2,\"O\"\"Neil, J\",28,USA,XXX,open,-5,-5,0,0\n";
        assert_eq!(printed(RowsFormat::Lines, &rows()), lines);
        assert_eq!(printed(RowsFormat::Table, &rows()), table);
        assert_eq!(printed(RowsFormat::Table, &[]), "");
        assert_eq!(printed(RowsFormat::Csv, &rows()[1..]), csv);
    }

    #[test]
    fn json_is_one_array() {
        let text = printed(RowsFormat::Json, &rows());
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value[0]["balance"], "10000");
        assert_eq!(value[1]["name"], "O\"Neil, J");
        assert_eq!(printed(RowsFormat::Json, &[]), "[]\n");
    }

    #[test]
    fn jsonl_is_one_object_a_line() {
        let text = printed(RowsFormat::Jsonl, &rows());
        assert_eq!(text.lines().count(), 2);
        assert!(text.lines().all(|line| line.starts_with('{') && line.ends_with('}')));
    }
}
