//! Finds ids that stand on several lines of one file: a program or a spreadsheet has made a mistake, and posting the first
//! would drop the others.

use std::io;

use bank_domain::TransferId;
use uuid::Uuid;

use crate::spill_map::{KEY_BYTES, SpillMap, key_of};

/// The lines' own ids, each with the first two lines that have it.
pub(crate) struct EqualIds {
    first: SpillMap,
    second: SpillMap,
    has_equal: bool,
}

impl EqualIds {
    pub(crate) fn new() -> Self {
        Self { first: SpillMap::new(), second: SpillMap::new(), has_equal: false }
    }

    /// Notes the id of a line, and returns the first line that has it, if that is an earlier one.
    pub(crate) fn note(&mut self, id: TransferId, line: u64) -> io::Result<Option<u64>> {
        let key = key(id);
        let Some(first) = self.first.get(&key)? else {
            self.first.set(key, stored(line))?;
            return Ok(None);
        };
        if !self.has_equal || self.second.get(&key)?.is_none() {
            self.second.set(key, stored(line))?;
            self.has_equal = true;
        }
        Ok(Some(first.into()))
    }

    /// Returns another line with the id of this line, once all lines have been noted.
    pub(crate) fn other_line(&mut self, id: TransferId, line: u64) -> io::Result<Option<u64>> {
        if !self.has_equal {
            return Ok(None);
        }
        let key = key(id);
        let Some(second) = self.second.get(&key)? else { return Ok(None) };
        let first = self.first.get(&key)?;
        Ok(first.map(|first| if first == stored(line) { second.into() } else { first.into() }))
    }
}

/// Four bytes suffice for the lines of every file that can be posted within a year.
fn stored(line: u64) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

fn key(id: TransferId) -> [u8; KEY_BYTES] {
    key_of(Uuid::new_v5(&id.as_uuid(), b""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> TransferId {
        TransferId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn each_of_the_lines_with_an_equal_id_knows_another() {
        let mut ids = EqualIds::new();
        let noted: Vec<_> =
            [(1, 2), (2, 3), (1, 4), (3, 5), (1, 6)].map(|(n, line)| ids.note(id(n), line).unwrap()).into();
        assert_eq!(noted, [None, None, Some(2), None, Some(2)]);
        let others = [(1, 2), (2, 3), (1, 4), (3, 5), (1, 6)].map(|(n, line)| ids.other_line(id(n), line).unwrap());
        assert_eq!(others, [Some(4), None, Some(2), None, Some(2)]);
    }
}
