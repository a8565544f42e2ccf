//! The lines of a file as text: numbered, and bounded in memory.

use std::io::{self, BufRead, Read};
use std::str::Utf8Error;

use crate::error::BatchError;
use crate::malformed::{LINE_BYTES_MAX, UnreadableLine};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads the lines that are not blank.
pub(crate) struct TextLines<R> {
    input: R,
    buffer: Vec<u8>,
    too_long: bool,
    is_put_back: bool,
    /// The number of the line read last, counted from 1, blank lines included.
    pub(crate) number: u64,
    /// How many bytes have been read.
    pub(crate) bytes: u64,
    /// Whether the line read last has no line feed, so that the input may have lost its end.
    pub(crate) is_cut_off: bool,
}

impl<R: BufRead> TextLines<R> {
    /// Returns the lines of the input.
    pub(crate) fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), too_long: false, is_put_back: false, number: 0, bytes: 0, is_cut_off: false }
    }

    /// Returns the text of the next line that is not blank, or why it has none.
    pub(crate) fn next(&mut self) -> Result<Option<Result<&str, UnreadableLine>>, BatchError> {
        while std::mem::take(&mut self.is_put_back) || self.read().map_err(BatchError::CannotRead)? {
            if self.too_long || !self.buffer.trim_ascii().is_empty() {
                return Ok(Some(self.text()));
            }
        }
        Ok(None)
    }

    /// Makes [`Self::next`] return the line read last once more.
    pub(crate) fn put_back(&mut self) {
        self.is_put_back = true;
    }

    /// Reads one line without its end and returns whether there was one.
    fn read(&mut self) -> io::Result<bool> {
        // The longest line, its line end of two bytes, and one more byte, which shows that a line is longer.
        const READ_MAX: u64 = LINE_BYTES_MAX + 3;
        self.buffer.clear();
        let mut read = length((&mut self.input).take(READ_MAX).read_until(b'\n', &mut self.buffer)?);
        if read == 0 {
            return Ok(false);
        }
        let is_cut = read == READ_MAX && self.buffer.last() != Some(&b'\n');
        if is_cut {
            read = read.saturating_add(length(self.input.skip_until(b'\n')?));
        }
        let is_blank = self.buffer.trim_ascii().is_empty();
        self.is_cut_off = !is_cut && !is_blank && self.buffer.last() != Some(&b'\n');
        self.number = self.number.saturating_add(1);
        self.bytes = self.bytes.saturating_add(read);
        for end in [b'\n', b'\r'] {
            if self.buffer.last() == Some(&end) {
                self.buffer.pop();
            }
        }
        if self.number == 1 && self.buffer.starts_with(BYTE_ORDER_MARK) {
            self.buffer.drain(..BYTE_ORDER_MARK.len());
        }
        self.too_long = is_cut || length(self.buffer.len()) > LINE_BYTES_MAX;
        Ok(true)
    }

    /// Returns the bytes of the line read last, without its end; of a line that is too long, the first of them.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.buffer
    }

    fn text(&self) -> Result<&str, UnreadableLine> {
        if self.too_long {
            return Err(UnreadableLine::TooLong);
        }
        let not_utf8 = |error: Utf8Error| UnreadableLine::NotUtf8(error.valid_up_to().saturating_add(1));
        std::str::from_utf8(&self.buffer).map_err(not_utf8)
    }
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(input: &[u8]) -> Vec<(u64, String)> {
        let mut lines = TextLines::new(input);
        let mut all = Vec::new();
        loop {
            let text = match lines.next().unwrap() {
                None => return all,
                Some(Ok(text)) => text.to_owned(),
                Some(Err(reason)) => format!("{reason:?}"),
            };
            all.push((lines.number, text));
        }
    }

    fn numbered(lines: &[(u64, &str)]) -> Vec<(u64, String)> {
        lines.iter().map(|(number, text)| (*number, (*text).to_owned())).collect()
    }

    #[test]
    fn lines_are_numbered_and_bare() {
        for (input, expected) in [
            (&b"a\nb\r\nc"[..], &[(1, "a"), (2, "b"), (3, "c")][..]),
            (b"a\n", &[(1, "a")]),
            (b"", &[]),
            // Blank lines are counted and skipped.
            (b"\n \t\r\na\n\n\nb\n\n", &[(3, "a"), (6, "b")]),
            // A byte order mark is skipped at the beginning of the file.
            (b"\xef\xbb\xbfa\n\xef\xbb\xbfb", &[(1, "a"), (2, "\u{feff}b")]),
            (b"\xef\xbb\xbf\na", &[(2, "a")]),
            // A line that is not UTF-8 names its first bad byte.
            (b"a\nM\xfcller\nb", &[(1, "a"), (2, "NotUtf8(2)"), (3, "b")]),
        ] {
            assert_eq!(all(input), numbered(expected));
        }
    }

    #[test]
    fn a_line_that_is_too_long_does_not_spoil_the_next_one() {
        let max = usize::try_from(LINE_BYTES_MAX).unwrap();
        for (length, is_too_long) in [(max - 1, false), (max, false), (max + 1, true), (max + 2, true), (max * 3, true)]
        {
            for end in ["\n", "\r\n"] {
                let long = "x".repeat(length);
                let found = all(format!("a{end}{long}{end}b").as_bytes());
                let expected = if is_too_long { "TooLong" } else { &long };
                assert!(found == numbered(&[(1, "a"), (2, expected), (3, "b")]), "{length} {end:?}");
            }
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_not_kept_in_memory() {
        let mut lines = TextLines::new(io::BufReader::new(io::repeat(b'x').take(50 << 20)));
        assert_eq!(lines.next().unwrap(), Some(Err(UnreadableLine::TooLong)));
        assert!(lines.buffer.capacity() < 4 << 20);
        assert_eq!(lines.bytes, 50 << 20);
    }

    #[test]
    fn a_last_line_without_a_line_feed_may_be_cut_off() {
        for (input, is_cut_off) in [("a\nb\n", false), ("a\nb", true), ("a\nb\n ", false), ("", false)] {
            let mut lines = TextLines::new(input.as_bytes());
            while lines.next().unwrap().is_some() {}
            assert_eq!(lines.is_cut_off, is_cut_off, "{input:?}");
        }
    }

    #[test]
    fn a_line_put_back_comes_again_once() {
        let mut lines = TextLines::new(&b"a\nb"[..]);
        lines.next().unwrap();
        lines.put_back();
        assert_eq!(lines.next().unwrap(), Some(Ok("a")));
        assert_eq!(lines.next().unwrap(), Some(Ok("b")));
        assert_eq!(lines.next().unwrap(), None);
    }
}
