//! When a batch is worth its commit: the one waiting policy, a pure function.

use std::time::Duration;

/// What is known when a batch could begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Load {
    /// How many batches are in flight.
    pub(super) in_flight: usize,
    /// Whether no second batch can be in flight usefully: there is one writer, or most transfers share accounts.
    pub(super) is_exclusive: bool,
    /// How many transfers each batch would have, were all that wait and all in flight shared out evenly.
    pub(super) fair_share: usize,
    /// How many transfers the last batch had.
    pub(super) last_size: usize,
    /// How long the last batch took.
    pub(super) last_took: Duration,
}

/// What to wait for before the next batch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    /// Until there are this many transfers that can go.
    pub(super) transfers_min: usize,
    /// But no longer than this, if nothing else bounds the wait.
    pub(super) linger_max: Duration,
}

/// Returns what is worth waiting for.
///
/// - Beside other batches, half of a fair share: the last callers to come back are not worth waiting for, and some never do.
///   A smaller batch would cost a commit that the next one could have shared.
/// - Where batches exclude each other, as many as the last batch had: what does not wait now has to wait for this batch anyway.
/// - With nothing in flight, nothing: the database would be idle.
///
/// Callers who have been answered come back one after the other, and the first of them would get a commit of their own; so a
/// queue lingers for a quarter of what the last batch took, but at most 10 ms.
pub(super) fn worth_waiting_for(load: Load) -> Wait {
    const FRACTION_OF_SHARE: usize = 2;
    const FRACTION_OF_TIME: u32 = 4;
    const LINGER_MAX: Duration = Duration::from_millis(10);
    let transfers_min = if load.is_exclusive {
        load.last_size
    } else if load.in_flight == 0 {
        0
    } else {
        load.fair_share.div_ceil(FRACTION_OF_SHARE)
    };
    Wait { transfers_min, linger_max: (load.last_took / FRACTION_OF_TIME).min(LINGER_MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transfers_min(load: Load) -> usize {
        worth_waiting_for(load).transfers_min
    }

    #[test]
    fn with_nothing_in_flight_a_batch_begins_immediately() {
        assert_eq!(transfers_min(Load { fair_share: 100, last_size: 100, ..Load::default() }), 0);
    }

    #[test]
    fn beside_other_batches_half_of_a_fair_share_is_worth_a_commit() {
        let load = |fair_share| Load { in_flight: 1, fair_share, last_size: 100, ..Load::default() };
        assert_eq!([0, 1, 2, 3, 32].map(|share| transfers_min(load(share))), [0, 1, 1, 2, 16]);
    }

    #[test]
    fn where_batches_exclude_each_other_the_last_size_is_worth_waiting_for() {
        for in_flight in [0, 1] {
            let load = Load { in_flight, is_exclusive: true, fair_share: 10, last_size: 64, ..Load::default() };
            assert_eq!(transfers_min(load), 64);
        }
    }

    #[test]
    fn lingering_is_a_quarter_of_the_last_batch_and_bounded() {
        let linger = |millis| {
            let last_took = Duration::from_millis(millis);
            worth_waiting_for(Load { last_took, ..Load::default() }).linger_max.as_micros()
        };
        assert_eq!([0, 2, 40, 1000].map(linger), [0, 500, 10_000, 10_000]);
    }
}
