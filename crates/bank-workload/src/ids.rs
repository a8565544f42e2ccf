//! The ids of a run's transfers: UUIDv7 that also say which client has sent them, and as its how-many-eth.
//!
//! 48 bits of time, the version, 12 bits for the client, the variant, 28 bits that name the run and 34 bits that count
//! the client's transfers. So the journal can be held against what the clients were told with one bit for each transfer.

use std::time::{Instant, SystemTime};

use bank_domain::TransferId;
use bank_persistence::new_transfer_id;
use uuid::Uuid;

const CLIENT_BITS: u32 = 12;
const RUN_BITS: u32 = 28;
const NUMBER_BITS: u32 = 34;

/// The name of a run within its ids, and its clock, which no change of the system's time disturbs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunId {
    tag: u128,
    began: Instant,
    /// Since 1970, by the system's clock, when the run began.
    milliseconds: u128,
}

/// Which transfer of a run an id belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SequenceNumber {
    pub(crate) client: u16,
    pub(crate) number: u64,
}

impl RunId {
    /// Returns a new run.
    pub(crate) fn new() -> Self {
        // The random half of a fresh id.
        let tag = new_transfer_id().as_uuid().as_u128() & mask(RUN_BITS);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { tag, began: Instant::now(), milliseconds: now.as_millis() }
    }

    /// Returns the id of a client's next transfer; it grows with time.
    pub(crate) fn id(&self, number: SequenceNumber) -> TransferId {
        let milliseconds = self.milliseconds + self.began.elapsed().as_millis();
        let client = u128::from(number.client) & mask(CLIENT_BITS);
        let number = u128::from(number.number) & mask(NUMBER_BITS);
        let high = (milliseconds & mask(48)) << 80 | 7 << 76 | client << 64;
        TransferId::from_uuid(Uuid::from_u128(high | 0b10 << 62 | self.tag << NUMBER_BITS | number))
    }

    /// Returns which transfer of this run the id belongs to, or `None` if it is none of this run's.
    pub(crate) fn sequence_number(&self, id: TransferId) -> Option<SequenceNumber> {
        let bits = id.as_uuid().as_u128();
        let is_ours = (bits >> 62) & 0b11 == 0b10 && (bits >> NUMBER_BITS) & mask(RUN_BITS) == self.tag;
        let client = u16::try_from((bits >> 64) & mask(CLIENT_BITS)).ok()?;
        let number = u64::try_from(bits & mask(NUMBER_BITS)).ok()?;
        is_ours.then_some(SequenceNumber { client, number })
    }

    /// Returns an id that stands before all of this run's.
    pub(crate) fn before_first(&self) -> TransferId {
        TransferId::from_uuid(Uuid::from_u128((self.milliseconds & mask(48)) << 80))
    }

    /// Returns an id that stands after all that the run has given so far.
    pub(crate) fn after_last(&self) -> TransferId {
        let milliseconds = self.milliseconds + self.began.elapsed().as_millis() + 1;
        TransferId::from_uuid(Uuid::from_u128((milliseconds & mask(48)) << 80))
    }
}

const fn mask(bits: u32) -> u128 {
    (1 << bits) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_where_it_comes_from_and_grows() {
        let (run, other) = (RunId::new(), RunId { tag: 5, ..RunId::new() });
        let number = SequenceNumber { client: 1023, number: (1 << 34) - 1 };
        let id = run.id(number);
        assert_eq!(id.as_uuid().get_version_num(), 7);
        assert_eq!(id.as_uuid().get_variant(), uuid::Variant::RFC4122);
        assert_eq!(run.sequence_number(id), Some(number));
        assert_eq!(other.sequence_number(id), None);
        assert!(run.before_first() < id && id < run.after_last());
        assert_eq!(run.sequence_number(new_transfer_id()), None);
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert!(run.id(SequenceNumber { client: 0, number: 0 }) > id);
    }
}
