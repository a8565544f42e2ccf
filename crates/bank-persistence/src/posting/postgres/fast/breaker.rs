//! A circuit breaker: after a failed attempt, the next 64 batches skip the fast path.
//!
//! What stood in the way, another writer or transfers that are rejected, is likely to be there again.

use std::sync::atomic::{AtomicU32, Ordering};

#[derive(Debug, Default)]
pub(super) struct CircuitBreaker {
    /// How many batches are still to skip.
    to_skip: AtomicU32,
}

impl CircuitBreaker {
    /// Returns whether to try, and counts a batch that skips.
    pub(super) fn try_acquire(&self) -> bool {
        let one_less = |left: u32| left.checked_sub(1);
        self.to_skip.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_err()
    }

    /// Notes a failed attempt.
    pub(super) fn trip(&self) {
        const BATCHES: u32 = 64;
        self.to_skip.store(BATCHES, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tripped_breaker_closes_again_after_64_batches() {
        let breaker = CircuitBreaker::default();
        assert!(breaker.try_acquire() && breaker.try_acquire());
        breaker.trip();
        assert_eq!((0..1000).take_while(|_| !breaker.try_acquire()).count(), 64);
        assert!(breaker.try_acquire());
    }
}
