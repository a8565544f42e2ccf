//! Fresh ids for transfers.

use bank_domain::TransferId;

/// Returns a new id: a UUIDv7, unique and growing with time.
///
/// Persist it before you send the transfer: a client that still has the id after a crash can submit the transfer again
/// without moving the money twice.
#[must_use]
pub fn new_transfer_id() -> TransferId {
    TransferId::from_uuid(uuid::Uuid::now_v7())
}
