//! The results: a line of CSV for each line of the input, as far as it was read.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::error::BatchError;
use crate::line::Line;
use crate::status::LineStatus;

/// The columns, which are part of the interface.
const COLUMNS: [&str; 7] = ["line", "id", "status", "reason", "from", "to", "amount"];

/// Writes what became of each line, as CSV. A malformed line names no accounts and no amount.
pub struct Results {
    path: PathBuf,
    writer: csv::Writer<Box<dyn Write>>,
}

impl Results {
    /// Writes the header, so that a full disk is noticed before anything is posted. The path names the results in errors.
    ///
    /// # Errors
    ///
    /// Returns [`BatchError::Results`] if the header cannot be written.
    pub fn new(path: PathBuf, out: impl Write + 'static) -> Result<Self, BatchError> {
        let mut results = Self { path, writer: csv::Writer::from_writer(Box::new(out)) };
        results.write(std::iter::once(COLUMNS.map(str::to_owned)))?;
        Ok(results)
    }

    /// Writes what became of some lines.
    pub(crate) fn write_lines(&mut self, lines: &[Line], statuses: &[LineStatus]) -> Result<(), BatchError> {
        self.write(lines.iter().zip(statuses).map(|(line, status)| {
            let id = line.id().map_or_else(String::new, |id| id.to_string());
            let reason = status.reason().map_or_else(String::new, ToString::to_string);
            let [from, to, amount] = line.content.as_ref().map_or_else(
                |_| <[String; 3]>::default(),
                |(_, named)| [named.from.to_string(), named.to.to_string(), named.amount.to_string()],
            );
            [line.number.to_string(), id, status.name().to_owned(), reason, from, to, amount]
        }))
    }

    /// Writes rows, and flushes: what was committed is in the file even if the process is killed.
    fn write(&mut self, mut rows: impl Iterator<Item = [String; 7]>) -> Result<(), BatchError> {
        let written = rows.try_for_each(|row| self.writer.write_record(&row)).map_err(io::Error::from);
        let flushed = written.and_then(|()| self.writer.flush());
        flushed.map_err(|error| BatchError::Results(self.path.clone(), error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::Column;
    use crate::line_group::LineGroup;
    use crate::malformed::{FieldPlace, Malformed};

    #[test]
    fn a_reason_is_quoted_where_it_must_be() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("results.csv");
        let mut results = Results::new(path.clone(), std::fs::File::create(&path).unwrap()).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "line,id,status,reason,from,to,amount\n");
        let problem = "x, y".parse::<bank_domain::Decimal>().unwrap_err();
        let malformed = Malformed::from_invalid(FieldPlace::Key(Column::Amount), problem);
        let content = Err(malformed.clone());
        let line =
            Line { number: 7, content, id_if_corrected: None, is_derived: false, group: LineGroup::None, raw: None };
        results.write_lines(&[line], &[LineStatus::Malformed(Box::new(malformed))]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let number = "is not a number: write digits, and decimals behind a point, such as 12.50";
        let expected = format!("7,,malformed,\"key amount: \"\"x, y\"\" {number}\",,,");
        assert_eq!(text, format!("line,id,status,reason,from,to,amount\n{expected}\n"));
    }
}
