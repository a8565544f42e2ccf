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

/// A column of a table: its content, and its header.
#[derive(Clone, Copy)]
pub(crate) enum Column {
    Text(&'static str),
    /// Aligned to the right.
    Number(&'static str),
    /// Aligned to the right, with a separator between thousands.
    Money(&'static str),
}

impl Column {
    fn header(self) -> &'static str {
        let (Self::Text(header) | Self::Number(header) | Self::Money(header)) = self;
        header
    }

    fn is_text(self) -> bool {
        matches!(self, Self::Text(_))
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
    pub(crate) fn new(out: &'a mut dyn Write, columns: &'static [Column], terminal: Terminal) -> Self {
        Self { out, terminal, columns, page: Vec::new(), widths: Vec::new() }
    }

    /// Adds one row.
    pub(crate) fn write(&mut self, mut cells: Vec<String>) -> io::Result<()> {
        for (cell, column) in cells.iter_mut().zip(self.columns) {
            if let Column::Money(_) = column {
                *cell = separate_thousands(cell);
            }
        }
        self.page.push(cells);
        if self.page.len() == PAGE_ROWS { self.print_page() } else { Ok(()) }
    }

    /// Prints the remaining rows.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        if self.page.is_empty() { Ok(()) } else { self.print_page() }
    }

    fn print_page(&mut self) -> io::Result<()> {
        let mut body = Table::new();
        body.add_rows(self.page.iter());
        let mut header = Table::new();
        header.add_row(self.columns.iter().map(|column| column.header()));
        let is_first = self.widths.is_empty();
        self.widths.resize(self.columns.len(), 0);
        for table in [&header, &body] {
            for (widest, width) in self.widths.iter_mut().zip(table.column_max_content_widths()) {
                *widest = width.max(*widest);
            }
        }
        let Some(widths) = self.fitting_widths() else {
            return self.print_records();
        };
        let is_right = |index: usize| !self.columns[index].is_text();
        if is_first {
            let style = self.terminal.palette.heading;
            for line in lines(header, &widths, is_right) {
                writeln!(self.out, "{style}{line}{style:#}")?;
            }
        }
        for line in lines(body, &widths, is_right) {
            writeln!(self.out, "{line}")?;
        }
        self.page.clear();
        Ok(())
    }

    /// Returns widths that fit the terminal; `None` if it is too narrow for columns.
    fn fitting_widths(&self) -> Option<Vec<u16>> {
        let mut widths = self.widths.clone();
        let gaps = GAP.saturating_mul(u16::try_from(widths.len().saturating_sub(1)).unwrap_or(u16::MAX));
        let sum = |widths: &[u16]| widths.iter().fold(gaps, |sum, width| sum.saturating_add(*width));
        let shrinks = |index: usize, width: u16| self.columns[index].is_text() && width > TEXT_WIDTH_MIN;
        // Narrow the widest text first, by one: tables have few columns, and terminals few places.
        while self.terminal.width.is_some_and(|room| sum(&widths) > room) {
            let candidates = widths.iter_mut().enumerate().filter(|(index, width)| shrinks(*index, **width));
            let (_, widest) = candidates.max_by_key(|(_, width)| **width)?;
            *widest -= 1;
        }
        Some(widths)
    }

    /// Prints each row as lines of header and cell, with an empty line after it.
    fn print_records(&mut self) -> io::Result<()> {
        let room = self.terminal.width.unwrap_or(u16::MAX);
        let headers = self.columns.iter().map(|column| column.header().chars().count()).max().unwrap_or_default();
        let headers = u16::try_from(headers).unwrap_or(u16::MAX);
        let beside = room.saturating_sub(headers).saturating_sub(GAP);
        let widths = if beside >= TEXT_WIDTH_MIN { vec![headers, beside] } else { vec![room] };
        for cells in self.page.drain(..) {
            let mut record = Table::new();
            for (column, cell) in self.columns.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                let both = [column.header().to_owned(), cell];
                record.add_rows(both.chunks(widths.len()));
            }
            for line in lines(record, &widths, |_| false) {
                writeln!(self.out, "{line}")?;
            }
            writeln!(self.out)?;
        }
        Ok(())
    }
}

/// Returns the lines of a table with columns of these widths, and with gaps between them.
fn lines(mut table: Table, widths: &[u16], is_right: impl Fn(usize) -> bool) -> Vec<String> {
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(u16::MAX);
    for (index, column) in table.column_iter_mut().enumerate() {
        if is_right(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        column.set_padding((if index == 0 { 0 } else { GAP }, 0));
        // The width counts the padding, too.
        let width = widths[index].saturating_add(column.padding_width());
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Returns money with a comma between thousands; its sign, decimals and currency are kept.
fn separate_thousands(money: &str) -> String {
    let (sign, rest) = money.split_at(money.find(|c: char| c.is_ascii_digit()).unwrap_or(money.len()));
    let (digits, rest) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
    // A total may exceed 64 bits, and is printed as it is.
    digits.parse().map_or_else(|_| money.to_owned(), |count| format!("{sign}{}{rest}", HumanCount(count)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] =
        &[Column::Number("id"), Column::Text("name"), Column::Money("balance"), Column::Text("memo")];

    fn printed(width: Option<u16>, rows: &[[&str; 4]]) -> String {
        let mut out = Vec::new();
        let mut table = TableWriter::new(&mut out, COLUMNS, Terminal { width, ..Terminal::default() });
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
        assert_eq!(separate_thousands("+1234567.50 EUR"), "+1,234,567.50 EUR");
    }

    #[test]
    fn later_pages_keep_the_widths_of_earlier_ones() {
        const COLUMNS: &[Column] = &[Column::Text("name"), Column::Number("balance")];
        let mut out = Vec::new();
        let mut table = TableWriter::new(&mut out, COLUMNS, Terminal::default());
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
