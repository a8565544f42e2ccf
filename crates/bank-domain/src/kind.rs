//! What a transfer is: a payment, or the end of another transfer.

use std::fmt;

use crate::transfer_id::TransferId;

/// What a transfer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TransferKind {
    /// It stands by itself.
    #[default]
    Payment,
    /// It moves back what another transfer has moved. Its id is derived from that transfer's id.
    Reversal {
        /// The transfer that it reverses.
        of: TransferId,
    },
}

impl TransferKind {
    /// Returns the stable name, for programs and for people: `payment` or `reversal`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Reversal { .. } => "reversal",
        }
    }

    /// Returns the id of the transfer that this one ends.
    #[must_use]
    pub const fn related(self) -> Option<TransferId> {
        match self {
            Self::Payment => None,
            Self::Reversal { of } => Some(of),
        }
    }
}

impl fmt::Display for TransferKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
