//! From lines of text to chunks of transfers with ids.

use std::io::BufRead;

use bank_domain::{Group, InvalidInput, TransferId};

use crate::csv::{self, Header};
use crate::digest::ContentDigest;
use crate::equal_ids::EqualIds;
use crate::error::BatchError;
use crate::fields::{Column, NamedTransfer};
use crate::format::Format;
use crate::groups::{self, Labels};
use crate::ids::LineIds;
use crate::json;
use crate::line::Line;
use crate::line_group::LineGroup;
use crate::malformed::{FieldPlace, HeaderError, Malformed, QuoteProblem, UnreadableLine};
use crate::text_lines::TextLines;

/// The most text in a chunk, so that long names and memos take no more memory than short ones.
const TEXT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Lines that belong into one transaction.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) lines: Vec<Line>,
    /// How much of the file has been read after this chunk.
    pub(crate) bytes: u64,
    /// Whether its last line may have lost its end.
    pub(crate) is_cut_off: bool,
}

/// What a reader makes of the lines beside reading them.
pub(crate) struct Reading {
    /// Derives the ids of lines without one.
    pub(crate) ids: Option<LineIds>,
    /// Finds equal ids.
    pub(crate) equal_ids: EqualIds,
    /// Finds labels of groups that return.
    pub(crate) labels: Labels,
    /// Whether all lines were noted by an earlier reading.
    pub(crate) knows_all_ids: bool,
    /// Whether to keep the lines as they are written.
    pub(crate) keeps_raw: bool,
}

impl Reading {
    /// Returns what to do with a file of which nothing is known.
    pub(crate) fn first(ids: Option<LineIds>) -> Self {
        Self { ids, equal_ids: EqualIds::new(), labels: Labels::new(), knows_all_ids: false, keeps_raw: false }
    }

    /// Returns what to do with a file whose lines have been noted.
    pub(crate) fn again(ids: Option<LineIds>, equal_ids: EqualIds, labels: Labels) -> Self {
        Self { ids, equal_ids, labels: labels.begin_again(), knows_all_ids: true, keeps_raw: false }
    }
}

/// Reads the lines of a file, chunk by chunk.
pub(crate) struct ChunkReader {
    lines: TextLines<Box<dyn BufRead + Send>>,
    /// The header of a CSV file; JSON lines have none.
    pub(crate) header: Option<Header>,
    pub(crate) reading: Reading,
    pub(crate) digest: ContentDigest,
    /// Whether there is no line to post.
    pub(crate) is_empty: bool,
    /// The line on which the quoted field that is still open was opened.
    quotes_since: Option<u64>,
    /// The line after the last group, which had to be read to see where that ends.
    pending: Option<Line>,
    /// The line right before, if its group is unknown.
    unreadable_before: Option<u64>,
    /// The label of a group that is too large, of which lines are still to come.
    cut: Option<Box<str>>,
}

