//! Ids for lines that have none, the same in every run.

use bank_domain::TransferId;
use bank_persistence::Derivation;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::content_ids::ContentIds;
use crate::error::BatchError;
use crate::fields::NamedTransfer;
use crate::reference::Reference;

/// Derives ids for the lines of one file.
pub(crate) struct LineIds {
    ordinals: OrdinalIds,
    /// For a file that the first edition posted.
    contents: Option<ContentIds>,
}

impl LineIds {
    /// Returns the ids of a file of which nothing has been read. `typed` is its reference as it was typed first.
    pub(crate) fn new(reference: &Reference, typed: &str, derivation: Derivation) -> Self {
        let contents = (derivation == Derivation::Content).then(|| ContentIds::new(typed));
        Self { ordinals: OrdinalIds::new(reference), contents }
    }

    /// Returns the id of the line with this ordinal. Lines must come in their order.
    pub(crate) fn next(&mut self, ordinal: u64, named: &NamedTransfer) -> Result<TransferId, BatchError> {
        match &mut self.contents {
            Some(contents) => contents.next(named),
            None => Ok(self.ordinals.get(ordinal)),
        }
    }

    /// Returns the id of a line that asks for no transfer, to be posted under once it is corrected.
    pub(crate) fn of_malformed(&self, ordinal: u64) -> TransferId {
        self.ordinals.get(ordinal)
    }

    /// Returns the ordinal of the line that the reference gives this id to.
    pub(crate) fn ordinal_of(&self, id: TransferId) -> Option<u64> {
        self.ordinals.ordinal_of(id)
    }
}

/// The ids that belong to a reference: a UUIDv8 of 80 bits of the SHA-256 of the reference's key, then the line's ordinal.
/// So the ids of a file are neighbours, which a journal appends fastest.
pub(crate) struct OrdinalIds {
    /// The id with the ordinal zero, which no line has.
    base: u128,
}

impl OrdinalIds {
    const ORDINAL_BITS: u32 = 42;
    const ORDINAL_MAX: u64 = (1 << Self::ORDINAL_BITS) - 1;

    /// Returns the ids that belong to a reference.
    pub(crate) fn new(reference: &Reference) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, ..]: [u8; 32] = Sha256::digest(reference.key()).into();
        let hash = u128::from_be_bytes([0, 0, 0, 0, 0, 0, a, b, c, d, e, f, g, h, i, j]);
        // RFC 9562, section 5.8: 48 bits, the version, 12 bits, the variant, 62 bits.
        let (first, second, third) = (hash >> 32, (hash >> 20) & 0xfff, hash & 0xf_ffff);
        let base = (first << 80) | (0x8 << 76) | (second << 64) | (0b10 << 62) | (third << Self::ORDINAL_BITS);
        Self { base }
    }

    /// Returns the id of the line with this ordinal, counted from 1. No file has 2⁴² lines.
    pub(crate) fn get(&self, ordinal: u64) -> TransferId {
        TransferId::from_uuid(Uuid::from_u128(self.base | u128::from(ordinal.min(Self::ORDINAL_MAX))))
    }

    /// Returns the first and the last id that a line can have.
    pub(crate) fn range(&self) -> (TransferId, TransferId) {
        (self.get(0), self.get(Self::ORDINAL_MAX))
    }

    pub(crate) fn ordinal_of(&self, id: TransferId) -> Option<u64> {
        let ordinal = id.as_uuid().as_u128() ^ self.base;
        u64::try_from(ordinal).ok().filter(|ordinal| *ordinal <= Self::ORDINAL_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(reference: &str) -> OrdinalIds {
        OrdinalIds::new(&Reference::new(reference).unwrap())
    }

    #[test]
    fn an_id_is_the_documented_one_and_a_uuid_of_version_8() {
        let hash = Sha256::digest("payroll 2026-07");
        let fourth = 0x8000 | (u16::from(hash[7] & 0xf) << 10) | (u16::from(hash[8]) << 2) | u16::from(hash[9] >> 6);
        let [first, second, third] = [&hash[..4], &hash[4..6], &hash[6..8]].map(hex);
        let expected = format!("{first}-{second}-8{}-{fourth:04x}-", &third[..3]);
        let id = ids("Payroll  2026-07").get(1).as_uuid();
        assert_eq!((id.get_version_num(), id.get_variant()), (8, uuid::Variant::RFC4122));
        assert_eq!(format!("{id}")[..24], expected);
        assert_eq!(id.as_u128() & 0xffff_ffff, 1);
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_ids_of_a_reference_are_neighbours_and_know_their_ordinals() {
        let ids = ids("r");
        let (first, last) = ids.range();
        for ordinal in [1, 2, 1_000_000, OrdinalIds::ORDINAL_MAX] {
            let id = ids.get(ordinal);
            assert!(first < id && id <= last);
            assert_eq!(ids.ordinal_of(id), Some(ordinal));
        }
        assert_eq!(ids.ordinal_of(self::ids("s").get(1)), None);
        assert_eq!(ids.ordinal_of(bank_persistence::new_transfer_id()), None);
    }
}
