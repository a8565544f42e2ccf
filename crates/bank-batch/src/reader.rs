//! From lines of text to chunks of transfers with ids.

use std::io::BufRead;

use bank_domain::TransferId;

use crate::csv::{self, Header};
use crate::error::BatchError;
use crate::fields::NamedTransfer;
use crate::format::Format;
use crate::ids::{DerivedIds, Reference};
use crate::json;
use crate::malformed::{FieldPlace, HeaderError, Malformed, QuoteProblem, UnreadableLine};
use crate::text_lines::TextLines;

/// The most text in a chunk, so that long names and memos take no more memory than short ones.
const TEXT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// One line of the file with its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) number: u64,
    pub(crate) content: Result<(TransferId, NamedTransfer), Malformed>,
}

impl Line {
    /// Returns about how much memory the line's texts take.
    pub(crate) fn text_bytes(&self) -> usize {
        match &self.content {
            Ok((_, named)) => {
                let memo = named.memo.as_ref().map_or(0, |memo| memo.as_str().len());
                named.from.as_str().len().saturating_add(named.to.as_str().len()).saturating_add(memo)
            }
            Err(malformed) => malformed.to_string().len(),
        }
    }
}

/// Lines that belong into one transaction.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) lines: Vec<Line>,
    /// How much of the file has been read after this chunk.
    pub(crate) bytes: u64,
    /// Whether its last line may have lost its end.
    pub(crate) is_cut_off: bool,
}

/// Reads the lines of a file, chunk by chunk.
pub(crate) struct ChunkReader {
    lines: TextLines<Box<dyn BufRead + Send>>,
    /// The header of a CSV file; JSON lines have none.
    header: Option<Header>,
    ids: Option<DerivedIds>,
    /// Whether there is no line to post.
    pub(crate) is_empty: bool,
    /// The line on which the quoted field that is still open was opened.
    quotes_since: Option<u64>,
}

impl ChunkReader {
    /// Reads as far as is needed to reject a file that cannot be posted.
    pub(crate) fn new(
        input: Box<dyn BufRead + Send>,
        format: Option<Format>,
        reference: Option<Reference>,
    ) -> Result<Self, BatchError> {
        let mut lines = TextLines::new(input);
        let ids = reference.map(DerivedIds::new);
        let (mut header, mut is_empty) = (None, true);
        if let Some(first) = lines.next()? {
            let lacks_ids = match format.unwrap_or_else(|| Format::from_first_line(first)) {
                Format::Jsonl => {
                    let lacks_ids = is_object_without_id(first)?;
                    lines.put_back();
                    lacks_ids
                }
                Format::Csv => {
                    let header = header.insert(first.map_err(HeaderError::Unreadable).and_then(Header::parse)?);
                    !header.has_ids()
                }
            };
            if lines.next()?.is_some() {
                if lacks_ids && ids.is_none() {
                    return Err(BatchError::NoIds);
                }
                lines.put_back();
                is_empty = false;
            }
        }
        Ok(Self { lines, header, ids, is_empty, quotes_since: None })
    }

    /// Returns the next chunk, of at most `lines_max` lines, or `None` at the end.
    pub(crate) fn next_chunk(&mut self, lines_max: usize) -> Result<Option<Chunk>, BatchError> {
        let mut chunk = Chunk::default();
        let mut text_bytes: usize = 0;
        while chunk.lines.len() < lines_max && text_bytes < TEXT_BYTES_MAX {
            let Some(line) = self.next_line()? else { break };
            text_bytes = text_bytes.saturating_add(line.text_bytes());
            chunk.lines.push(line);
        }
        chunk.bytes = self.lines.bytes;
        chunk.is_cut_off = self.lines.is_cut_off;
        Ok((!chunk.lines.is_empty()).then_some(chunk))
    }

    fn next_line(&mut self) -> Result<Option<Line>, BatchError> {
        let Some(text) = self.lines.next()? else { return Ok(None) };
        let parsed = match (text, self.quotes_since) {
            (Ok(text), Some(line)) => {
                self.quotes_since = self.quotes_since.filter(|_| csv::keeps_quotes_open(text));
                Err(Malformed::InsideQuotes(line))
            }
            (Ok(text), None) => parse(text, self.header.as_ref()),
            (Err(reason), _) => Err(reason.into()),
        };
        let number = self.lines.number;
        let content = match (parsed, &mut self.ids) {
            (Err(malformed), _) => {
                if matches!(malformed, Malformed::Quotes(_, QuoteProblem::Unclosed)) {
                    self.quotes_since = Some(number);
                }
                Err(malformed)
            }
            (Ok((named, Some(id))), _) => Ok((id, named)),
            (Ok((named, None)), Some(ids)) => Ok((ids.next(&named)?, named)),
            (Ok((_, None)), None) => Err(Malformed::NoId),
        };
        Ok(Some(Line { number, content }))
    }
}

/// Returns the transfer of a line, and its id if the line has one.
fn parse(text: &str, header: Option<&Header>) -> Result<(NamedTransfer, Option<TransferId>), Malformed> {
    let fields = header.map_or_else(|| json::fields(text), |header| header.fields(text))?;
    fields.parse().map_err(|(column, problem)| {
        let place = header.map_or(FieldPlace::Key(column), |header| header.place(column));
        Malformed::from_invalid(place, problem)
    })
}

