//! Transfers with their places.

use bank_domain::PostRequest;

/// A transfer, and the place of its outcome.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) place: Place,
    pub(super) request: PostRequest,
}

/// The place of a transfer among all that were pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) batch: usize,
    pub(super) index: usize,
}
