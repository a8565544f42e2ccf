//! [`Transfer`]s: immutable movements of one amount from one account to another.

use std::fmt;

use crate::account::{AccountId, AccountVersion};
use crate::group_id::GroupId;
use crate::invalid::InvalidInput;
use crate::kind::TransferKind;
use crate::money::Amount;
use crate::text::text_type;
use crate::transfer_id::TransferId;

text_type! {
    /// A note on a transfer: 1 to 200 characters by the rules of [`AccountName`](crate::AccountName).
    Memo, "memo", 200
}

/// An order to move one amount from one account to another.
///
/// All fields but the id are its content: the same id with another account, amount, kind, memo or group is another transfer and
/// is rejected. The memo of a reversal is no content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The idempotency key.
    pub id: TransferId,
    /// The account that pays.
    pub from: AccountId,
    /// The account that receives.
    pub to: AccountId,
    /// How much moves, in minor units of the currency that both accounts have.
    pub amount: Amount,
    /// A note, if any.
    pub memo: Option<Memo>,
    /// Always fits the id: a reversal has the id that is derived from its original's.
    kind: TransferKind,
    group: Option<GroupId>,
}

impl Transfer {
    /// Returns a payment without a memo.
    #[must_use]
    pub const fn new(id: TransferId, from: AccountId, to: AccountId, amount: Amount) -> Self {
        Self { id, from, to, amount, memo: None, kind: TransferKind::Payment, group: None }
    }

    /// Returns what the transfer is.
    #[must_use]
    pub const fn kind(&self) -> TransferKind {
        self.kind
    }

    /// Returns the group with which it takes effect, if any.
    #[must_use]
    pub const fn group(&self) -> Option<GroupId> {
        self.group
    }

    /// Returns the transfer as a member of this group, or of none. [`Group::new`](crate::Group::new) makes groups; this is for
    /// what a journal says.
    #[must_use]
    pub fn in_group(self, group: Option<GroupId>) -> Self {
        Self { group, ..self }
    }

    /// Returns the transfer as one of this kind.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::ReversalId`] if it would be a reversal with another id than that of the original's reversal: the id is
    /// what makes sure that a transfer is reversed at most once.
    pub fn with_kind(self, kind: TransferKind) -> Result<Self, InvalidInput> {
        match kind {
            TransferKind::Reversal { of } if of.of_reversal() != self.id => {
                Err(InvalidInput::ReversalId { id: self.id.as_uuid(), original: of.as_uuid() })
            }
            TransferKind::Payment | TransferKind::Reversal { .. } => Ok(Self { kind, ..self }),
        }
    }

    /// Returns the transfer with this memo, or without one.
    #[must_use]
    pub fn with_memo(self, memo: Option<Memo>) -> Self {
        Self { memo, ..self }
    }

    /// Returns the transfer, whose id was derived from the original's, as its reversal.
    pub(crate) fn reversing(self, original: TransferId) -> Self {
        Self { kind: TransferKind::Reversal { of: original }, ..self }
    }

    /// Returns the transfer as a request that also demands a version of the paying account.
    #[must_use]
    pub const fn expecting(self, version: AccountVersion) -> PostRequest {
        PostRequest { transfer: self, expected_version: Some(version) }
    }
}

/// A transfer to be posted, with the conditions under which to post it.
///
/// Conditions are not content: they are not stored, and a transfer that was posted before is replayed without a look at them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostRequest {
    /// The transfer.
    pub transfer: Transfer,
    /// The version that the paying account must have right before the transfer. A caller whose decision depends
    /// on a balance gives the version that belonged to that balance.
    pub expected_version: Option<AccountVersion>,
}

impl From<Transfer> for PostRequest {
    fn from(transfer: Transfer) -> Self {
        Self { transfer, expected_version: None }
    }
}

impl From<&Transfer> for PostRequest {
    fn from(transfer: &Transfer) -> Self {
        transfer.clone().into()
    }
}

impl From<&Self> for PostRequest {
    fn from(request: &Self) -> Self {
        request.clone()
    }
}

impl Transfer {
    /// Returns the first field of the content in which the other transfer differs. Reversals of the same transfer do
    /// not differ in their memos.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<TransferField> {
        if self.kind.name() != other.kind.name() {
            Some(TransferField::Kind)
        } else if self.kind != other.kind {
            Some(TransferField::Related)
        } else if self.from != other.from {
            Some(TransferField::From)
        } else if self.to != other.to {
            Some(TransferField::To)
        } else if self.amount != other.amount {
            Some(TransferField::Amount)
        } else if self.memo != other.memo && self.kind == TransferKind::Payment {
            Some(TransferField::Memo)
        } else if self.group != other.group {
            Some(TransferField::Group)
        } else {
            None
        }
    }
}

/// Names a part of a transfer's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransferField {
    /// What the transfer is.
    Kind,
    /// The transfer that it ends.
    Related,
    /// The account that pays.
    From,
    /// The account that receives.
    To,
    /// How much moves.
    Amount,
    /// The note.
    Memo,
    /// The transfers with which it takes effect.
    Group,
}

impl fmt::Display for TransferField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kind => "kind",
            Self::Related => "related transfer",
            Self::From => "from account",
            Self::To => "to account",
            Self::Amount => "amount",
            Self::Memo => "memo",
            Self::Group => "group",
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_field_is_named_as_messages_name_it() {
        let content = [TransferField::From, TransferField::To, TransferField::Amount, TransferField::Memo];
        assert_eq!(content.map(|field| field.to_string()), ["from account", "to account", "amount", "memo"]);
        let others = [TransferField::Kind, TransferField::Related, TransferField::Group];
        assert_eq!(others.map(|field| field.to_string()), ["kind", "related transfer", "group"]);
    }

    #[test]
    fn a_difference_names_the_first_field() {
        let transfer =
            Transfer::new(TransferId::from_uuid(Uuid::nil()), AccountId::new(1), AccountId::new(2), Amount::MIN);
        let mut other = transfer.clone();
        assert_eq!(transfer.difference(&other), None);
        other.memo = Memo::new("rent").ok();
        assert_eq!(transfer.difference(&other), Some(TransferField::Memo));
        other.amount = Amount::MAX;
        assert_eq!(transfer.difference(&other), Some(TransferField::Amount));
        other.to = AccountId::new(3);
        assert_eq!(transfer.difference(&other), Some(TransferField::To));
        other.from = AccountId::new(3);
        assert_eq!(transfer.difference(&other), Some(TransferField::From));
    }
}
