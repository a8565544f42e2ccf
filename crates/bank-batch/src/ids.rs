//! Ids for lines that have none, the same in every run.

use bank_domain::{InvalidInput, Memo, TransferId};
use uuid::Uuid;

use crate::error::BatchError;
use crate::fields::NamedTransfer;
use crate::spill_map::{KEY_BYTES, SpillMap};

/// The namespace of derived ids: the UUIDv5 of `bank-cli batch` in the namespace of the nil UUID. It never changes,
/// because an id that changes would let a transfer be posted twice.
pub(crate) const NAMESPACE: Uuid = Uuid::from_u128(0x53cc_f37b_bce8_567f_92b9_8133_c0b1_e525);

/// The text that names one run of payments, such as `payroll 2026-07`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference(Memo);

impl Reference {
    /// Returns the reference if the text obeys the rules for memos.
    ///
    /// # Errors
    ///
    /// Returns which rule the text breaks.
    pub fn new(text: &str) -> Result<Self, InvalidInput> {
        Memo::new(text).map(Self).map_err(|error| match error {
            InvalidInput::Text { problem, .. } => InvalidInput::Text { what: "reference", problem },
            other => other,
        })
    }
}

/// Derives ids for the lines of one file, in their order.
///
/// An id is the UUIDv5, in [`NAMESPACE`], of reference, from, to, amount, memo (empty if left out) and occurrence,
/// joined by line feeds, which none of them can contain. The occurrence counts equal lines without an id from 1. So a
/// line keeps its id when other lines are moved or corrected.
pub(crate) struct DerivedIds {
    reference: Reference,
    /// The number of occurrences so far.
    occurrences: SpillMap,
}

impl DerivedIds {
    /// Returns the ids of a file of which nothing has been read.
    pub(crate) fn new(reference: Reference) -> Self {
        Self { reference, occurrences: SpillMap::new() }
    }

    /// Returns the id of the next line.
    pub(crate) fn next(&mut self, named: &NamedTransfer) -> Result<TransferId, BatchError> {
        // The id of the first occurrence identifies the content.
        let first = self.derive(named, 1);
        let key = key_of(first);
        let before = self.occurrences.get(&key).map_err(BatchError::TemporaryFile)?;
        let occurrence = before.unwrap_or(0).saturating_add(1);
        self.occurrences.set(key, occurrence).map_err(BatchError::TemporaryFile)?;
        Ok(TransferId::from_uuid(if occurrence == 1 { first } else { self.derive(named, occurrence) }))
    }

    fn derive(&self, named: &NamedTransfer, occurrence: u32) -> Uuid {
        let (reference, NamedTransfer { from, to, amount, memo }) = (self.reference.0.as_str(), named);
        let memo = memo.as_ref().map_or("", |memo| memo.as_str());
        let name = format!("{reference}\n{from}\n{to}\n{amount}\n{memo}\n{occurrence}");
        Uuid::new_v5(&NAMESPACE, name.as_bytes())
    }
}

/// Returns 96 bits of a hash: enough that no two contents share them, and few enough that many can be kept.
pub(crate) fn key_of(hash: Uuid) -> [u8; KEY_BYTES] {
    let [a, b, c, d, e, f, _, g, _, h, i, j, k, l, ..] = hash.into_bytes();
    [a, b, c, d, e, f, g, h, i, j, k, l]
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::HashSet;

    use super::*;
    use crate::fields::Fields;

    fn named(from: &'static str, amount: &'static str, memo: &'static str) -> NamedTransfer {
        let [from, amount, memo] = [from, amount, memo].map(Cow::Borrowed);
        Fields { from, to: "John".into(), amount, memo, ..Fields::default() }.parse().unwrap().0
    }

    fn ids(reference: &str, lines: &[NamedTransfer]) -> Vec<String> {
        let mut ids = DerivedIds::new(Reference::new(reference).unwrap());
        lines.iter().map(|line| ids.next(line).unwrap().to_string()).collect()
    }

    #[test]
    fn the_namespace_is_the_documented_one() {
        assert_eq!(NAMESPACE, Uuid::new_v5(&Uuid::nil(), b"bank-cli batch"));
    }

    #[test]
    fn a_derived_id_is_the_documented_one() {
        let by_hand = |name: &str| Uuid::new_v5(&NAMESPACE, name.as_bytes()).to_string();
        let line = named("Jessica", "800", "");
        assert_eq!(
            ids("payroll 2026-07", &[line.clone(), line]),
            [by_hand("payroll 2026-07\nJessica\nJohn\n800\n\n1"), by_hand("payroll 2026-07\nJessica\nJohn\n800\n\n2")]
        );
    }

    #[test]
    fn a_line_that_differs_in_any_field_has_another_id() {
        let lines = [named("Jessica", "1", ""), named("Jessica", "1", ""), named("Jessica", "2", "")];
        let others = [named("Mary", "1", ""), named("Jessica", "1", "1"), named("Jessica", "11", "")];
        let all = [ids("a", &lines), ids("a", &others), ids("b", &lines)].concat();
        // The first line of `others` and all of `b` are new; nothing is there twice.
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), 9);
    }

    #[test]
    fn correcting_a_line_leaves_the_ids_of_the_others() {
        let before = [named("Jessica", "1", ""), named("Jesica", "2", ""), named("Jessica", "1", "")];
        let mut after = before.clone();
        after[1] = named("Jessica", "2", "");
        let (before, after) = (ids("a", &before), ids("a", &after));
        assert_eq!((&before[0], &before[2]), (&after[0], &after[2]));
        assert_ne!(before[1], after[1]);
    }

    #[test]
    fn a_reference_obeys_the_rules_for_memos() {
        assert!(Reference::new("payroll 2026-07").is_ok());
        assert_eq!(Reference::new("").unwrap_err().to_string(), "reference is empty");
        assert!(Reference::new("a\nb").unwrap_err().to_string().contains("control character"));
    }
}
