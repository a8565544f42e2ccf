//! Finds an id that comes twice in one file, for a dry run. When lines are posted, the journal finds it.

use bank_domain::Transfer;
use uuid::Uuid;

use crate::error::BatchError;
use crate::ids::{NAMESPACE, key_of};
use crate::spill_map::SpillMap;
use crate::status::{LineRejection, LineStatus};

/// Remembers the ids of a file, and 32 bits of the content of each.
pub(crate) struct Duplicates(pub(crate) SpillMap);

impl Duplicates {
    /// Returns the status that a transfer has because of the earlier ones, and remembers its id.
    pub(crate) fn check(&mut self, transfer: &Transfer) -> Result<LineStatus, BatchError> {
        let key = key_of(Uuid::new_v5(&NAMESPACE, transfer.id.as_uuid().as_bytes()));
        let content = content(transfer);
        let before = self.0.get(&key).map_err(BatchError::TemporaryFile)?;
        if before.is_none() {
            self.0.set(key, content).map_err(BatchError::TemporaryFile)?;
        }
        Ok(match before {
            None => LineStatus::Checked,
            Some(before) if before == content => LineStatus::Replayed,
            Some(_) => LineStatus::Rejected(Box::new(LineRejection::EarlierLine(transfer.id))),
        })
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
        let mut duplicates = Duplicates(SpillMap::new());
        let found = [&transfer, &transfer, &other, &new].map(|transfer| duplicates.check(transfer).unwrap());
        let conflict = LineStatus::Rejected(Box::new(LineRejection::EarlierLine(id)));
        assert_eq!(found, [LineStatus::Checked, LineStatus::Replayed, conflict, LineStatus::Checked]);
    }
}