impl ChunkReader {
    /// Reads as far as is needed to reject a file that cannot be posted.
    pub(crate) fn new(
        input: Box<dyn BufRead + Send>,
        format: Option<Format>,
        has_reference: bool,
    ) -> Result<Self, BatchError> {
        let mut lines = TextLines::new(input);
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
                if lacks_ids && !has_reference {
                    return Err(BatchError::NoIds);
                }
                lines.put_back();
                is_empty = false;
            }
        }
        let (reading, digest) = (Reading::first(None), ContentDigest::new());
        let (quotes_since, pending, unreadable_before, cut) = (None, None, None, None);
        Ok(Self { lines, header, reading, digest, is_empty, quotes_since, pending, unreadable_before, cut })
    }

    /// Returns the next chunk, of at most `lines_max` lines but for a group that begins in it, or `None` at the end.
    pub(crate) fn next_chunk(&mut self, lines_max: usize) -> Result<Option<Chunk>, BatchError> {
        let mut chunk = Chunk::default();
        let mut text_bytes: usize = 0;
        while chunk.lines.len() < lines_max && text_bytes < TEXT_BYTES_MAX {
            let unit = self.next_unit()?;
            if unit.is_empty() {
                break;
            }
            text_bytes = unit.iter().fold(text_bytes, |bytes, line| bytes.saturating_add(line.text_bytes()));
            chunk.lines.extend(unit);
        }
        chunk.bytes = self.lines.bytes;
        chunk.is_cut_off = self.lines.is_cut_off && self.pending.is_none();
        Ok((!chunk.lines.is_empty()).then_some(chunk))
    }

    /// Returns the lines of the next group, or the next line if it has none; nothing at the end.
    fn next_unit(&mut self) -> Result<Vec<Line>, BatchError> {
        let Some(first) = self.next_or_pending()? else { return Ok(Vec::new()) };
        let unreadable_before = self.unreadable_before.take();
        let LineGroup::Labelled(label) = &first.group else {
            self.unreadable_before = (first.group == LineGroup::Unknown).then_some(first.number);
            return Ok(vec![first]);
        };
        let label = label.clone();
        let mut unit = vec![first];
        // One more than a group may have shows that it is too large.
        while unit.len() <= Group::MEMBERS_MAX {
            match self.next_or_pending()? {
                Some(line) if line.group.label() == Some(&*label) => unit.push(line),
                after => {
                    self.pending = after;
                    break;
                }
            }
        }
        let after = self.pending.as_ref().filter(|line| line.group == LineGroup::Unknown).map(|line| line.number);
        let was_cut = self.cut.as_deref() == Some(&*label);
        groups::check(&mut unit, unreadable_before.or(after), was_cut);
        self.cut = (unit.len() > Group::MEMBERS_MAX || was_cut).then_some(label);
        Ok(unit)
    }

    fn next_or_pending(&mut self) -> Result<Option<Line>, BatchError> {
        match self.pending.take() {
            Some(line) => Ok(Some(line)),
            None => self.next_line(),
        }
    }

    fn next_line(&mut self) -> Result<Option<Line>, BatchError> {
        let Some(text) = self.lines.next()? else { return Ok(None) };
        let unknown = match &self.header {
            Some(header) if !header.has_groups() => LineGroup::None,
            _ => LineGroup::Unknown,
        };
        let (group, parsed) = match (text, self.quotes_since) {
            (Ok(text), Some(line)) => {
                self.quotes_since = self.quotes_since.filter(|_| csv::keeps_quotes_open(text));
                (unknown, Err(Malformed::InsideQuotes(line)))
            }
            (Ok(text), None) => {
                let (group, parsed) = parse(text, self.header.as_ref());
                (group.unwrap_or(unknown), parsed)
            }
            (Err(reason), _) => (unknown, Err(reason.into())),
        };
        match &parsed {
            Ok((named, own_id)) => self.digest.add_transfer(named, *own_id, group.label()),
            Err(_) => self.digest.add_malformed(self.lines.raw()),
        }
        let (number, ordinal) = (self.lines.number, self.digest.lines);
        if matches!(parsed, Err(Malformed::Quotes(_, QuoteProblem::Unclosed))) {
            self.quotes_since = Some(number);
        }
        let raw = self.reading.keeps_raw.then(|| self.lines.raw().into());
        let is_derived = matches!(parsed, Ok((_, None)));
        let content = match parsed {
            Ok((named, own_id)) => self.reading.id(number, ordinal, &named, own_id)?.map(|id| (id, named)),
            Err(malformed) => Err(malformed),
        };
        let returns = self.reading.labels.note(&group, number, self.reading.knows_all_ids);
        let content = match returns.map_err(BatchError::TemporaryFile)? {
            Some(line) => content.and(Err(Malformed::GroupReturns(line))),
            None => content,
        };
        let ids = self.reading.ids.as_ref();
        let id_if_corrected = content.is_err().then(|| ids.map(|ids| ids.of_malformed(ordinal))).flatten();
        Ok(Some(Line { number, content, id_if_corrected, is_derived, group, raw }))
    }
}

impl Reading {
    /// Returns the id of a line: its own, or else the derived one.
    fn id(
        &mut self,
        number: u64,
        ordinal: u64,
        named: &NamedTransfer,
        own_id: Option<TransferId>,
    ) -> Result<Result<TransferId, Malformed>, BatchError> {
        let Some(id) = own_id else {
            return match &mut self.ids {
                Some(ids) => ids.next(ordinal, named).map(Ok),
                None => Ok(Err(Malformed::NoId)),
            };
        };
        let equal =
            if self.knows_all_ids { self.equal_ids.other_line(id, number) } else { self.equal_ids.note(id, number) };
        let equal = equal.map_err(BatchError::TemporaryFile)?;
        let of_reference = self.ids.as_ref().and_then(|ids| ids.ordinal_of(id));
        Ok(match (equal, of_reference) {
            (Some(line), _) => Err(Malformed::EqualId { id, line }),
            (None, Some(ordinal)) => Err(Malformed::IdOfReference(ordinal)),
            (None, None) => Ok(id),
        })
    }
}

/// The transfer of a line, and its id if the line has one.
type Parsed = Result<(NamedTransfer, Option<TransferId>), Malformed>;

/// Returns the group of a line, if it can be read, and its transfer.
fn parse(text: &str, header: Option<&Header>) -> (Option<LineGroup>, Parsed) {
    let invalid = |(column, problem): (Column, InvalidInput)| {
        let place = header.map_or(FieldPlace::Key(column), |header| header.place(column));
        Malformed::from_invalid(place, problem)
    };
    let fields = match header.map_or_else(|| json::fields(text), |header| header.fields(text)) {
        Ok(fields) => fields,
        Err(malformed) => return (None, Err(malformed)),
    };
    match fields.group() {
        Ok(group) => (Some(group), fields.parse().map_err(invalid)),
        Err(problem) => (None, Err(invalid(problem))),
    }
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
mod tests;
