//! Posting: the one path by which money moves.
//!
//! Locks the accounts, reads what is there, lets the domain decide, and writes what it decided; all in the caller's
//! transaction. What differs from one backend to the other is few primitives, one module for each.
//!
//! The transfers of a batch have one time, read when their accounts are locked: no moment lies within a batch, and unless
//! the clock goes back, nothing is posted before the last transfer of its accounts.

mod one_pass;
mod postgres;
mod server_clock;
mod sqlite;

use std::time::Duration;

use bank_domain::{AccountId, AccountState, Outcome, PostRequest, PostedTransfer, apply_batch};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::error::BankError;
use crate::journal::PostingRow;
use crate::schema::transfers;
use bank_db::DbConnection;
use bank_db::sql_types::{StoredTime, StoredUuid};

pub(crate) use one_pass::{Additions, Confidence, post_in_one_pass};
pub(crate) use server_clock::ServerClock;

/// How long after it was sent a statement that posts a transfer at once may begin to write. One that got stuck on its way
/// holds no locks, so nobody else's posting waits for it; only this makes sure that it has no effect later.
pub(crate) const AT_ONCE_MAX: Duration = Duration::from_secs(2);
/// How long, by the server's clock, an autocommit statement may be in flight and still post.
pub const IN_FLIGHT_MAX: Duration = AT_ONCE_MAX;

/// Posts transfers in order within the caller's transaction and returns their outcomes in that order.
///
/// The transaction must have been opened by [`transaction::write`](bank_db::transaction::write). Nothing has happened
/// until it is committed: the outcomes are not to be passed on before.
///
/// # Errors
///
/// The database's; [`BankError::ConcurrentPosting`] if somebody else has posted one of the ids at the same moment;
/// [`BankError::Corrupt`] and [`BankError::InvariantViolation`] if somebody else has written to the tables. After any error the
/// transaction must be rolled back.
pub fn post(connection: &mut DbConnection, requests: &[PostRequest]) -> Result<Vec<Outcome>, BankError> {
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let Locked { accounts, written } = lock_accounts(connection, requests)?;
    let already_posted = match written {
        Some(_) => Vec::new(),
        // Only after the locks: a transfer that was posted while we waited for them must be seen.
        None => find_postings(connection, requests)?,
    };
    let applied = apply_batch(accounts, already_posted, requests);
    let mut postings: Vec<&PostedTransfer> = applied.outcomes.iter().filter_map(newly_posted).collect();
    match written {
        Some(written) => expect_agreement(&written, &postings)?,
        None if postings.is_empty() => {}
        None => {
            sort_for_journal(&mut postings);
            write(connection, &applied.changed, &postings)?;
        }
    }
    Ok(applied.outcomes)
}

/// Returns when a statement that is sent now may no longer begin to write, by the server's clock, which is asked if it
/// never told the time.
///
/// # Errors
///
/// The database's.
pub(crate) fn deadline(connection: &mut DbConnection, clock: &ServerClock) -> Result<DateTime<Utc>, BankError> {
    match (clock.time_after(AT_ONCE_MAX), connection) {
        (None, DbConnection::Postgres(postgres)) => Ok(clock.set(postgres::now(postgres)?.0) + AT_ONCE_MAX),
        (deadline, _) => Ok(deadline.unwrap_or(StoredTime::LAST.0)),
    }
}

/// Posts a single transfer with one statement, in a transaction of its own, if nothing stands in its way and it gets to
/// the server before the [`deadline`]; otherwise does nothing, and [`post`] will say why.
///
/// # Errors
///
/// The database's; [`BankError::InvariantViolation`] if the domain would not have posted it, or otherwise.
pub(crate) fn post_at_once(
    connection: &mut DbConnection,
    clock: &ServerClock,
    deadline: DateTime<Utc>,
    request: &PostRequest,
) -> Result<Option<Outcome>, BankError> {
    let DbConnection::Postgres(postgres) = connection else {
        return Ok(None);
    };
    let (Locked { accounts, written }, now) = postgres::lock_and_write(postgres, &request.transfer, Some(deadline))?;
    if let Some(now) = now {
        clock.set(now);
    }
    let Some(written) = written else {
        return Ok(None);
    };
    let mut outcomes = apply_batch(accounts, Vec::new(), std::slice::from_ref(request)).outcomes;
    let postings: Vec<&PostedTransfer> = outcomes.iter().filter_map(newly_posted).collect();
    expect_agreement(&written, &postings)?;
    Ok(outcomes.pop())
}

/// The accounts of a batch, locked until the transaction ends; missing ones are left out.
struct Locked {
    accounts: Vec<AccountState>,
    /// What a backend has written already in the same round trip. It is only a guess until the domain agrees.
    written: Option<PostedTransfer>,
}

impl Locked {
    fn only(accounts: Vec<AccountState>) -> Self {
        Self { accounts, written: None }
    }
}

