//! The ids of a run's transfers: UUIDv7s that also encode the client and its sequence number.
//!
//! 48 bits of time, the version, 12 bits for the client, the variant, 28 bits that name the run and 34 bits that count
//! the client's transfers. So the journal can be compared with what the clients were told by one bit for each transfer.

use std::time::{Instant, SystemTime};

use bank_domain::TransferId;
use bank_persistence::new_transfer_id;
use uuid::Uuid;

const CLIENT_BITS: u32 = 12;
const RUN_BITS: u32 = 28;
const TRANSFER_BITS: u32 = 34;

/// The name of a run within its ids, and its clock, which no change of the system's time disturbs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunId {
    tag: u128,
    began: Instant,
    /// Since 1970, by the system's clock, when the run began.
    milliseconds: u128,
}

/// Which transfer of which client an id belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SequenceNumber {
    pub(crate) client: u16,
    pub(crate) transfer: u64,
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
        let client = u128::from(number.client) & mask(CLIENT_BITS);
        let transfer = u128::from(number.transfer) & mask(TRANSFER_BITS);
        let version = 7 << 76 | client << 64;
        TransferId::from_uuid(Uuid::from_u128(
            time(self.now()) | version | 0b10 << 62 | self.tag << TRANSFER_BITS | transfer,
        ))
    }

    /// Returns the client and its sequence number that an id of this run encodes, and `None` for every other id.
    pub(crate) fn sequence_number(&self, id: TransferId) -> Option<SequenceNumber> {
        let bits = id.as_uuid().as_u128();
        let is_ours = (bits >> 62) & 0b11 == 0b10 && (bits >> TRANSFER_BITS) & mask(RUN_BITS) == self.tag;
        let client = u16::try_from((bits >> 64) & mask(CLIENT_BITS)).ok()?;
        let transfer = u64::try_from(bits & mask(TRANSFER_BITS)).ok()?;
        is_ours.then_some(SequenceNumber { client, transfer })
    }

    /// Returns an id that sorts before all ids of this run.
    pub(crate) fn before_first(&self) -> TransferId {
        TransferId::from_uuid(Uuid::from_u128(time(self.milliseconds)))
    }

    /// Returns an id that sorts after all ids that the run has given so far.
    pub(crate) fn after_last(&self) -> TransferId {
        TransferId::from_uuid(Uuid::from_u128(time(self.now() + 1)))
    }

    fn now(&self) -> u128 {
        self.milliseconds + self.began.elapsed().as_millis()
    }
}

const fn time(milliseconds: u128) -> u128 {
    (milliseconds & mask(48)) << 80
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
        let number = SequenceNumber { client: 1023, transfer: (1 << 34) - 1 };
        let id = run.id(number);
        assert_eq!(id.as_uuid().get_version_num(), 7);
        assert_eq!(id.as_uuid().get_variant(), uuid::Variant::RFC4122);
        assert_eq!(run.sequence_number(id), Some(number));
        assert_eq!(other.sequence_number(id), None);
        assert!(run.before_first() < id && id < run.after_last());
        assert_eq!(run.sequence_number(new_transfer_id()), None);
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert!(run.id(SequenceNumber { client: 0, transfer: 0 }) > id);
    }
}
