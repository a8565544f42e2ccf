//! Posting: the one path by which money moves.
//!
//! Locks the accounts, reads what is there, lets the domain decide, and writes what it decided; all in the caller's
//! transaction. What differs from one backend to the other is five primitives, one module for each.

mod postgres;
mod sqlite;

use bank_domain::{AccountId, AccountState, Outcome, Posting, Transfer, TransferId, apply_batch};

use crate::connection::DbConnection;
use crate::error::Error;

/// Posts transfers in order within the caller's transaction and returns their outcomes in that order.
///
/// The transaction must have been opened by [`transaction::write`](crate::transaction::write). Nothing has happened
/// until it is committed: the outcomes are not to be passed on before.
///
/// # Errors
///
/// The database's. After any error the transaction must be rolled back.
pub fn post(connection: &mut DbConnection, transfers: &[Transfer]) -> Result<Vec<Outcome>, Error> {
    if transfers.is_empty() {
        return Ok(Vec::new());
    }
    let accounts = lock_accounts(connection, &accounts_of(transfers))?;
    // Only after the locks: a transfer that was posted while we waited for them must be seen.
    let ids: Vec<TransferId> = transfers.iter().map(|transfer| transfer.id).collect();
    let already_posted = find_postings(connection, &ids)?;
    let applied = apply_batch(accounts, already_posted, transfers);
    let mut postings: Vec<&Posting> = applied.outcomes.iter().filter_map(newly_posted).collect();
    // In the order of the primary key, neighbours are written together, however random the ids are.
    postings.sort_unstable_by_key(|posting| posting.transfer.id);
    if !postings.is_empty() {
        write_balances(connection, &applied.changed)?;
        append_to_journal(connection, &postings)?;
    }
    Ok(applied.outcomes)
}

/// Returns the ids of all accounts involved, ascending: the order in which everybody locks them, so that no two
/// postings wait for each other.
fn accounts_of(transfers: &[Transfer]) -> Vec<AccountId> {
    let mut ids: Vec<AccountId> = transfers.iter().flat_map(|t| [t.from, t.to]).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn newly_posted(outcome: &Outcome) -> Option<&Posting> {
    match outcome {
        Outcome::Posted(posting) => Some(posting),
        Outcome::Replayed(_) | Outcome::Rejected(_) => None,
    }
}

/// Locks the accounts, given in ascending order, until the transaction ends, and reads them; missing ones are left out.
fn lock_accounts(connection: &mut DbConnection, ids: &[AccountId]) -> Result<Vec<AccountState>, Error> {
    match connection {
        DbConnection::Postgres(postgres) => postgres::lock_accounts(postgres, ids),
        DbConnection::Sqlite(sqlite) => sqlite::read_accounts(sqlite, ids),
    }
}

/// Returns the postings under these ids, as far as there are any.
fn find_postings(connection: &mut DbConnection, ids: &[TransferId]) -> Result<Vec<Posting>, Error> {
    match connection {
        DbConnection::Postgres(postgres) => postgres::find_postings(postgres, ids),
        DbConnection::Sqlite(sqlite) => sqlite::find_postings(sqlite, ids),
    }
}

/// Writes the balances and versions of accounts that are locked.
fn write_balances(connection: &mut DbConnection, changed: &[AccountState]) -> Result<(), Error> {
    let written = match connection {
        DbConnection::Postgres(postgres) => postgres::write_balances(postgres, changed)?,
        DbConnection::Sqlite(sqlite) => sqlite::write_balances(sqlite, changed)?,
    };
    expect_rows("balances", changed.len(), written)
}

/// Appends postings to the journal.
fn append_to_journal(connection: &mut DbConnection, postings: &[&Posting]) -> Result<(), Error> {
    let appended = match connection {
        DbConnection::Postgres(postgres) => postgres::append_to_journal(postgres, postings),
        DbConnection::Sqlite(sqlite) => sqlite::append_to_journal(sqlite, postings),
    };
    match appended {
        Ok(rows) => expect_rows("transfers", postings.len(), rows),
        // The same id, sent twice at once with different accounts, is not stopped by the accounts' locks.
        Err(diesel::result::Error::DatabaseError(diesel::result::DatabaseErrorKind::UniqueViolation, _)) => {
            Err(Error::ConcurrentPosting)
        }
        Err(error) => Err(error.into()),
    }
}

/// The last look before the commit: every row that was to be written has been.
fn expect_rows(what: &str, expected: usize, written: usize) -> Result<(), Error> {
    if expected == written {
        return Ok(());
    }
    Err(Error::InvariantViolation { detail: format!("{expected} {what} were to be written, {written} were") })
}
