//! CSV, one row a line.

use std::io::{self, Write};

use serde::Serialize;

/// Writes rows as CSV, with a header even when no row follows.
pub(crate) struct CsvRows<'a>(csv::Writer<&'a mut dyn Write>);

impl<'a> CsvRows<'a> {
    /// Writes the header: the names of the fields, which the csv crate tells only together with a row.
    pub(crate) fn begin<R: Serialize + Default>(out: &'a mut dyn Write) -> io::Result<Self> {
        let mut sample = csv::Writer::from_writer(Vec::new());
        sample.serialize(R::default()).map_err(io_error)?;
        let sample = sample.into_inner().map_err(csv::IntoInnerError::into_error)?;
        out.write_all(sample.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default())?;
        Ok(Self(csv::WriterBuilder::new().has_headers(false).from_writer(out)))
    }

    /// Writes one row.
    pub(crate) fn write(&mut self, row: &impl Serialize) -> io::Result<()> {
        self.0.serialize(row).map_err(io_error)
    }

    /// Writes out the buffer.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Returns the I/O error inside, so that a closed pipe is recognized.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
