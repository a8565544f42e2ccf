//! Fresh ids for transfers.

use std::time::SystemTime;

use bank_domain::TransferId;

/// Returns a new id: a UUIDv7, unique and growing with time. If the clock stands before 1970, which no UUIDv7 can tell, it
/// is a random UUIDv4.
///
/// Persist it before you send the transfer: a client that still has the id after a crash can submit the transfer again
/// without moving the money twice.
#[must_use]
pub fn new_transfer_id() -> TransferId {
    let is_since_1970 = SystemTime::now() >= SystemTime::UNIX_EPOCH;
    TransferId::from_uuid(if is_since_1970 { uuid::Uuid::now_v7() } else { uuid::Uuid::new_v4() })
}
