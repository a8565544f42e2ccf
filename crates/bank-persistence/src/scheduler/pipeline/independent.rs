//! Which transfers may be posted beside those in flight.

use bank_domain::unit_length;

use super::placed::Placed;
use crate::scheduler::footprint::Footprint;
use crate::scheduler::policy::{Load, worth_waiting_for};

/// Takes out of the waiting transfers those that are independent of the ones in flight, and of every transfer that waits before
/// them, but at most `batch_max`. Leaves all and returns `None` if these are too few to be worth a commit.
pub(super) fn take_independent(
    waiting: &mut Vec<Placed>,
    in_flight: &[&Footprint],
    batch_max: usize,
) -> Option<Vec<Placed>> {
    if in_flight.is_empty() {
        return Some(waiting.drain(..whole_units(waiting, batch_max)).collect());
    }
    let load = Load { in_flight: in_flight.len(), fair_share: waiting.len(), ..Load::default() };
    let waits_max = waiting.len().saturating_sub(worth_waiting_for(load).transfers_min);
    let mut must_wait = must_wait(waiting, in_flight, waits_max)?.into_iter();
    let is_independent = |_: &mut Placed| !must_wait.next().unwrap_or(true);
    let mut batch: Vec<Placed> = waiting.extract_if(.., is_independent).collect();
    let fits = whole_units(&batch, batch_max);
    if fits < batch.len() {
        waiting.extend(batch.drain(fits..));
        waiting.sort_unstable_by_key(|placed| placed.place);
    }
    Some(batch)
}

/// Returns how many of the transfers, from the first on, fit a batch without a group being cut. At least one unit does.
fn whole_units(placed: &[Placed], batch_max: usize) -> usize {
    let mut fits: usize = 0;
    loop {
        let unit = unit_length(placed.iter().skip(fits).map(|placed| &placed.request));
        let with_unit = fits.saturating_add(unit);
        if unit == 0 || (fits > 0 && with_unit > batch_max) {
            return fits;
        }
        fits = with_unit;
    }
}

/// Returns for each transfer whether it has to wait; `None` if more than `waits_max` have to.
fn must_wait(waiting: &[Placed], in_flight: &[&Footprint], waits_max: usize) -> Option<Vec<bool>> {
    let mut left = Footprint::default();
    let mut left_count: usize = 0;
    let mut must_wait = Vec::with_capacity(waiting.len());
    let mut rest = waiting;
    while !rest.is_empty() {
        let (unit, others) = rest.split_at(unit_length(rest.iter().map(|placed| &placed.request)));
        rest = others;
        let waits = unit.iter().any(|Placed { request, .. }| {
            let transfer = &request.transfer;
            left.conflicts_with(transfer) || in_flight.iter().any(|batch| batch.conflicts_with(transfer))
        });
        if waits {
            unit.iter().for_each(|placed| left.add(&placed.request.transfer));
            left_count = left_count.saturating_add(unit.len());
            if left_count > waits_max {
                return None;
            }
        }
        must_wait.extend(unit.iter().map(|_| waits));
    }
    Some(must_wait)
}

#[cfg(test)]
mod tests {
    use bank_domain::{AccountId, Amount, Group, PostRequest, Transfer};

    use super::super::placed::Place;
    use super::*;
    use crate::transfer_ids::new_transfer_id;

    fn transfer(from: i64, to: i64) -> Transfer {
        Transfer::new(new_transfer_id(), AccountId::new(from), AccountId::new(to), Amount::MIN)
    }

    fn placed(transfers: &[Transfer]) -> Vec<Placed> {
        placed_requests(transfers.iter().map(Into::into))
    }

    fn placed_requests(requests: impl IntoIterator<Item = PostRequest>) -> Vec<Placed> {
        let place = |index| Place { batch: 0, index };
        (0..).zip(requests).map(|(index, request)| Placed { place: place(index), request }).collect()
    }

    /// Returns which of the transfers are taken beside the ones in flight, by their places.
    fn independent(waiting: &[Transfer], in_flight: &[Transfer]) -> Option<Vec<usize>> {
        first_independent(waiting, in_flight, waiting.len())
    }

