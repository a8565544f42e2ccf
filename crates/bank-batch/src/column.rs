//! The columns of a file.

use std::fmt;

/// The columns of a file, and the keys of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The name of the account that pays.
    From,
    /// The name of the account that receives.
    To,
    /// The amount.
    Amount,
    /// The transfer's id; may be left out.
    Id,
    /// The memo; may be left out.
    Memo,
}

impl Column {
    /// All columns, in the order in which the documentation names them.
    pub(crate) const ALL: [Self; 5] = [Self::From, Self::To, Self::Amount, Self::Id, Self::Memo];
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::From => "from",
            Self::To => "to",
            Self::Amount => "amount",
            Self::Id => "id",
            Self::Memo => "memo",
        })
    }
}
