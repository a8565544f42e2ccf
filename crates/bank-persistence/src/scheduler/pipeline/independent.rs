//! Which transfers may be posted beside those that are on their way.

use super::Placed;
use crate::scheduler::footprint::Claims;

/// Of what waits, the part that has to go for a batch to be worth it; otherwise it is better to wait for the one on its
/// way, and to post all of it then.
const WORTH_IT: usize = 2;

/// Takes out of the waiting transfers those that have nothing to do with the ones on their way, nor with any that waits
/// before them, but only the first `most`; leaves all where they are and returns `None` if these are less than half.
pub(super) fn split(waiting: &mut Vec<Placed>, on_their_way: &[&Claims], most: usize) -> Option<Vec<Placed>> {
    if on_their_way.is_empty() {
        return Some(waiting.drain(..waiting.len().min(most)).collect());
    }
    let mut must_wait = must_wait(waiting, on_their_way)?.into_iter();
    let is_free = |_: &mut Placed| !must_wait.next().unwrap_or(true);
    Some(waiting.extract_if(.., is_free).take(most).collect())
}

/// Returns for each transfer whether it has to wait; `None` if more than half have to.
fn must_wait(waiting: &[Placed], on_their_way: &[&Claims]) -> Option<Vec<bool>> {
    let most = waiting.len() / WORTH_IT;
    let mut left = Claims::default();
    let mut left_count: usize = 0;
    let mut must_wait = Vec::with_capacity(waiting.len());
    for Placed { request, .. } in waiting {
        let transfer = &request.transfer;
        let waits = left.concern(transfer) || on_their_way.iter().any(|claims| claims.concern(transfer));
        if waits {
            left.add(transfer);
            left_count = left_count.saturating_add(1);
            if left_count > most {
                return None;
            }
        }
        must_wait.push(waits);
    }
    Some(must_wait)
}

#[cfg(test)]
mod tests {
    use bank_domain::{AccountId, Amount, Transfer};

    use super::super::Place;
    use super::*;
    use crate::transfer_ids::new_transfer_id;

    fn transfer(from: i64, to: i64) -> Transfer {
        Transfer::new(new_transfer_id(), AccountId::new(from), AccountId::new(to), Amount::MIN)
    }

    fn placed(transfers: &[Transfer]) -> Vec<Placed> {
        let place = |index| Place { batch: 0, index };
        (0..).zip(transfers).map(|(index, transfer)| Placed { place: place(index), request: transfer.into() }).collect()
    }

    /// Returns which of the transfers go ahead of the ones on their way, by their places.
    fn ahead(waiting: &[Transfer], on_their_way: &[Transfer]) -> Option<Vec<usize>> {
        first_ahead(waiting, on_their_way, waiting.len())
    }

    fn first_ahead(waiting: &[Transfer], on_their_way: &[Transfer], most: usize) -> Option<Vec<usize>> {
        let mut left = placed(waiting);
        let gone = split(&mut left, &[&Claims::of(on_their_way)], most);
        let indexes = |placed: &[Placed]| placed.iter().map(|placed| placed.place.index).collect::<Vec<_>>();
        let gone = gone.as_deref().map(indexes);
        let mut all = [gone.clone().unwrap_or_default(), indexes(&left)].concat();
        assert!(indexes(&left).is_sorted());
        all.sort_unstable();
        assert_eq!(all, (0..waiting.len()).collect::<Vec<_>>());
        gone
    }

    #[test]
    fn what_shares_an_account_waits_and_the_rest_goes_ahead() {
        let waiting = [transfer(3, 4), transfer(2, 5), transfer(6, 1), transfer(7, 8)];
        assert_eq!(ahead(&waiting, &[transfer(1, 2)]), Some(vec![0, 3]));
    }

    #[test]
    fn what_follows_a_transfer_that_waits_does_not_overtake_it() {
        let waiting = [transfer(1, 3), transfer(3, 4), transfer(5, 6), transfer(7, 8)];
        assert_eq!(ahead(&waiting, &[transfer(1, 2)]), Some(vec![2, 3]));
    }

    #[test]
    fn the_same_id_waits_whatever_its_accounts() {
        let (first, other) = (transfer(1, 2), transfer(5, 6));
        let again = Transfer { id: first.id, ..transfer(3, 4) };
        assert_eq!(ahead(&[again, other], &[first]), Some(vec![1]));
    }

    #[test]
    fn nothing_goes_ahead_if_more_than_half_has_to_wait() {
        let waiting = [transfer(1, 3), transfer(2, 4), transfer(5, 6)];
        assert_eq!(ahead(&waiting, &[transfer(1, 2)]), None);
    }

    #[test]
    fn no_more_go_ahead_than_a_batch_holds() {
        let waiting = [transfer(1, 3), transfer(4, 5), transfer(6, 7), transfer(8, 9), transfer(10, 11)];
        assert_eq!(first_ahead(&waiting, &[transfer(1, 2)], 2), Some(vec![1, 2]));
    }

    #[test]
    fn with_nothing_on_its_way_everything_goes_that_a_batch_holds() {
        let mut waiting = placed(&[transfer(1, 2), transfer(1, 2), transfer(1, 2)]);
        for expected in [2, 1] {
            assert_eq!(split(&mut waiting, &[], 2).map(|gone| gone.len()), Some(expected));
        }
        assert!(waiting.is_empty());
    }
}
