//! Aligned columns, printed a page at a time, so that memory does not grow with the number of rows.
//!
//! On a terminal the table fits the width: columns of text wrap, numbers never do. If the terminal is too narrow even
//! then, each row becomes several lines. Without a terminal, the width is unlimited.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};
use indicatif::HumanCount;

use super::terminal::Terminal;

const PAGE_ROWS: usize = 1_000;

/// Spaces between columns.
const GAP: u16 = 2;

/// The narrowest width of a column of text whose content is wider.
const TEXT_WIDTH_MIN: u16 = 8;

/// A column of a table.
pub(crate) struct Column {
    pub(crate) header: &'static str,
    content: Content,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    Text,
    Number,
    Money,
}

impl Column {
    /// Returns a column of text.
    pub(crate) const fn text(header: &'static str) -> Self {
        Self { header, content: Content::Text }
    }

    /// Returns a column of numbers, aligned to the right.
    pub(crate) const fn number(header: &'static str) -> Self {
        Self { header, content: Content::Number }
    }

    /// Returns a column of money: numbers with a separator between thousands.
    pub(crate) const fn money(header: &'static str) -> Self {
        Self { header, content: Content::Money }
    }

    fn is_text(&self) -> bool {
        self.content == Content::Text
    }
}

/// Prints a table, widening columns from page to page where needed.
pub(crate) struct TableWriter<'a> {
    out: &'a mut dyn Write,
    terminal: Terminal,
    columns: &'static [Column],
    page: Vec<Vec<String>>,
    /// The widths of the columns so far; empty before the first page.
    widths: Vec<u16>,
}

impl<'a> TableWriter<'a> {
    /// Returns a writer; a table without rows prints nothing, not even the header.
    pub(crate) fn new(out: &'a mut dyn Write, columns: &'static [Column]) -> Self {
        Self { out, terminal: Terminal::default(), columns, page: Vec::new(), widths: Vec::new() }
    }

    /// Sets the terminal.
    pub(crate) fn on(self, terminal: Terminal) -> Self {
        Self { terminal, ..self }
    }

    /// Adds one row.
    pub(crate) fn write(&mut self, mut cells: Vec<String>) -> io::Result<()> {
        for (cell, column) in cells.iter_mut().zip(self.columns) {
            if column.content == Content::Money {
                *cell = separate_thousands(cell);
            }
        }
        self.page.push(cells);
        if self.page.len() == PAGE_ROWS {
            self.print_page()?;
        }
        Ok(())
    }

    /// Prints the remaining rows.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        if self.page.is_empty() {
            return Ok(());
        }
        self.print_page()
    }

    fn print_page(&mut self) -> io::Result<()> {
        let is_first = self.widths.is_empty();
        let mut body = Table::new();
        body.add_rows(self.page.iter());
        let widths = body.column_max_content_widths();
        let mut header = Table::new();
        header.add_row(self.columns.iter().map(|column| column.header));
        self.widths.resize(widths.len(), 0);
        for (widest, (width, header)) in
            self.widths.iter_mut().zip(widths.into_iter().zip(header.column_max_content_widths()))
        {
            *widest = width.max(header).max(*widest);
        }
        let Some(widths) = self.fitting_widths() else {
            return self.print_records();
        };
        if is_first {
            let style = self.terminal.palette.heading;
            for line in self.lines(header, &widths) {
                writeln!(self.out, "{style}{line}{style:#}")?;
            }
        }
        self.page.clear();
        for line in self.lines(body, &widths) {
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }

    /// Returns widths that fit the terminal; `None` if it is too narrow for columns.
    fn fitting_widths(&self) -> Option<Vec<u16>> {
        let gaps = GAP.saturating_mul(u16::try_from(self.widths.len().saturating_sub(1)).unwrap_or(u16::MAX));
        let sum = |widths: &[u16]| widths.iter().fold(gaps, |sum, width| sum.saturating_add(*width));
        let room = match self.terminal.width {
            Some(room) if sum(&self.widths) > room => room,
            _ => return Some(self.widths.clone()),
        };
        let mut widths = self.widths.clone();
        let shrinks = |index: usize, width: u16| self.columns[index].is_text() && width > TEXT_WIDTH_MIN;
        // Narrow the widest text first, by one: tables have few columns, and terminals few places.
        while sum(&widths) > room {
            let candidates = widths.iter_mut().enumerate().filter(|(index, width)| shrinks(*index, **width));
            let (_, widest) = candidates.max_by_key(|(_, width)| **width)?;
            *widest -= 1;
        }
        Some(widths)
    }

    fn lines(&self, mut table: Table, widths: &[u16]) -> Vec<String> {
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(u16::MAX);
        for (index, column) in table.column_iter_mut().enumerate() {
            if !self.columns[index].is_text() {
                column.set_cell_alignment(CellAlignment::Right);
            }
            column.set_padding((if index == 0 { 0 } else { GAP }, 0));
            // The width counts the padding, too.
            let width = widths[index].saturating_add(column.padding_width());
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
        }
        table.lines().map(|line| line.trim_end().to_owned()).collect()
    }

    /// Prints each row as lines of header and cell, with an empty line after it.
    fn print_records(&mut self) -> io::Result<()> {
        let room = self.terminal.width.unwrap_or(u16::MAX);
        let headers = self.columns.iter().map(|column| column.header.chars().count()).max().unwrap_or_default();
        let headers = u16::try_from(headers).unwrap_or(u16::MAX);
        let beside = room.saturating_sub(headers).saturating_sub(GAP);
        for cells in std::mem::take(&mut self.page) {
            let mut record = Table::new();
            record
                .load_style(presets::NOTHING)
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_width(u16::MAX);
            let widths = if beside >= TEXT_WIDTH_MIN {
                for (column, cell) in self.columns.iter().zip(cells) {
                    record.add_row([column.header.to_owned(), cell]);
                }
                vec![headers, beside.saturating_add(GAP)]
            } else {
                for (column, cell) in self.columns.iter().zip(cells) {
                    record.add_row([column.header.to_owned()]).add_row([cell]);
                }
                vec![room]
            };
            for (index, column) in record.column_iter_mut().enumerate() {
                column.set_padding((if index == 0 { 0 } else { GAP }, 0));
                column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(widths[index])));
            }
            for line in record.lines() {
                writeln!(self.out, "{}", line.trim_end())?;
            }
            writeln!(self.out)?;
        }
        Ok(())
    }
}

