//! What every path checks and prepares around the domain's decision.

use bank_db::DbError;
use bank_domain::{AccountState, Outcome, PostedTransfer};
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::error::BankError;

/// How many rows were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowsWritten {
    pub(super) balances: usize,
    pub(super) transfers: usize,
}

/// Returns what was posted now.
pub(super) fn newly_posted(outcome: &Outcome) -> Option<&PostedTransfer> {
    match outcome {
        Outcome::Posted(posted) => Some(posted),
        Outcome::Replayed(_) | Outcome::Rejected(_) => None,
    }
}

/// Sorts rows so that neighbours in an index are written together: in the primary key where ids are random, in the index of
/// the paying accounts where ids grow with time and so are neighbours anyway.
pub(super) fn sort_for_journal(posted: &mut [&PostedTransfer]) {
    const GROWS_WITH_TIME: usize = 7;
    if posted.iter().all(|posted| posted.transfer.id.as_uuid().get_version_num() == GROWS_WITH_TIME) {
        posted.sort_unstable_by_key(|posted| (posted.transfer.from, posted.debit.version));
    } else {
        posted.sort_unstable_by_key(|posted| posted.transfer.id);
    }
}

/// Checks before the commit that every row was written.
pub(super) fn expect_rows(
    written: RowsWritten,
    changed: &[AccountState],
    posted: &[&PostedTransfer],
) -> Result<(), BankError> {
    let expected = RowsWritten { balances: changed.len(), transfers: posted.len() };
    if written == expected {
        return Ok(());
    }
    Err(BankError::InvariantViolation { detail: format!("expected {expected:?}, wrote {written:?}") })
}

/// Returns the error of a journal that rejected a row. The same id, sent concurrently with different accounts, is not
/// stopped by the accounts' locks.
pub(super) fn rejected_by_journal(error: DieselError) -> BankError {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => BankError::ConcurrentPosting,
        other => DbError::from(other).into(),
    }
}
