//! The names of the journal's unique keys.

use std::fmt;

/// A unique key of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JournalKey {
    /// An id stands once.
    Id,
    /// A version of a paying account stands once.
    PayingVersion,
    /// A version of a receiving account stands once.
    ReceivingVersion,
}

impl JournalKey {
    /// All keys.
    pub const ALL: [Self; 3] = [Self::Id, Self::PayingVersion, Self::ReceivingVersion];

    /// Returns the key's columns, as SQL lists them.
    #[must_use]
    pub const fn columns(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::PayingVersion => "from_account_id, from_version",
            Self::ReceivingVersion => "to_account_id, to_version",
        }
    }
}

impl fmt::Display for JournalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({})", self.columns())
    }
}
