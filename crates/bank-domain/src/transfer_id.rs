//! [`TransferId`]: the idempotency key of a transfer.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::invalid::InvalidInput;

/// The namespace of the ids of further members: the UUIDv5 of `bank group member` in the namespace of the nil UUID. It never
/// changes, because an id that changes would let an order be posted twice.
const MEMBERS: Uuid = Uuid::from_u128(0x6080_bdcd_7b2f_5036_8c73_2cea_e90b_b1c3);

/// Identifies a transfer in every database and for ever: its idempotency key.
///
/// The client makes it, as a UUIDv7 if it can: ids that grow with time are inserted about twice as fast as random ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferId(Uuid);

impl TransferId {
    /// Returns the id with this UUID.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// Returns the id if a new transfer may have it. A journal that has the nil UUID reads as any other.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::NilTransferId`] for the nil UUID: it is what a program sends that has not set the id, and its second
    /// payment would be replayed silently.
    pub const fn for_new_transfer(self) -> Result<Self, InvalidInput> {
        if self.0.is_nil() { Err(InvalidInput::NilTransferId) } else { Ok(self) }
    }

    /// Returns the id of a member of the group that is made for one order: the id itself for the first, and ids derived from it,
    /// UUIDv5, for the others. So an order that was sent once with fewer members is not paid again.
    #[must_use]
    pub fn of_member(self, ordinal: u32) -> Self {
        if ordinal == 0 {
            return self;
        }
        let mut name = self.0.as_bytes().to_vec();
        name.extend_from_slice(&ordinal.to_be_bytes());
        Self(Uuid::new_v5(&MEMBERS, &name))
    }

    /// Returns the UUID.
    #[must_use]
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }
}

impl FromStr for TransferId {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self).map_err(|_| InvalidInput::TransferId { text: text.to_owned() })
    }
}

impl fmt::Display for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_any_uuid_and_prints_hyphenated() {
        let id: TransferId = "018F4E5E00007000800000000000002A".parse().unwrap();
        assert_eq!(id.to_string(), "018f4e5e-0000-7000-8000-00000000002a");
        for text in ["", "42", "018f4e5e-0000-7000-8000-00000000002", "not-a-uuid\0"] {
            assert!(text.parse::<TransferId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn ids_of_members_never_change() {
        assert_eq!(MEMBERS, Uuid::new_v5(&Uuid::nil(), b"bank group member"));
        let id = TransferId::from_uuid(Uuid::from_u128(1));
        assert_eq!(id.of_member(0), id);
        assert_eq!(id.of_member(1).to_string(), "4b319dd1-34de-5a45-b9be-1e6faeb8a3c3");
        assert_ne!(id.of_member(2), id.of_member(1));
    }

    #[test]
    fn the_nil_uuid_is_read_and_is_no_id_for_a_new_transfer() {
        let nil: TransferId = "00000000-0000-0000-0000-000000000000".parse().unwrap();
        assert_eq!(nil.for_new_transfer(), Err(InvalidInput::NilTransferId));
        let id = TransferId::from_uuid(Uuid::from_u128(1));
        assert_eq!(id.for_new_transfer(), Ok(id));
    }
}
