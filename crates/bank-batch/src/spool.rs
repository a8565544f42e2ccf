//! An input that can be read only once, kept in a temporary file while it is read.

use std::fs::File;
use std::io::{self, BufRead, BufWriter, Read, Write};

/// Passes an input on, and writes what was read of it to an unnamed temporary file, which the operating system removes.
pub(crate) struct Spool<R> {
    input: R,
    file: BufWriter<File>,
    /// What went wrong when the last bytes were written: taking them cannot fail.
    failed: Option<io::Error>,
}

impl<R: BufRead> Spool<R> {
    /// Returns the input, and the file that holds all of it once its end has been read.
    pub(crate) fn new(input: R) -> io::Result<(Self, File)> {
        let file = tempfile::tempfile()?;
        let copy = file.try_clone()?;
        Ok((Self { input, file: BufWriter::new(file), failed: None }, copy))
    }
}

impl<R: BufRead> BufRead for Spool<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let bytes = self.input.fill_buf()?;
        if bytes.is_empty() {
            self.file.flush()?;
        }
        Ok(bytes)
    }

    fn consume(&mut self, amount: usize) {
        // What is consumed was filled before: this asks the input for nothing.
        let written = self.input.fill_buf().and_then(|bytes| self.file.write_all(&bytes[..amount]));
        if let Err(error) = written {
            self.failed = Some(error);
        }
        self.input.consume(amount);
    }
}

impl<R: BufRead> Read for Spool<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Seek};

    use super::*;

    #[test]
    fn the_file_holds_what_was_read() {
        let text = "0123456789".repeat(1000);
        let (mut spool, mut file) = Spool::new(BufReader::with_capacity(7, text.as_bytes())).unwrap();
        let mut line = Vec::new();
        spool.read_until(b'5', &mut line).unwrap();
        let mut rest = String::new();
        spool.read_to_string(&mut rest).unwrap();
        assert_eq!(String::from_utf8(line).unwrap() + &rest, text);
        file.rewind().unwrap();
        let mut kept = String::new();
        file.read_to_string(&mut kept).unwrap();
        assert_eq!(kept, text);
    }
}
