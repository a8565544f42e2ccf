//! Aligned columns, a page at a time, so that a table of millions needs no more memory.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ColumnConstraint, Table, Width, presets};

const PAGE_ROWS: usize = 1_000;

/// Spaces between columns.
const GAP: u16 = 2;

/// A column of a table.
pub(crate) struct Column {
    pub(crate) header: &'static str,
    pub(crate) is_number: bool,
}

impl Column {
    /// Returns a column of text.
    pub(crate) const fn text(header: &'static str) -> Self {
        Self { header, is_number: false }
    }

    /// Returns a column of numbers, aligned to the right.
    pub(crate) const fn number(header: &'static str) -> Self {
        Self { header, is_number: true }
    }
}

/// Prints a table, widening columns from page to page where needed.
pub(crate) struct TableWriter<'a> {
    out: &'a mut dyn Write,
    columns: &'static [Column],
    page: Vec<Vec<String>>,
    /// How wide the columns were so far; empty before the first page.
    widths: Vec<u16>,
}

impl<'a> TableWriter<'a> {
    /// Returns a writer; a table without rows prints nothing, not even the header.
    pub(crate) fn new(out: &'a mut dyn Write, columns: &'static [Column]) -> Self {
        Self { out, columns, page: Vec::new(), widths: Vec::new() }
    }

    /// Takes one row.
    pub(crate) fn write(&mut self, cells: Vec<String>) -> io::Result<()> {
        self.page.push(cells);
        if self.page.len() == PAGE_ROWS {
            self.print_page()?;
        }
        Ok(())
    }

    /// Prints what is left.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        if self.page.is_empty() {
            return Ok(());
        }
        self.print_page()
    }

    fn print_page(&mut self) -> io::Result<()> {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        if self.widths.is_empty() {
            table.set_header(self.columns.iter().map(|column| column.header));
        }
        table.add_rows(self.page.drain(..));
        for (index, column) in table.column_iter_mut().enumerate() {
            if self.columns[index].is_number {
                column.set_cell_alignment(CellAlignment::Right);
            }
            column.set_padding((if index == 0 { 0 } else { GAP }, 0));
            if let Some(width) = self.widths.get(index) {
                // The boundary counts the padding, too.
                let width = width.saturating_add(column.padding_width());
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
            }
        }
        let widths = table.column_max_content_widths();
        self.widths.resize(widths.len(), 0);
        for (widest, width) in self.widths.iter_mut().zip(widths) {
            *widest = width.max(*widest);
        }
        for line in table.lines() {
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
