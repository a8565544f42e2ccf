//! Ids as the first edition derived them, for the files that it posted.

use bank_domain::TransferId;
use uuid::Uuid;

use crate::error::BatchError;
use crate::fields::NamedTransfer;
use crate::spill_map::{SpillMap, key_of};

/// The namespace of the ids that the first edition derived: the UUIDv5 of `bank-cli batch` in the namespace of the nil UUID.
pub(crate) const NAMESPACE: Uuid = Uuid::from_u128(0x53cc_f37b_bce8_567f_92b9_8133_c0b1_e525);

/// Derives ids from the content of lines, in their order.
///
/// An id is the UUIDv5, in [`NAMESPACE`], of reference, from, to, amount, memo (empty if left out) and occurrence,
/// joined by line feeds, which none of them can contain. The occurrence counts equal lines without an id from 1.
pub(crate) struct ContentIds {
    reference: String,
    /// The number of occurrences so far.
    occurrences: SpillMap,
}

impl ContentIds {
    /// Returns the ids of a file of which nothing has been read, by the text of its reference as it was typed first.
    pub(crate) fn new(reference: &str) -> Self {
        Self { reference: reference.to_owned(), occurrences: SpillMap::new() }
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
        let (reference, NamedTransfer { from, to, amount, memo }) = (&self.reference, named);
        let (amount, memo) = (amount.canonical(), memo.as_ref().map_or("", |memo| memo.as_str()));
        let name = format!("{reference}\n{from}\n{to}\n{amount}\n{memo}\n{occurrence}");
        Uuid::new_v5(&NAMESPACE, name.as_bytes())
    }
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
        let mut ids = ContentIds::new(reference);
        lines.iter().map(|line| ids.next(line).unwrap().to_string()).collect()
    }

    #[test]
    fn an_id_is_the_one_that_the_first_edition_derived() {
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
    fn the_namespace_is_the_documented_one() {
        assert_eq!(NAMESPACE, Uuid::new_v5(&Uuid::nil(), b"bank-cli batch"));
    }
}
