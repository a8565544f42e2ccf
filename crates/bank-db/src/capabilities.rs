//! What a database can do, so that callers ask for an ability and never for a product's name.

use crate::url::Backend;

/// The abilities of a database, known as soon as it is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The database has one writer at a time, so writers of one process take turns before they meet other processes.
    pub one_writer: bool,
    /// Nothing but a deadline of our own bounds the wait for an answer, as with a server that is stopped.
    pub needs_deadline: bool,
    /// A statement can lock, read and write in one round trip, so it pays to write first and to check afterwards.
    pub speculative: bool,
}

impl Capabilities {
    pub(crate) const fn of_backend(backend: Backend) -> Self {
        match backend {
            Backend::Postgres => Self { one_writer: false, needs_deadline: true, speculative: true },
            Backend::Sqlite => Self { one_writer: true, needs_deadline: false, speculative: false },
        }
    }
}
