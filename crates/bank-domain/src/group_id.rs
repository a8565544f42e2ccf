//! [`GroupId`]: what a group of transfers is known by.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::invalid::InvalidInput;
use crate::transfer_id::TransferId;

/// The namespace of the ids of groups: the UUIDv5 of `bank group` in the namespace of the nil UUID. It never changes, because
/// a replay is told by the id.
const NAMESPACE: Uuid = Uuid::from_u128(0xba36_be44_78c2_5c20_8cba_c6c5_2c2a_e4f2);

/// Identifies a group by its members: the UUIDv5 of their ids in ascending order. The order in which they take effect is no part
/// of it, so that a journal can prove the membership.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(Uuid);

impl GroupId {
    /// Returns the id with this UUID, as the journal has it.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// Returns the id of the group that has these members.
    #[must_use]
    pub fn of(members: impl IntoIterator<Item = TransferId>) -> Self {
        let mut ids: Vec<TransferId> = members.into_iter().collect();
        ids.sort_unstable();
        let bytes: Vec<u8> = ids.into_iter().flat_map(|id| id.as_uuid().into_bytes()).collect();
        Self(Uuid::new_v5(&NAMESPACE, &bytes))
    }

    /// Returns the UUID.
    #[must_use]
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }
}

impl FromStr for GroupId {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self).map_err(|_| InvalidInput::GroupId { text: text.to_owned() })
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_groups_never_change() {
        assert_eq!(NAMESPACE, Uuid::new_v5(&Uuid::nil(), b"bank group"));
        let members = [1, 2].map(|id| TransferId::from_uuid(Uuid::from_u128(id)));
        assert_eq!(GroupId::of(members).to_string(), "e89617d5-802f-5736-8c8d-b345a6ba4093");
        assert_eq!(GroupId::of(members), GroupId::of([members[1], members[0]]), "the order does not count");
        assert_eq!(GroupId::of(members).to_string().parse::<GroupId>().unwrap(), GroupId::of(members));
        assert!("42".parse::<GroupId>().is_err());
    }
}