/// Returns the ids of all accounts involved, ascending: the order in which everybody locks them, so that no two
/// postings wait for each other.
fn accounts_of(requests: &[PostRequest]) -> Vec<AccountId> {
    let mut ids: Vec<AccountId> = requests.iter().flat_map(|r| [r.transfer.from, r.transfer.to]).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn newly_posted(outcome: &Outcome) -> Option<&PostedTransfer> {
    match outcome {
        Outcome::Posted(posting) => Some(posting),
        Outcome::Replayed(_) | Outcome::Rejected(_) => None,
    }
}

/// Sorts rows so that neighbours in an index are written together: the primary key's where ids are random, that of the
/// paying accounts where ids grow with time and so are neighbours anyway.
fn sort_for_journal(postings: &mut [&PostedTransfer]) {
    const GROWS_WITH_TIME: usize = 7;
    if postings.iter().all(|posting| posting.transfer.id.as_uuid().get_version_num() == GROWS_WITH_TIME) {
        postings.sort_unstable_by_key(|posting| (posting.transfer.from, posting.debit.version));
    } else {
        postings.sort_unstable_by_key(|posting| posting.transfer.id);
    }
}

/// Locks the accounts until the transaction ends, and reads them.
fn lock_accounts(connection: &mut DbConnection, requests: &[PostRequest]) -> Result<Locked, BankError> {
    match (connection, requests) {
        (DbConnection::Postgres(postgres), [request]) if request.expected_version.is_none() => {
            postgres::lock_and_write(postgres, &request.transfer, None).map(|(locked, _)| locked)
        }
        (DbConnection::Postgres(postgres), _) => {
            postgres::lock_accounts(postgres, &accounts_of(requests)).map(Locked::only)
        }
        (DbConnection::Sqlite(sqlite), _) => sqlite::read_accounts(sqlite, &accounts_of(requests)).map(Locked::only),
    }
}

/// Returns the postings under the transfers' ids, as far as there are any, and possibly others.
fn find_postings(connection: &mut DbConnection, requests: &[PostRequest]) -> Result<Vec<PostedTransfer>, BankError> {
    let ids: Vec<StoredUuid> = requests.iter().map(|request| StoredUuid(request.transfer.id.as_uuid())).collect();
    let rows = match find_in_range(connection, &ids)? {
        Some(rows) => rows,
        None => match connection {
            DbConnection::Postgres(postgres) => postgres::find_postings(postgres, ids)?,
            DbConnection::Sqlite(sqlite) => sqlite::find_postings(sqlite, &ids)?,
        },
    };
    rows.into_iter().map(PostedTransfer::try_from).collect()
}

/// Looks at everything between the least and the greatest id, if that is little: ids that grow with time make the range
/// of a new batch empty, and a look at the index's end answers for all. `None` if there is more in it.
///
/// What else lies in the range does no harm: the domain looks postings up by id.
fn find_in_range(connection: &mut DbConnection, ids: &[StoredUuid]) -> QueryResult<Option<Vec<PostingRow>>> {
    const ROWS_MAX: u8 = 64;
    let (Some(least), Some(greatest)) = (ids.iter().min_by_key(|id| id.0), ids.iter().max_by_key(|id| id.0)) else {
        return Ok(Some(Vec::new()));
    };
    let rows = transfers::table
        .filter(transfers::id.between(least, greatest))
        .limit(ROWS_MAX.into())
        .select(PostingRow::COLUMNS)
        .load::<PostingRow>(connection)?;
    Ok((rows.len() < ROWS_MAX.into()).then_some(rows))
}

/// How many rows were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RowsWritten {
    balances: usize,
    transfers: usize,
}

/// Writes the balances and versions of accounts that are locked, and appends postings to the journal.
fn write(
    connection: &mut DbConnection,
    changed: &[AccountState],
    postings: &[&PostedTransfer],
) -> Result<(), BankError> {
    let written = match connection {
        DbConnection::Postgres(postgres) => postgres::write(postgres, changed, postings),
        DbConnection::Sqlite(sqlite) => sqlite::write(sqlite, changed, postings),
    };
    expect_rows(written.map_err(refused_by_journal)?, changed, postings)
}

/// The last look before the commit: every row that was to be written has been.
fn expect_rows(written: RowsWritten, changed: &[AccountState], postings: &[&PostedTransfer]) -> Result<(), BankError> {
    let wanted = RowsWritten { balances: changed.len(), transfers: postings.len() };
    if written == wanted {
        return Ok(());
    }
    Err(BankError::InvariantViolation { detail: format!("{wanted:?} was to be, {written:?} is") })
}

/// Returns the error of a journal that did not take a row. The same id, sent twice at once with different accounts, is
/// not stopped by the accounts' locks.
fn refused_by_journal(error: DieselError) -> BankError {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => BankError::ConcurrentPosting,
        other => other.into(),
    }
}

/// The last look before the commit where the database wrote ahead: it did what the domain decided, and nothing else.
fn expect_agreement(written: &PostedTransfer, decided: &[&PostedTransfer]) -> Result<(), BankError> {
    if decided == [written] {
        return Ok(());
    }
    let id = written.transfer.id;
    Err(BankError::InvariantViolation { detail: format!("transfer {id} was written otherwise than the rules decide") })
}
