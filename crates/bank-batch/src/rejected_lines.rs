//! The lines that were not posted, in the form of the input, each with its id: corrected there and posted, or posted with the
//! whole file again, each takes effect once.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::csv::Header;
use crate::error::BatchError;
use crate::json;
use crate::line::Line;
use crate::status::LineStatus;

/// Writes the lines that were rejected, malformed or skipped.
pub struct RejectedLines {
    path: PathBuf,
    out: Box<dyn Write>,
    header: Option<Header>,
}

impl RejectedLines {
    /// Returns a writer of lines. The path names it in errors.
    pub fn new(path: PathBuf, out: impl Write + 'static) -> Self {
        Self { path, out: Box::new(out), header: None }
    }

    /// Writes the header, so that a full disk is noticed before anything is posted.
    pub(crate) fn begin(&mut self, header: Option<Header>) -> Result<(), BatchError> {
        let text = header.as_ref().map(|header| {
            if header.has_ids() { format!("{}\n", header.text) } else { format!("id,{}\n", header.text) }
        });
        self.header = header;
        self.write(text.unwrap_or_default().as_bytes())
    }

    /// Writes those of the lines that were not posted.
    pub(crate) fn write_lines(&mut self, lines: &[Line], statuses: &[LineStatus]) -> Result<(), BatchError> {
        let mut text = Vec::new();
        for (line, status) in lines.iter().zip(statuses) {
            if matches!(status, LineStatus::Rejected(_) | LineStatus::Malformed(_) | LineStatus::Skipped) {
                text.extend(self.with_id(line));
                text.push(b'\n');
            }
        }
        self.write(&text)
    }

    /// Returns the line as it is written, with its id. A line whose place for the id cannot be told stays as it is.
    fn with_id(&self, line: &Line) -> Vec<u8> {
        let raw = line.raw.as_deref().unwrap_or_default();
        let Some(id) = line.id() else { return raw.to_owned() };
        let text = std::str::from_utf8(raw);
        match &self.header {
            Some(header) if header.has_ids() => {
                let fields = text.ok().and_then(|text| header.with_id(text, &id.to_string()));
                fields.and_then(|fields| record(&fields)).unwrap_or_else(|| raw.to_owned())
            }
            // The line itself may be anything, such as a quote that is not closed.
            Some(_) => [id.to_string().as_bytes(), b",", raw].concat(),
            None => {
                let object = text.ok().and_then(|text| json::with_id(text, &id.to_string()));
                object.map_or_else(|| raw.to_owned(), String::into_bytes)
            }
        }
    }

    fn write(&mut self, text: &[u8]) -> Result<(), BatchError> {
        let written = self.out.write_all(text).and_then(|()| self.out.flush());
        written.map_err(|error| BatchError::Rejected(self.path.clone(), error))
    }
}

/// Returns the fields as a line of CSV without its end.
fn record(fields: &[String]) -> Option<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    let written = writer.write_record(fields).map_err(io::Error::from);
    let mut line = written.ok().and_then(|()| writer.into_inner().ok())?;
    line.pop();
    Some(line)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use bank_persistence::Derivation;

    use super::*;
    use crate::ids::LineIds;
    use crate::line_group::LineGroup;
    use crate::malformed::Malformed;
    use crate::reader::{ChunkReader, Reading};
    use crate::reference::Reference;

    #[derive(Clone, Default)]
    struct Shared(Rc<RefCell<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Returns the lines of a file that was rejected as a whole, with its ordinals in place of its ids.
    fn rejected(text: &str) -> String {
        let reference = Reference::new("r").unwrap();
        let mut reader = ChunkReader::new(Box::new(io::Cursor::new(text.to_owned())), None, true).unwrap();
        let ids = LineIds::new(&reference, "r", Derivation::Ordinal);
        reader.reading = Reading { keeps_raw: true, ..Reading::first(Some(ids)) };
        let out = Shared::default();
        let mut rejected = RejectedLines::new("rejected".into(), out.clone());
        rejected.begin(reader.header.clone()).unwrap();
        while let Some(chunk) = reader.next_chunk(9).unwrap() {
            let statuses = vec![LineStatus::Skipped; chunk.lines.len()];
            rejected.write_lines(&chunk.lines, &statuses).unwrap();
        }
        let text = String::from_utf8(out.0.borrow().clone()).unwrap();
        let ids = LineIds::new(&reference, "r", Derivation::Ordinal);
        (1..9).fold(text, |text, ordinal| text.replace(&ids.of_malformed(ordinal).to_string(), &format!("#{ordinal}")))
    }

    #[test]
    fn csv_gets_a_column_for_ids_before_the_others() {
        let text = "to,from,amount\r\nb,a,1\r\n\r\n\"b\",a,x\nb\nb,a,\"1\nb,a,2\n";
        assert_eq!(rejected(text), "id,to,from,amount\n#1,b,a,1\n#2,\"b\",a,x\n#3,b\n#4,b,a,\"1\n#5,b,a,2\n");
    }

    #[test]
    fn an_empty_id_is_filled_in_and_any_other_kept() {
        let own = "019b76da-a800-7000-8000-000000000001";
        let text = format!("from,id,to,amount\na,,b,1\na,{own},b,2\n\"a,x\",,b,x\na,42,b,1\na,,b\n");
        let expected = format!("from,id,to,amount\na,#1,b,1\na,{own},b,2\n\"a,x\",#3,b,x\na,42,b,1\na,#5,b\n");
        assert_eq!(rejected(&text), expected);
    }

    #[test]
    fn objects_get_a_key_for_their_id() {
        let text =
            "{\"from\":\"a\",\"to\":\"b\",\"amount\":1}\n {\"from\":\"a\",\"id\":null,\"amount\":x}\nnonsense\n{}\n";
        let expected = "{\"id\":\"#1\",\"from\":\"a\",\"to\":\"b\",\"amount\":1}\n {\"from\":\"a\",\"id\":null,\"amount\":x}\n\
                        nonsense\n{\"id\":\"#4\"}\n";
        assert_eq!(rejected(text), expected);
    }

    #[test]
    fn posted_lines_are_left_out() {
        let malformed = LineStatus::Malformed(Box::new(Malformed::NotAnObject));
        let line = |text: &str| Line {
            number: 1,
            content: Err(Malformed::NotAnObject),
            id_if_corrected: None,
            is_derived: false,
            group: LineGroup::None,
            raw: Some(text.as_bytes().into()),
        };
        let out = Shared::default();
        let statuses = [LineStatus::Posted, malformed, LineStatus::Replayed, LineStatus::Checked, LineStatus::Skipped];
        let lines = ["a", "b", "c", "d", "e"].map(line);
        RejectedLines::new("rejected".into(), out.clone()).write_lines(&lines, &statuses).unwrap();
        assert_eq!(*out.0.borrow(), b"b\ne\n");
    }
}