/// Returns a whole number, its sign kept, with a comma between thousands.
fn separate_thousands(number: &str) -> String {
    let (sign, digits) = number.split_at(number.find(|c: char| c.is_ascii_digit()).unwrap_or(number.len()));
    digits.parse().map_or_else(|_| number.to_owned(), |count| format!("{sign}{}", HumanCount(count)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] =
        &[Column::number("id"), Column::text("name"), Column::money("balance"), Column::text("memo")];

    fn printed(width: Option<u16>, rows: &[[&str; 4]]) -> String {
        let mut out = Vec::new();
        let mut table = TableWriter::new(&mut out, COLUMNS).on(Terminal { width, ..Terminal::default() });
        for row in rows {
            table.write(row.map(str::to_owned).to_vec()).unwrap();
        }
        table.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    const ROWS: [[&str; 4]; 2] = [["1", "Jessica", "-1234567", "the rent of last month"], ["20", "Al", "999", "x"]];

    #[test]
    fn nothing_wraps_in_a_table_that_fits() {
        let expected = "\
id  name        balance  memo
 1  Jessica  -1,234,567  the rent of last month
20  Al              999  x
";
        assert_eq!(printed(None, &ROWS), expected);
        assert_eq!(printed(Some(47), &ROWS), expected);
    }

    #[test]
    fn text_wraps_and_numbers_do_not_on_a_narrow_terminal() {
        let expected = "\
id  name        balance  memo
 1  Jessica  -1,234,567  the rent
                         of last
                         month
20  Al              999  x
";
        assert_eq!(printed(Some(35), &ROWS), expected);
    }

    #[test]
    fn each_row_becomes_lines_on_a_very_narrow_terminal() {
        let expected = "\
id       1
name     Jessica
balance  -1,234,567
memo     the rent of
         last month

id       20
name     Al
balance  999
memo     x

";
        assert_eq!(printed(Some(20), &ROWS), expected);
        let stacked = printed(Some(9), &ROWS[1..]);
        assert_eq!(stacked, "id\n20\nname\nAl\nbalance\n999\nmemo\nx\n\n");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let wide = [["7", "姓名姓名姓名姓名姓名", "12345", "one-very-long-word-without-any-space"]];
        for width in 8..100 {
            for line in printed(Some(width), &wide).lines() {
                let places: usize = line.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
                assert!(places <= usize::from(width), "{width}: {line:?}");
            }
        }
    }

    #[test]
    fn thousands_are_separated_whatever_the_sign() {
        for (number, separated) in
            [("0", "0"), ("999", "999"), ("1000", "1,000"), ("-100", "-100"), ("+1234567", "+1,234,567"), ("", "")]
        {
            assert_eq!(separate_thousands(number), separated);
        }
        assert_eq!(separate_thousands("-9223372036854775808"), "-9,223,372,036,854,775,808");
    }

    #[test]
    fn later_pages_keep_the_widths_of_earlier_ones() {
        const COLUMNS: &[Column] = &[Column::text("name"), Column::number("balance")];
        let mut out = Vec::new();
        let mut table = TableWriter::new(&mut out, COLUMNS);
        for row in 0..=PAGE_ROWS {
            let name = if row == 5 { "Maximilian" } else { "Al" };
            table.write(vec![name.to_owned(), "1".to_owned()]).unwrap();
        }
        table.finish().unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), PAGE_ROWS + 2, "one header and every row");
        assert_eq!(text.lines().next(), Some("name        balance"));
        assert_eq!(text.lines().last(), Some("Al                1"));
    }
}
