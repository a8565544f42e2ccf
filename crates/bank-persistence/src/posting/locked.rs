//! The locked path, by which every transfer can go: lock the accounts, look for earlier postings, let the domain decide, and
//! write what it decided, all in the caller's transaction.

use bank_db::DbConnection;
use bank_db::sql_types::StoredUuid;
use bank_domain::{AccountId, AccountState, Outcome, PostRequest, PostedTransfer, TransferId, apply_batch};
use diesel::prelude::*;

use super::checks::{RowsWritten, expect_rows, newly_posted, rejected_by_journal, sort_for_journal};
use super::{postgres, sqlite};
use crate::error::BankError;
use crate::rows::TransferRow;
use crate::schema::transfers;

/// Posts transfers in order within the caller's transaction and returns their outcomes in that order.
///
/// The transaction must have been opened by [`transaction::write`](bank_db::transaction::write). Nothing has happened until
/// it is committed: do not pass the outcomes on before.
///
/// # Errors
///
/// - [`BankError::ConcurrentPosting`] if another transaction posted one of the ids at the same moment.
/// - [`BankError::Corrupt`] or [`BankError::InvariantViolation`] if another program has written to the tables.
/// - An error of the database if a statement fails.
///
/// After any error the transaction must be rolled back.
pub fn post(connection: &mut DbConnection, requests: &[PostRequest]) -> Result<Vec<Outcome>, BankError> {
    if requests.is_empty() {
        return Ok(Vec::new());
    }
    let accounts = lock_accounts(connection, &accounts_of(requests))?;
    decide_and_write(connection, accounts, requests)
}

/// Posts transfers whose accounts are locked; missing accounts are left out.
pub(super) fn decide_and_write(
    connection: &mut DbConnection,
    accounts: Vec<AccountState>,
    requests: &[PostRequest],
) -> Result<Vec<Outcome>, BankError> {
    // Only after the locks: a transfer that was posted while we waited for them must be seen.
    let ids: Vec<TransferId> = requests.iter().map(|request| request.transfer.id).collect();
    let already_posted = find(connection, &ids)?;
    let applied = apply_batch(accounts, already_posted, requests);
    let mut posted: Vec<&PostedTransfer> = applied.outcomes.iter().filter_map(newly_posted).collect();
    if !posted.is_empty() {
        sort_for_journal(&mut posted);
        let written = write(connection, &applied.changed, &posted).map_err(rejected_by_journal)?;
        expect_rows(written, &applied.changed, &posted)?;
    }
    Ok(applied.outcomes)
}

/// Returns the ids of all accounts involved, ascending: the order in which all postings lock them, so that no two wait for
/// each other.
fn accounts_of(requests: &[PostRequest]) -> Vec<AccountId> {
    let mut ids: Vec<AccountId> = requests.iter().flat_map(|r| [r.transfer.from, r.transfer.to]).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Locks the accounts until the transaction ends, and reads them.
fn lock_accounts(connection: &mut DbConnection, ids: &[AccountId]) -> Result<Vec<AccountState>, BankError> {
    match connection {
        DbConnection::Postgres(postgres) => postgres::lock_accounts(postgres, ids),
        DbConnection::Sqlite(sqlite) => sqlite::read_accounts(sqlite, ids),
    }
}

/// Returns the posted transfers with these ids, as far as there are any, and possibly others.
pub(crate) fn find(connection: &mut DbConnection, ids: &[TransferId]) -> Result<Vec<PostedTransfer>, BankError> {
    let ids: Vec<StoredUuid> = ids.iter().map(|id| StoredUuid(id.as_uuid())).collect();
    let rows = match find_in_range(connection, &ids)? {
        Some(rows) => rows,
        None => match connection {
            DbConnection::Postgres(postgres) => postgres::find_transfers(postgres, ids)?,
            DbConnection::Sqlite(sqlite) => sqlite::find_transfers(sqlite, &ids)?,
        },
    };
    rows.into_iter().map(PostedTransfer::try_from).collect()
}

/// Looks at everything between the least and the greatest id, if that is little: ids that grow with time make the range of a
/// new batch empty, and a look at the index's end answers for all. Returns `None` if the range holds more.
///
/// Other transfers in the range do no harm: the domain looks transfers up by id.
fn find_in_range(connection: &mut DbConnection, ids: &[StoredUuid]) -> QueryResult<Option<Vec<TransferRow>>> {
    const ROWS_MAX: u8 = 64;
    let (Some(least), Some(greatest)) = (ids.iter().min_by_key(|id| id.0), ids.iter().max_by_key(|id| id.0)) else {
        return Ok(Some(Vec::new()));
    };
    let rows = transfers::table
        .filter(transfers::id.between(least, greatest))
        .limit(ROWS_MAX.into())
        .select(TransferRow::as_select())
        .load::<TransferRow>(connection)?;
    Ok((rows.len() < ROWS_MAX.into()).then_some(rows))
}

/// Writes the balances and versions of accounts that are locked, and appends to the journal.
fn write(
    connection: &mut DbConnection,
    changed: &[AccountState],
    posted: &[&PostedTransfer],
) -> QueryResult<RowsWritten> {
    let (balances, transfers) = match connection {
        DbConnection::Postgres(postgres) => {
            (postgres::write_balances(postgres, changed)?, postgres::append(postgres, posted)?)
        }
        DbConnection::Sqlite(sqlite) => (sqlite::write_balances(sqlite, changed)?, sqlite::append(sqlite, posted)?),
    };
    Ok(RowsWritten { balances, transfers })
}