    fn first_independent(waiting: &[Transfer], in_flight: &[Transfer], batch_max: usize) -> Option<Vec<usize>> {
        let mut left = placed(waiting);
        let gone = take_independent(&mut left, &[&in_flight.iter().collect()], batch_max);
        let indexes = |placed: &[Placed]| placed.iter().map(|placed| placed.place.index).collect::<Vec<_>>();
        let gone = gone.as_deref().map(indexes);
        let mut all = [gone.clone().unwrap_or_default(), indexes(&left)].concat();
        assert!(indexes(&left).is_sorted());
        all.sort_unstable();
        assert_eq!(all, (0..waiting.len()).collect::<Vec<_>>());
        gone
    }

    #[test]
    fn a_transfer_that_shares_an_account_waits_and_the_rest_goes() {
        let waiting = [transfer(3, 4), transfer(2, 5), transfer(6, 1), transfer(7, 8)];
        assert_eq!(independent(&waiting, &[transfer(1, 2)]), Some(vec![0, 3]));
    }

    #[test]
    fn a_transfer_does_not_overtake_one_that_waits_and_shares_its_account() {
        let waiting = [transfer(1, 3), transfer(3, 4), transfer(5, 6), transfer(7, 8)];
        assert_eq!(independent(&waiting, &[transfer(1, 2)]), Some(vec![2, 3]));
    }

    #[test]
    fn the_same_id_waits_whatever_its_accounts() {
        let (first, other) = (transfer(1, 2), transfer(5, 6));
        let mut again = transfer(3, 4);
        again.id = first.id;
        assert_eq!(independent(&[again, other], &[first]), Some(vec![1]));
    }

    #[test]
    fn nothing_goes_if_more_than_half_has_to_wait() {
        let waiting = [transfer(1, 3), transfer(2, 4), transfer(5, 6)];
        assert_eq!(independent(&waiting, &[transfer(1, 2)]), None);
    }

    #[test]
    fn no_more_go_than_a_batch_holds() {
        let waiting = [transfer(1, 3), transfer(4, 5), transfer(6, 7), transfer(8, 9), transfer(10, 11)];
        assert_eq!(first_independent(&waiting, &[transfer(1, 2)], 2), Some(vec![1, 2]));
    }

    #[test]
    fn a_group_goes_or_waits_as_a_whole() {
        let group: Vec<PostRequest> = Group::new([transfer(3, 4), transfer(1, 5)]).unwrap().into_iter().collect();
        let others = [transfer(4, 9), transfer(6, 7), transfer(8, 10), transfer(11, 12), transfer(13, 14)];
        let mut waiting = placed_requests(group.into_iter().chain(others.iter().map(Into::into)));
        let gone = take_independent(&mut waiting, &[&[transfer(1, 2)].iter().collect()], 10).unwrap();
        // The group waits for account 1, and what shares account 4 with it waits, too.
        assert_eq!(gone.iter().map(|placed| placed.place.index).collect::<Vec<_>>(), [3, 4, 5, 6]);
        assert_eq!(waiting.iter().map(|placed| placed.place.index).collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn a_batch_ends_before_a_group_that_it_would_cut() {
        let group = Group::new([transfer(1, 2), transfer(1, 2), transfer(1, 2)]).unwrap();
        let one = || [PostRequest::from(transfer(1, 2))];
        let mut waiting = placed_requests(one().into_iter().chain(group).chain(one()));
        // A group that is larger than a batch goes by itself.
        for expected in [1, 3, 1] {
            assert_eq!(take_independent(&mut waiting, &[], 2).map(|gone| gone.len()), Some(expected));
        }
    }

    #[test]
    fn with_nothing_in_flight_everything_goes_that_a_batch_holds() {
        let mut waiting = placed(&[transfer(1, 2), transfer(1, 2), transfer(1, 2)]);
        for expected in [2, 1] {
            assert_eq!(take_independent(&mut waiting, &[], 2).map(|gone| gone.len()), Some(expected));
        }
        assert!(waiting.is_empty());
    }
}