/// Returns whether the first line is an object that lacks an id, or an error if it begins an array.
fn is_object_without_id(first: Result<&str, UnreadableLine>) -> Result<bool, BatchError> {
    let Ok(text) = first else { return Ok(false) };
    if text.trim_start().starts_with('[') {
        return Err(BatchError::JsonArray);
    }
    Ok(json::fields(text).is_ok_and(|fields| fields.id.is_empty()))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    const ID: &str = "019b76da-a800-7000-8000-000000000001";

    fn open(text: &str, reference: Option<&str>) -> Result<ChunkReader, BatchError> {
        let reference = reference.map(|text| Reference::new(text).unwrap());
        ChunkReader::new(Box::new(io::Cursor::new(text.to_owned())), None, reference)
    }

    fn lines(text: &str, reference: Option<&str>) -> Vec<Line> {
        let mut reader = open(text, reference).unwrap();
        let mut lines = Vec::new();
        while let Some(chunk) = reader.next_chunk(2).unwrap() {
            assert!(chunk.lines.len() <= 2);
            lines.extend(chunk.lines);
        }
        lines
    }

    fn reason(line: &Line) -> String {
        line.content.as_ref().unwrap_err().to_string()
    }

    #[test]
    fn csv_and_json_lines_ask_for_the_same_transfers() {
        let csv = lines("\u{feff}to,from,amount,memo\r\nJohn,Jessica,8,rent\r\n", Some("r"));
        let json = lines("\n{\"from\":\"Jessica\",\"to\":\"John\",\"amount\":\"8\",\"memo\":\"rent\"}", Some("r"));
        assert_eq!(csv, json);
        assert_eq!(csv[0].number, 2);
    }

    #[test]
    fn the_id_of_a_line_is_kept() {
        let lines = lines(&format!("from,to,amount,id\na,b,1,{ID}\na,b,1,\n"), Some("r"));
        let ids: Vec<String> = lines.iter().map(|line| line.content.as_ref().unwrap().0.to_string()).collect();
        assert_eq!(ids[0], ID);
        assert_ne!(ids[1], ID);
    }

    #[test]
    fn rejects_a_json_array_and_lines_without_ids_or_a_reference() {
        let refused = open("[{\"from\":\"a\"}]", Some("r")).err().unwrap();
        assert!(matches!(refused, BatchError::JsonArray), "{refused:?}");
        for text in ["from,to,amount\na,b,1\n", "{\"from\":\"a\",\"to\":\"b\",\"amount\":1}\n"] {
            let refused = open(text, None).err().unwrap();
            assert!(matches!(refused, BatchError::NoIds), "{refused:?}");
        }
        let lines = lines(&format!("from,to,amount,id\na,b,1,\na,b,1,{ID}"), None);
        assert_eq!(lines[0].content, Err(Malformed::NoId));
        assert!(lines[1].content.is_ok());
    }

    #[test]
    fn a_file_without_lines_is_empty() {
        for text in ["", "\n\n", "from,to,amount", "from,to,amount\n\n"] {
            let mut reader = open(text, None).unwrap();
            assert!(reader.is_empty && reader.next_chunk(9).unwrap().is_none(), "{text:?}");
        }
    }

    #[test]
    fn malformed_lines_do_not_hide_those_after_them() {
        let lines = lines("from,to,amount\na,b,x\na,b\n\n\"a\"c,b,1\na,b,1\n", Some("r"));
        assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), [2, 3, 5, 6]);
        assert_eq!(reason(&lines[0]), "column 3 (amount): amount \"x\" is not a whole number");
        assert_eq!(reason(&lines[1]), "columns: 2 in this line, 3 in the header");
        assert!(reason(&lines[2]).starts_with("column 1 (from): the field has text after its closing quote"));
        assert!(lines[3].content.is_ok());
    }

    #[test]
    fn lines_inside_a_quoted_field_are_malformed() {
        let lines = lines("from,to,amount,memo\na,b,1,\"x\na,b,2,\n\na,b,3,y\"\na,b,4,\na,b,5,\"\na,b,6,", Some("r"));
        let good: Vec<u64> = lines.iter().filter(|line| line.content.is_ok()).map(|line| line.number).collect();
        assert_eq!(good, [6]);
        assert!(reason(&lines[0]).starts_with("column 4 (memo): the field begins with a quote"));
        for (place, since) in [(1, 2), (2, 2), (5, 7)] {
            assert_eq!(reason(&lines[place]), format!("inside a quoted field opened on line {since}"));
        }
    }

    #[test]
    fn a_chunk_holds_a_bounded_amount_of_text() {
        let memo = "é".repeat(200);
        let text = format!("from,to,amount,memo\n{}", format!("a,b,1,{memo}\n").repeat(30_000));
        let chunk = open(&text, Some("r")).unwrap().next_chunk(50_000).unwrap().unwrap();
        assert!((10_000..11_000).contains(&chunk.lines.len()), "{}", chunk.lines.len());
    }
}
