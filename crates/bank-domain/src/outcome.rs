//! The outcome of a transfer.

use std::error::Error;
use std::fmt;

use crate::account::{AccountId, AccountVersion};
use crate::currency::{Currency, CurrencyCode};
use crate::group_id::GroupId;
use crate::invalid::InvalidInput;
use crate::money::{Amount, Balance};
use crate::transfer::{Transfer, TransferField};
use crate::transfer_id::TransferId;

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
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// The id is the nil UUID, which a program sends that has not set the id.
    NilId,
    /// One of the accounts does not exist.
    AccountNotFound {
        /// The account that is missing.
        account: AccountId,
    },
    /// The paying and the receiving account are the same.
    SameAccount,
    /// The account is frozen: it neither pays nor receives.
    AccountFrozen {
        /// The frozen account.
        account: AccountId,
    },
    /// The account is closed.
    AccountClosed {
        /// The closed account.
        account: AccountId,
    },
    /// The accounts have different currencies.
    CurrencyMismatch {
        /// The currency of the paying account.
        from: CurrencyCode,
        /// The currency of the receiving account.
        to: CurrencyCode,
    },
    /// The paying account does not have the expected version: other transfers have touched it, or it is another account.
    VersionMismatch {
        /// The paying account.
        account: AccountId,
        /// The version that the transfer expects.
        expected: AccountVersion,
        /// The version that the account has.
        found: AccountVersion,
    },
    /// The paying account would fall below its limit.
    InsufficientFunds {
        /// The paying account.
        account: AccountId,
        /// Its balance minus what is held, plus its overdraft limit, in minor units.
        available: Balance,
        /// The amount of the transfer, in minor units.
        requested: Amount,
    },
    /// The receiving balance would pass 2⁶³−1 (or an account has been touched 2⁶³−1 times).
    BalanceOverflow {
        /// The account that cannot hold more.
        account: AccountId,
    },
    /// The transfer to be reversed is a reversal itself.
    ReversalOfReversal {
        /// The transfer to be reversed.
        id: TransferId,
        /// The transfer that it reverses.
        original: TransferId,
    },
    /// The transfer is a member of a group that is not there as a whole.
    GroupIncomplete {
        /// The group.
        group: GroupId,
    },
    /// Another member of the group is rejected, so nothing of the group takes effect.
    GroupRejected {
        /// The first member that is rejected.
        member: TransferId,
    },
    /// The id belongs to a posted transfer with other content.
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
            Self::NilId => "nil_id",
            Self::AccountNotFound { .. } => "account_not_found",
            Self::SameAccount => "same_account",
            Self::AccountFrozen { .. } => "account_frozen",
            Self::AccountClosed { .. } => "account_closed",
            Self::CurrencyMismatch { .. } => "currency_mismatch",
            Self::VersionMismatch { .. } => "version_mismatch",
            Self::InsufficientFunds { .. } => "insufficient_funds",
            Self::BalanceOverflow { .. } => "balance_overflow",
            Self::ReversalOfReversal { .. } => "reversal_of_reversal",
            Self::GroupIncomplete { .. } => "group_incomplete",
            Self::GroupRejected { .. } => "group_rejected",
            Self::IdConflict { .. } => "id_conflict",
        }
    }

    /// Returns the reason with names in place of account ids, for people who know accounts by their names, and with amounts
    /// in the currency of the paying account.
    #[must_use]
    pub fn with_names(&self, currency: Currency, name_of: impl Fn(AccountId) -> String) -> String {
        self.text("", |id| format!("`{}`", name_of(id)), |units| currency.text(units))
    }

    /// Returns the reason; `noun` comes before an account at the beginning of a phrase.
    fn text(&self, noun: &str, name_of: impl Fn(AccountId) -> String, money: impl Fn(i64) -> String) -> String {
        match self {
            Self::NilId => InvalidInput::NilTransferId.to_string(),
            Self::AccountNotFound { account } => format!("there is no account {}", name_of(*account)),
            Self::SameAccount => "a transfer needs two different accounts".to_owned(),
            Self::AccountFrozen { account } => format!("{noun}{} is frozen", name_of(*account)),
            Self::AccountClosed { account } => format!("{noun}{} is closed", name_of(*account)),
            Self::CurrencyMismatch { from, to } => {
                format!("the paying account is in {from} and the receiving account in {to}")
            }
            Self::VersionMismatch { account, expected, found } => {
                format!("{noun}{} has version {found}, not {expected}", name_of(*account))
            }
            Self::InsufficientFunds { account, available, requested } => {
                let (available, requested) = (money(available.get()), money(requested.get()));
                format!("{noun}{} has {available} available, not {requested}", name_of(*account))
            }
            Self::BalanceOverflow { account } => {
                format!("the balance of {noun}{} would exceed {}", name_of(*account), money(i64::MAX))
            }
            Self::ReversalOfReversal { id, original } => {
                format!("the transfer {id} is itself the reversal of {original}")
            }
            Self::GroupIncomplete { group } => format!("the group {group} is not there as a whole"),
            Self::GroupRejected { member } => format!("it belongs to a group whose transfer {member} is rejected"),
            Self::IdConflict { id, field } => format!("the id {id} was posted before with another {field}"),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text("account ", |id| id.to_string(), |units| units.to_string()))
    }
}

impl Error for Rejection {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_calls_accounts_by_id_or_by_name() {
        let account = AccountId::new(7);
        let reason = Rejection::BalanceOverflow { account };
        assert_eq!(reason.to_string(), "the balance of account 7 would exceed 9223372036854775807");
        let named = |reason: Rejection| reason.with_names(Currency::NONE, |_| "Rich".to_owned());
        assert_eq!(named(reason), "the balance of `Rich` would exceed 9223372036854775807");
        assert_eq!(named(Rejection::AccountNotFound { account }), "there is no account `Rich`");
        let (available, requested) = (Balance::new(1250), Amount::new(2000).unwrap());
        let reason = Rejection::InsufficientFunds { account, available, requested };
        assert_eq!(reason.to_string(), "account 7 has 1250 available, not 2000");
        let euros = Currency::iso(CurrencyCode::new("EUR").unwrap()).unwrap();
        let text = reason.with_names(euros, |_| "Rich".to_owned());
        assert_eq!(text, "`Rich` has 12.50 EUR available, not 20.00 EUR");
    }
}
