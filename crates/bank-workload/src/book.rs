//! What a client was told of its transfers, with one bit for each.

use std::collections::BTreeSet;

use serde::Serialize;

/// What became of the transfers of one client or of all.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct TransferCounts {
    /// Posted by the call that was answered.
    pub posted: u64,
    /// Found posted by an earlier attempt, whose answer was lost.
    pub replayed: u64,
    /// Rejected by a rule.
    pub rejected: u64,
    /// Never resolved after the answer to COMMIT was lost.
    pub unknown: u64,
    /// Known not to be in effect, because the run ended before they could be sent again.
    pub abandoned: u64,
    /// The run's transfers that are in the journal.
    pub in_journal: u64,
}

impl TransferCounts {
    /// Returns what became of the transfers of all clients.
    pub(crate) fn new(books: &[Book], in_journal: u64) -> Self {
        let mut transfers = Self { in_journal, ..Self::default() };
        for Book { counts, .. } in books {
            transfers.posted += counts.posted;
            transfers.replayed += counts.replayed;
            transfers.rejected += counts.rejected;
            transfers.unknown += counts.unknown;
            transfers.abandoned += counts.abandoned;
        }
        transfers
    }

    /// Returns how many transfers were acknowledged.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.posted + self.replayed
    }
}

/// What became of a client's transfers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Book {
    pub(crate) counts: TransferCounts,
    /// A bit for each transfer: whether it was acknowledged.
    acknowledged: Vec<u64>,
    /// Those whose outcome was never resolved after the answer to COMMIT was lost.
    unknown: BTreeSet<u64>,
}

impl Book {
    /// Notes that a transfer was acknowledged.
    pub(crate) fn acknowledge(&mut self, number: u64) {
        let (word, bit) = place(number);
        if self.acknowledged.len() <= word {
            self.acknowledged.resize(word + 1, 0);
        }
        self.acknowledged[word] |= bit;
    }

    /// Notes that the outcome of a transfer stays unknown.
    pub(crate) fn leave_unknown(&mut self, number: u64) {
        self.counts.unknown += u64::from(self.unknown.insert(number));
    }

    /// Ticks a transfer off that was found in the journal.
    pub(crate) fn tick_off(&mut self, number: u64) -> Tick {
        let (word, bit) = place(number);
        match self.acknowledged.get_mut(word) {
            Some(bits) if *bits & bit != 0 => {
                *bits &= !bit;
                Tick::Expected
            }
            _ if self.unknown.contains(&number) => Tick::Unknown,
            _ => Tick::Unexpected,
        }
    }

    /// Returns the acknowledged transfers that have not been ticked off, in ascending order.
    pub(crate) fn not_ticked_off(&self) -> impl Iterator<Item = u64> {
        (0_u64..)
            .zip(&self.acknowledged)
            .flat_map(|(word, bits)| (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| word * 64 + bit))
    }
}

/// What the client was told about a transfer in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tick {
    Expected,
    Unknown,
    /// It was not acknowledged, or it has been found before.
    Unexpected,
}

fn place(number: u64) -> (usize, u64) {
    (usize::try_from(number / 64).unwrap_or(usize::MAX), 1 << (number % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_acknowledged_transfer_is_expected_once() {
        let mut book = Book::default();
        for number in [0, 63, 64, 1000] {
            book.acknowledge(number);
        }
        book.leave_unknown(7);
        assert_eq!(book.tick_off(63), Tick::Expected);
        assert_eq!(book.tick_off(63), Tick::Unexpected);
        assert_eq!(book.tick_off(7), Tick::Unknown);
        assert_eq!(book.tick_off(8), Tick::Unexpected);
        assert_eq!(book.tick_off(1_000_000), Tick::Unexpected);
        assert_eq!(book.not_ticked_off().collect::<Vec<_>>(), [0, 64, 1000]);
    }
}
