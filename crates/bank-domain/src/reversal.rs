//! Reversing a transfer: the opposite movement, posted at most once, and linked to the original.
//!
//! The link needs no column of its own. The id of a reversal is derived from the id of the original, so that there can be
//! only one, and its memo names the original. A transfer is a reversal only if the two agree: a typed memo makes none.

use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::invalid::InvalidInput;
use crate::outcome::Rejection;
use crate::text::text_type;
use crate::transfer::{Memo, Transfer, TransferId};

/// The namespace of the ids of reversals: the UUIDv5 of `bank reversal` in the namespace of the nil UUID. It never
/// changes, because an id that changes would let a transfer be reversed twice.
const NAMESPACE: Uuid = Uuid::from_u128(0x4ead_d69d_c2f5_5e72_9cae_e9f3_2851_47fe);

/// How the memo of every reversal begins; the original's id follows.
const LINK: &str = "reverses ";

/// What stands between the original's id and the note.
const BEFORE_NOTE: &str = ": ";

text_type! {
    /// The note on a reversal: 1 to 153 characters by the rules of [`AccountName`](crate::AccountName). The rest
    /// of the [`Memo`] is the link to the original.
    ReversalNote, "memo of a reversal", 153
}

/// An order to move back what a transfer has moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversal {
    /// The transfer to be reversed.
    pub original: TransferId,
    /// A note, if any. It is not content: reversing a transfer again with another note is a replay.
    pub note: Option<ReversalNote>,
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
        if let Some(reversed) = original.reverses()
            && !self.force
        {
            return Err(Rejection::ReversalOfReversal { id: original.id, original: reversed });
        }
        let memo = Memo::linking(text_of(original.id, self.note.as_ref()));
        Ok(Transfer::new(original.id.of_reversal(), original.to, original.from, original.amount).with_memo(Some(memo)))
    }
}

impl TransferId {
    /// Returns the id of the transfer that reverses the one of this id, posted or not.
    #[must_use]
    pub fn of_reversal(self) -> Self {
        Self::from_uuid(Uuid::new_v5(&NAMESPACE, self.as_uuid().as_bytes()))
    }
}

impl Transfer {
    /// Returns the id of the transfer that this one reverses, if it is a reversal.
    #[must_use]
    pub fn reverses(&self) -> Option<TransferId> {
        let original = linked(self.memo.as_ref()?.as_str())?;
        (original.of_reversal() == self.id).then_some(original)
    }
}

fn text_of(original: TransferId, note: Option<&ReversalNote>) -> String {
    match note {
        Some(note) => format!("{LINK}{original}{BEFORE_NOTE}{note}"),
        None => format!("{LINK}{original}"),
    }
}

/// Returns the id that a memo names as the original. Only the spelling that reversals have counts.
fn linked(memo: &str) -> Option<TransferId> {
    let rest = memo.strip_prefix(LINK)?;
    let (id, note) = rest.split_at_checked(Hyphenated::LENGTH)?;
    let original: TransferId = id.parse().ok()?;
    let is_link = original.to_string() == id && (note.is_empty() || note.starts_with(BEFORE_NOTE));
    is_link.then_some(original)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::account::AccountId;
    use crate::money::Amount;
    use crate::transfer::TransferField;

    fn payment(id: u128) -> Transfer {
        let id = TransferId::from_uuid(Uuid::from_u128(id));
        Transfer::new(id, AccountId::new(1), AccountId::new(2), Amount::MAX).with_memo(Memo::new("rent").ok())
    }

    fn reversal(note: Option<&str>) -> Transfer {
        let note = note.map(|note| ReversalNote::new(note).unwrap());
        Reversal { original: payment(1).id, note, force: false }.of(&payment(1)).unwrap()
    }

    #[test]
    fn ids_of_reversals_never_change() {
        assert_eq!(NAMESPACE, Uuid::new_v5(&Uuid::nil(), b"bank reversal"));
        assert_eq!(payment(1).id.of_reversal().to_string(), "07290801-468b-5dbf-ab4d-2771d78fff3c");
    }

    #[test]
    fn a_reversal_moves_the_amount_back_and_names_the_original() {
        let back = reversal(None);
        assert_eq!((back.from, back.to, back.amount), (AccountId::new(2), AccountId::new(1), Amount::MAX));
        assert_eq!(back.memo.as_ref().unwrap().as_str(), "reverses 00000000-0000-0000-0000-000000000001");
        assert_eq!(back.reverses(), Some(payment(1).id));
        assert_eq!(payment(1).reverses(), None);
    }

    #[test]
    fn the_note_is_no_content_of_a_reversal_but_everything_else_is() {
        let back = reversal(None);
        assert_eq!(back.difference(&reversal(Some("wrong account"))), None);
        assert_eq!(reversal(Some("a")).difference(&reversal(Some("b"))), None);
        assert_eq!(back.difference(&Transfer { memo: None, ..back.clone() }), Some(TransferField::Memo));
        assert_eq!(back.difference(&Transfer { amount: Amount::MIN, ..back.clone() }), Some(TransferField::Amount));
    }

    #[test]
    fn a_memo_that_somebody_typed_is_no_link() {
        let back = reversal(Some("typing error"));
        assert_eq!(Transfer { id: payment(7).id, ..back.clone() }.reverses(), None, "another id");
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
            assert_eq!(linked(memo).filter(|id| *id == payment(1).id), None, "{memo}");
        }
    }

    #[test]
    fn a_reversal_is_reversed_only_by_force() {
        let back = reversal(None);
        let again = |force| Reversal { original: back.id, note: None, force }.of(&back);
        let refusal = Rejection::ReversalOfReversal { id: back.id, original: payment(1).id };
        assert_eq!(again(false), Err(refusal));
        let forth = again(true).unwrap();
        assert_eq!((forth.from, forth.to), (payment(1).from, payment(1).to));
        assert_eq!(forth.reverses(), Some(back.id));
        assert_ne!(forth.id, payment(1).id);
    }

    #[test]
    fn the_longest_note_fills_the_memo() {
        let longest = "\u{e9}".repeat(ReversalNote::MAX_CHARACTERS);
        let memo = reversal(Some(&longest)).memo.unwrap();
        assert_eq!(memo.as_str().chars().count(), Memo::MAX_CHARACTERS);
        assert!(ReversalNote::new(format!("{longest}x")).is_err());
    }

    proptest! {
        #[test]
        fn every_note_makes_a_valid_memo_that_links(id in any::<u128>(), note in any::<String>()) {
            let payment = payment(id);
            let note = ReversalNote::new(note).ok();
            let back = Reversal { original: payment.id, note, force: false }.of(&payment).unwrap();
            let memo = back.memo.clone().unwrap();
            prop_assert!(Memo::new(memo.as_str()).is_ok());
            prop_assert_eq!(back.reverses(), Some(payment.id));
        }
    }
}
