//! Finds an id that comes twice in one file, for a dry run. When lines are posted, the journal finds it.

use bank_domain::Transfer;
use uuid::Uuid;

use crate::error::BatchError;
use crate::ids::{NAMESPACE, key_of};
use crate::spill_map::SpillMap;

/// Remembers the ids of a file, and 32 bits of the content of each.
pub(crate) struct Duplicates(SpillMap);

/// Whether an earlier line has the id of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duplicate {
    /// No earlier line has it.
    No,
    /// An earlier line has it, with the same content.
    Same,
    /// An earlier line has it, with other content.
    Other,
}

impl Duplicates {
    /// Returns the duplicates of a file of which nothing has been read.
    pub(crate) fn new() -> Self {
        Self(SpillMap::new())
    }

    /// Returns whether an earlier transfer has this one's id, and remembers it.
    pub(crate) fn check(&mut self, transfer: &Transfer) -> Result<Duplicate, BatchError> {
        let key = key_of(Uuid::new_v5(&NAMESPACE, transfer.id.as_uuid().as_bytes()));
        let content = content(transfer);
        match self.0.get(&key).map_err(BatchError::TemporaryFile)? {
            None => {
                self.0.set(key, content).map_err(BatchError::TemporaryFile)?;
                Ok(Duplicate::No)
            }
            Some(before) if before == content => Ok(Duplicate::Same),
            Some(_) => Ok(Duplicate::Other),
        }
    }
}

fn content(transfer: &Transfer) -> u32 {
    let Transfer { id: _, from, to, amount, memo } = transfer;
    // The note of a reversal is no content.
    let reversed = transfer.reverses().map(|original| original.to_string());
    let memo = reversed.as_deref().or(memo.as_ref().map(|memo| memo.as_str())).unwrap_or_default();
    let [a, b, c, d, ..] = Uuid::new_v5(&NAMESPACE, format!("{from} {to} {amount} {memo}").as_bytes()).into_bytes();
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use bank_domain::{AccountId, Amount};
    use bank_persistence::new_transfer_id;

    use super::*;

    #[test]
    fn a_duplicate_has_the_same_content_or_other_content() {
        let (from, to) = (AccountId::new(1), AccountId::new(2));
        let (id, amount) = (new_transfer_id(), Amount::MIN);
        let transfer = Transfer::new(id, from, to, amount);
        let other = Transfer { amount: Amount::MAX, ..transfer.clone() };
        let new = Transfer { id: new_transfer_id(), ..transfer.clone() };
        let mut duplicates = Duplicates::new();
        let found = [&transfer, &transfer, &other, &new].map(|transfer| duplicates.check(transfer).unwrap());
        assert_eq!(found, [Duplicate::No, Duplicate::Same, Duplicate::Other, Duplicate::No]);
    }
}
