//! The outcome of a transfer.

use thiserror::Error;

use crate::account::{AccountId, AccountVersion};
use crate::money::{Amount, Balance};
use crate::transfer::{Transfer, TransferField, TransferId};

/// One leg of a transfer: what it left in one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The account's version after the transfer.
    pub version: AccountVersion,
    /// The account's balance after the transfer.
    pub balance_after: Balance,
}

/// A transfer that has been applied: one debit and one credit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedTransfer {
    /// The transfer.
    pub transfer: Transfer,
    /// What it left in the paying account.
    pub debit: Entry,
    /// What it left in the receiving account.
    pub credit: Entry,
}

/// The result of submitting a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The transfer has been applied now.
    Posted(PostedTransfer),
    /// The transfer was applied earlier, with the same content; this is the original, and nothing changed.
    Replayed(PostedTransfer),
    /// A rule rejected the transfer; nothing changed, and its id stays free.
    Rejected(Rejection),
}

impl Outcome {
    /// Returns the posted transfer if it is in effect, posted now or earlier.
    #[must_use]
    pub const fn posted(&self) -> Option<&PostedTransfer> {
        match self {
            Self::Posted(posting) | Self::Replayed(posting) => Some(posting),
            Self::Rejected(_) => None,
        }
    }

    /// Returns the stable name of the kind: `posted`, `replayed` or `rejected`.
    #[must_use]
    pub const fn status(&self) -> &'static str {
        match self {
            Self::Posted(_) => "posted",
            Self::Replayed(_) => "replayed",
            Self::Rejected(_) => "rejected",
        }
    }
}

/// The rule that rejected a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Rejection {
    /// One of the accounts does not exist.
    #[error("account {account} does not exist")]
    AccountNotFound {
        /// The account that is missing.
        account: AccountId,
    },
    /// The paying and the receiving account are the same.
    #[error("a transfer needs two different accounts")]
    SameAccount,
    /// The paying account does not have the expected version: other transfers have touched it, or it is another account.
    #[error("account {account} has version {found}, {expected} expected")]
    VersionMismatch {
        /// The paying account.
        account: AccountId,
        /// The version that the transfer expects.
        expected: AccountVersion,
        /// The version that the account has.
        found: AccountVersion,
    },
    /// The paying account would fall below its limit.
    #[error("account {account} has {available} available, {requested} requested")]
    InsufficientFunds {
        /// The paying account.
        account: AccountId,
        /// Its balance plus its overdraft limit.
        available: Balance,
        /// The amount of the transfer.
        requested: Amount,
    },
    /// The receiving balance would pass 2⁶³−1 (or an account has been touched 2⁶³−1 times).
    #[error("the balance of account {account} would pass the largest balance, 9223372036854775807")]
    BalanceOverflow {
        /// The account that cannot hold more.
        account: AccountId,
    },
    /// The transfer to be reversed is a reversal itself.
    #[error("transfer {id} is itself the reversal of transfer {original}")]
    ReversalOfReversal {
        /// The transfer to be reversed.
        id: TransferId,
        /// The transfer that it reverses.
        original: TransferId,
    },
    /// The id belongs to a posted transfer with other content.
    #[error("transfer id {id} was posted before with another {field}")]
    IdConflict {
        /// The id in question.
        id: TransferId,
        /// The first field that differs.
        field: TransferField,
    },
}

impl Rejection {
    /// Returns the stable code of the rule, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AccountNotFound { .. } => "account_not_found",
            Self::SameAccount => "same_account",
            Self::VersionMismatch { .. } => "version_mismatch",
            Self::InsufficientFunds { .. } => "insufficient_funds",
            Self::BalanceOverflow { .. } => "balance_overflow",
            Self::ReversalOfReversal { .. } => "reversal_of_reversal",
            Self::IdConflict { .. } => "id_conflict",
        }
    }
}
