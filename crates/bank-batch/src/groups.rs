//! Groups of lines: lines one after the other with the same label are posted together or not at all.

use std::io;

use bank_domain::{Group, TransferId};
use uuid::Uuid;

use crate::equal_ids::EqualIds;
use crate::line::Line;
use crate::line_group::LineGroup;
use crate::malformed::Malformed;

/// The labels of a file, each with the lines at which its group begins: a label that returns after other lines is a mistake.
pub(crate) struct Labels {
    begins: EqualIds,
    /// The label of the line before, and another line at which its group begins.
    last: Option<(Box<str>, Option<u64>)>,
}

impl Labels {
    pub(crate) fn new() -> Self {
        Self { begins: EqualIds::new(), last: None }
    }

    /// Notes the group of the next line, and returns another line at which a group of the same label begins. It may be a later
    /// one if all lines have been noted by an earlier reading.
    pub(crate) fn note(&mut self, group: &LineGroup, line: u64, knows_all: bool) -> io::Result<Option<u64>> {
        let Some(label) = group.label() else {
            self.last = None;
            return Ok(None);
        };
        if let Some((last, other)) = &self.last
            && **last == *label
        {
            return Ok(*other);
        }
        let key = TransferId::from_uuid(Uuid::new_v5(&Uuid::nil(), label.as_bytes()));
        let other = if knows_all { self.begins.other_line(key, line) } else { self.begins.note(key, line) }?;
        self.last = Some((label.into(), other));
        Ok(other)
    }

    /// Forgets the line before, because the file is read again.
    pub(crate) fn begin_again(self) -> Self {
        Self { last: None, ..self }
    }
}

/// Makes all lines of a group malformed if one is, if there are too few or too many, or if a line right beside it, which may
/// belong to it, cannot be read. The whole group was read unless it `is_cut`.
pub(crate) fn check(lines: &mut [Line], unreadable_beside: Option<u64>, is_cut: bool) {
    let bad = lines.iter().find(|line| line.content.is_err()).map(|line| line.number);
    let problem = if is_cut || lines.len() > Group::MEMBERS_MAX {
        Malformed::GroupTooLarge
    } else if let Some(line) = bad {
        Malformed::GroupMember(line)
    } else if lines.len() < Group::MEMBERS_MIN {
        Malformed::GroupOfOne
    } else if let Some(line) = unreadable_beside {
        Malformed::GroupBeside(line)
    } else {
        return;
    };
    for line in lines {
        if let Ok((id, _)) = &line.content {
            line.id_if_corrected = Some(*id);
            line.content = Err(problem.clone());
        }
    }
}
