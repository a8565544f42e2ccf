//! Fresh ids for transfers.

use bank_domain::TransferId;

/// Returns a new id: a UUIDv7, unique and growing with time.
///
/// Keep it before the transfer is sent: whoever knows the id can submit the transfer again after a crash without
/// moving the money twice.
#[must_use]
pub fn new_transfer_id() -> TransferId {
    TransferId::from_uuid(uuid::Uuid::now_v7())
}
