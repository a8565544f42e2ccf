//! Reversing a transfer: the opposite movement, posted at most once, and linked to the original.
//!
//! The id of a reversal is derived from the id of the original, so that the journal's key allows only one.

use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::kind::TransferKind;
use crate::outcome::Rejection;
use crate::transfer::{Memo, Transfer};
use crate::transfer_id::TransferId;

/// The namespace of the ids of reversals: the UUIDv5 of `bank reversal` in the namespace of the nil UUID. It never
/// changes, because an id that changes would let a transfer be reversed twice.
const NAMESPACE: Uuid = Uuid::from_u128(0x4ead_d69d_c2f5_5e72_9cae_e9f3_2851_47fe);

/// How the memo of a reversal began in the first edition's journal; the original's id followed.
const LINK: &str = "reverses ";

/// What stood between the original's id and the note.
const BEFORE_NOTE: &str = ": ";

/// An order to move back what a transfer has moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversal {
    /// The transfer to be reversed.
    pub original: TransferId,
    /// A note, if any. It is not content: reversing a transfer again with another note is a replay.
    pub memo: Option<Memo>,
    /// Whether the original may be a reversal itself. It allows nothing else: limits hold as for every transfer.
    pub force: bool,
}

impl Reversal {
    /// Returns the transfer to be posted: the original's amount back from its receiver to its payer.
    ///
    /// # Errors
    ///
    /// [`Rejection::ReversalOfReversal`] if the original is a reversal itself and `force` is not set.
    pub fn of(&self, original: &Transfer) -> Result<Transfer, Rejection> {
        if let TransferKind::Reversal { of: reversed } = original.kind()
            && !self.force
        {
            return Err(Rejection::ReversalOfReversal { id: original.id, original: reversed });
        }
        let back = Transfer::new(original.id.of_reversal(), original.to, original.from, original.amount);
        Ok(back.with_memo(self.memo.clone()).reversing(original.id))
    }
}

impl TransferId {
    /// Returns the id of the transfer that reverses the one of this id, posted or not.
    #[must_use]
    pub fn of_reversal(self) -> Self {
        Self::from_uuid(Uuid::new_v5(&NAMESPACE, self.as_uuid().as_bytes()))
    }
}

/// Returns what the memo of a transfer of the first edition's journal says: the transfer that it reverses, and the note.
/// `None` if it is a payment: a typed memo makes no reversal, because the id must be that of the original's reversal, too.
#[must_use]
pub fn first_edition_reversal(id: TransferId, memo: &str) -> Option<(TransferId, Option<&str>)> {
    let rest = memo.strip_prefix(LINK)?;
    let (original_text, note) = rest.split_at_checked(Hyphenated::LENGTH)?;
    let original: TransferId = original_text.parse().ok()?;
    let is_reversal = original.to_string() == original_text && original.of_reversal() == id;
    let note = if note.is_empty() { None } else { Some(note.strip_prefix(BEFORE_NOTE)?) };
    is_reversal.then_some((original, note))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::account::AccountId;
    use crate::invalid::InvalidInput;
    use crate::money::Amount;
    use crate::transfer::TransferField;

    fn payment(id: u128) -> Transfer {
        let id = TransferId::from_uuid(Uuid::from_u128(id));
        Transfer::new(id, AccountId::new(1), AccountId::new(2), Amount::MAX).with_memo(Memo::new("rent").ok())
    }

    fn reversal(memo: Option<&str>) -> Transfer {
        let memo = memo.map(|memo| Memo::new(memo).unwrap());
        Reversal { original: payment(1).id, memo, force: false }.of(&payment(1)).unwrap()
    }

    #[test]
    fn ids_of_reversals_never_change() {
        assert_eq!(NAMESPACE, Uuid::new_v5(&Uuid::nil(), b"bank reversal"));
        assert_eq!(payment(1).id.of_reversal().to_string(), "07290801-468b-5dbf-ab4d-2771d78fff3c");
    }

    #[test]
    fn a_reversal_moves_the_amount_back_and_names_the_original() {
        let back = reversal(Some("typing error"));
        assert_eq!((back.from, back.to, back.amount), (AccountId::new(2), AccountId::new(1), Amount::MAX));
        assert_eq!(back.kind(), TransferKind::Reversal { of: payment(1).id });
        assert_eq!(back.memo.as_ref().unwrap().as_str(), "typing error");
        assert_eq!(payment(1).kind(), TransferKind::Payment);
    }

    #[test]
    fn only_the_derived_id_makes_a_reversal() {
        let kind = TransferKind::Reversal { of: payment(1).id };
        assert_eq!(reversal(None).with_kind(kind).unwrap().kind(), kind);
        let refused = InvalidInput::ReversalId { id: payment(2).id.as_uuid(), original: payment(1).id.as_uuid() };
        assert_eq!(payment(2).with_kind(kind), Err(refused));
    }

    #[test]
    fn the_memo_is_no_content_of_a_reversal_but_everything_else_is() {
        let back = reversal(None);
        assert_eq!(back.difference(&reversal(Some("wrong account"))), None);
        let mut other = back.clone();
        other.amount = Amount::MIN;
        assert_eq!(back.difference(&other), Some(TransferField::Amount));
        let typed = back.clone().with_kind(TransferKind::Payment).unwrap();
        assert_eq!(back.difference(&typed), Some(TransferField::Kind));
        assert_eq!(typed.difference(&back), Some(TransferField::Kind));
    }

    #[test]
    fn a_reversal_is_reversed_only_by_force() {
        let back = reversal(None);
        let again = |force| Reversal { original: back.id, memo: None, force }.of(&back);
        let refusal = Rejection::ReversalOfReversal { id: back.id, original: payment(1).id };
        assert_eq!(again(false), Err(refusal));
        let forth = again(true).unwrap();
        assert_eq!((forth.from, forth.to), (payment(1).from, payment(1).to));
        assert_eq!(forth.kind(), TransferKind::Reversal { of: back.id });
        assert_ne!(forth.id, payment(1).id);
    }

    #[test]
    fn a_memo_of_the_first_edition_is_a_link_only_under_the_derived_id() {
        let (original, id) = (payment(1).id, payment(1).id.of_reversal());
        let link = "reverses 00000000-0000-0000-0000-000000000001";
        assert_eq!(first_edition_reversal(id, link), Some((original, None)));
        assert_eq!(
            first_edition_reversal(id, &format!("{link}: typing error")),
            Some((original, Some("typing error")))
        );
        assert_eq!(first_edition_reversal(payment(7).id, link), None, "another id");
        for memo in [
            "Reverses 00000000-0000-0000-0000-000000000001",
            "reverses 00000000000000000000000000000001",
            "reverses 00000000-0000-0000-0000-000000000001 ",
            "reverses 00000000-0000-0000-0000-000000000001, or so",
            "reverses 00000000-0000-0000-0000-000000000002",
            "reverses 00000000-0000-0000-0000-00000000000",
            &format!("reverses {}", "\u{e4}".repeat(19)),
            "reverses ",
        ] {
            assert_eq!(first_edition_reversal(id, memo), None, "{memo}");
        }
    }

    proptest! {
        #[test]
        fn every_reversal_of_the_first_edition_is_recognised(id in any::<u128>(), note in "\\PC{0,20}") {
            let original = payment(id).id;
            let memo = format!("reverses {original}: {note}");
            prop_assert_eq!(first_edition_reversal(original.of_reversal(), &memo), Some((original, Some(note.as_str()))));
        }
    }
}
