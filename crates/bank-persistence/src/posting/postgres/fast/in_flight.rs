//! The statements of a submission that got no answer.
//!
//! A COMMIT is sent while its accounts are locked, so an attempt that posts the transfer again waits for it and learns the
//! truth. An autocommit statement holds no locks in transit: it might arrive after a later attempt was rejected, and post what
//! was called rejected. So it carries a deadline by the server's clock ([`IN_FLIGHT_MAX`]), and until that has passed, no
//! attempt of the submission reports a rejection.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// How long after it was sent an autocommit statement may begin to write.
pub const IN_FLIGHT_MAX: Duration = Duration::from_secs(2);

#[derive(Debug, Default)]
pub(super) struct InFlightStatement(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    attempts: u64,
    /// Whether the last attempt's statement has no answer.
    is_unanswered: bool,
    /// When no earlier statement can begin to write any more.
    until: Option<Instant>,
}

impl InFlightStatement {
    /// Notes that a statement is about to be sent, and returns the attempt's number.
    pub(super) fn begin(&self) -> u64 {
        let mut state = self.0.lock();
        if state.is_unanswered {
            state.until = Some(Instant::now() + IN_FLIGHT_MAX);
        }
        state.is_unanswered = true;
        state.attempts = state.attempts.saturating_add(1);
        state.attempts
    }

    /// Notes that an attempt's statement was answered. That of an attempt that was given up comes too late to matter.
    pub(super) fn answered(&self, attempt: u64) {
        let mut state = self.0.lock();
        if state.attempts == attempt {
            state.is_unanswered = false;
        }
    }

    /// Returns how long an earlier statement might still begin to write, or `None` if none might.
    pub(super) fn wait_left(&self) -> Option<Duration> {
        let until = self.0.lock().until?;
        Some(until.saturating_duration_since(Instant::now())).filter(|wait| !wait.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_without_an_answer_is_waited_for_by_the_next_attempt() {
        let in_flight = InFlightStatement::default();
        let first = in_flight.begin();
        assert_eq!(in_flight.wait_left(), None, "it is the attempt's own");
        let second = in_flight.begin();
        assert!(in_flight.wait_left().is_some_and(|wait| wait <= IN_FLIGHT_MAX));
        in_flight.answered(first);
        in_flight.answered(second);
        assert!(in_flight.wait_left().is_some(), "the answer to the second says nothing of the first");
    }

    #[test]
    fn a_statement_with_an_answer_is_not_waited_for() {
        let in_flight = InFlightStatement::default();
        for _ in 0..2 {
            let attempt = in_flight.begin();
            in_flight.answered(attempt);
        }
        assert_eq!(in_flight.wait_left(), None);
    }
}
