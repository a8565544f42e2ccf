//! Posting transfers in one transaction that is rolled back if any of them is refused.

use std::sync::{Arc, Mutex, PoisonError};

use bank_domain::{Outcome, PostRequest, Transfer};
use bank_persistence::{Bank, BankError, DbError, posting};

use crate::interrupt::Interrupt;

/// What became of the transaction.
pub(crate) enum Written {
    /// Committed; no outcome is a rejection.
    Posted(Vec<Outcome>),
    /// Rolled back; these would have been the outcomes.
    Refused(Vec<Outcome>),
    /// Rolled back because somebody wants the command to stop.
    Interrupted,
}

/// Posts all transfers or none.
pub(crate) fn post_all_or_none(
    bank: &Bank,
    transfers: &[Transfer],
    interrupt: &Interrupt,
) -> Result<Written, BankError> {
    let shared: Arc<[Transfer]> = transfers.into();
    let rolled_back = Arc::new(Mutex::new(None));
    let written = bank.write("posting", {
        let (rolled_back, interrupt) = (Arc::clone(&rolled_back), interrupt.clone());
        move |connection| {
            let requests: Vec<PostRequest> = shared.iter().map(PostRequest::from).collect();
            let outcomes = posting::post(connection, &requests)?;
            let why = if outcomes.iter().any(|outcome| matches!(outcome, Outcome::Rejected(_))) {
                Written::Refused(outcomes)
            } else if interrupt.is_asked() {
                Written::Interrupted
            } else {
                return Ok(outcomes);
            };
            *rolled_back.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
            Err(BankError::Database(DbError::GivenUp))
        }
    });
    match written {
        Ok(outcomes) => Ok(Written::Posted(outcomes)),
        Err(BankError::Database(DbError::GivenUp)) => {
            let why = rolled_back.lock().unwrap_or_else(PoisonError::into_inner).take();
            why.ok_or(BankError::Database(DbError::GivenUp))
        }
        Err(error) => Err(error),
    }
}
