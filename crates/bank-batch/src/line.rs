//! One line of a file.

use bank_domain::TransferId;

use crate::fields::NamedTransfer;
use crate::line_group::LineGroup;
use crate::malformed::Malformed;

/// One line of the file with its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) number: u64,
    pub(crate) content: Result<(TransferId, NamedTransfer), Malformed>,
    /// The id to post the line under once it is corrected, if it is malformed and has a reference.
    pub(crate) id_if_corrected: Option<TransferId>,
    /// Whether the id was derived.
    pub(crate) is_derived: bool,
    /// The group that it belongs to.
    pub(crate) group: LineGroup,
    /// The line as it is written, if it is kept.
    pub(crate) raw: Option<Box<[u8]>>,
}

impl Line {
    /// Returns the id under which the line is or could be posted.
    pub(crate) fn id(&self) -> Option<TransferId> {
        self.content.as_ref().map_or(self.id_if_corrected, |(id, _)| Some(*id))
    }

    /// Returns about how much memory the line's texts take.
    pub(crate) fn text_bytes(&self) -> usize {
        let parsed = match &self.content {
            Ok((_, named)) => {
                let memo = named.memo.as_ref().map_or(0, |memo| memo.as_str().len());
                named.from.as_str().len().saturating_add(named.to.as_str().len()).saturating_add(memo)
            }
            Err(malformed) => malformed.to_string().len(),
        };
        parsed.saturating_add(self.raw.as_ref().map_or(0, |raw| raw.len()))
    }
}
