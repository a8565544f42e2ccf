//! How often and for how long to try.

use std::time::Duration;

/// Bounds on how often and for how long a transaction is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The largest number of attempts, the first included.
    pub attempts_max: u32,
    /// No attempt begins after this time. One that has begun is not cut short by it.
    pub elapsed_max: Duration,
    /// The bound of the first wait. It doubles from one wait to the next.
    pub delay_min: Duration,
    /// The bound of the longest wait.
    pub delay_max: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts_max: 10,
            elapsed_max: Duration::from_secs(30),
            delay_min: Duration::from_millis(5),
            delay_max: Duration::from_secs(2),
        }
    }
}

impl RetryPolicy {
    /// Returns the bound of the wait after this number of failed attempts.
    fn delay_bound(&self, attempts: u32) -> Duration {
        let doubled =
            2_u32.checked_pow(attempts.saturating_sub(1)).and_then(|factor| self.delay_min.checked_mul(factor));
        doubled.unwrap_or(self.delay_max).min(self.delay_max)
    }

    /// Draws the wait after this number of failed attempts evenly from zero to its bound: "full jitter" (Marc Brooker,
    /// "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
    pub(super) fn delay(&self, attempts: u32) -> Duration {
        let microseconds = u64::try_from(self.delay_bound(attempts).as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(fastrand::u64(0..=microseconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_of_the_wait_doubles_up_to_the_longest() {
        let policy = RetryPolicy::default();
        let bounds = [1, 2, 3, 9, 10, 40, u32::MAX].map(|attempts| policy.delay_bound(attempts).as_millis());
        assert_eq!(bounds, [5, 10, 20, 1280, 2000, 2000, 2000]);
        assert!((1..50).all(|attempts| policy.delay(attempts) <= policy.delay_bound(attempts)));
    }
}
