//! The posting primitives on SQLite: prepared single-row statements. There is no round trip to save, and the
//! transaction holds the write lock from its beginning, so there is nothing to lock.

use bank_domain::{AccountId, AccountState, Posting, TransferId};
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

use crate::accounts::StateRow;
use crate::error::Error;
use crate::journal::PostingRow;
use crate::schema::{accounts, transfers};
use crate::sql_types::StoredUuid;

pub(super) fn read_accounts(connection: &mut SqliteConnection, ids: &[AccountId]) -> Result<Vec<AccountState>, Error> {
    let mut states = Vec::with_capacity(ids.len());
    for id in ids {
        let row = accounts::table
            .find(id.get())
            .select((accounts::id, accounts::balance, accounts::overdraft_limit, accounts::version))
            .get_result::<StateRow>(connection)
            .optional()?;
        if let Some(row) = row {
            states.push(row.try_into()?);
        }
    }
    Ok(states)
}

pub(super) fn find_postings(connection: &mut SqliteConnection, ids: &[TransferId]) -> Result<Vec<Posting>, Error> {
    match find_in_range(connection, ids)? {
        Some(postings) => Ok(postings),
        None => find_one_by_one(connection, ids),
    }
}

/// Looks at everything between the least and the greatest id, if that is little: ids that grow with time make the range
/// of a new batch empty, and one statement answers for all. `None` if there is more in it.
fn find_in_range(connection: &mut SqliteConnection, ids: &[TransferId]) -> Result<Option<Vec<Posting>>, Error> {
    const ROWS_MAX: u8 = 64;
    let (Some(least), Some(greatest)) = (ids.iter().min(), ids.iter().max()) else {
        return Ok(Some(Vec::new()));
    };
    let rows = transfers::table
        .filter(transfers::id.between(StoredUuid(least.as_uuid()), StoredUuid(greatest.as_uuid())))
        .limit(ROWS_MAX.into())
        .select(PostingRow::COLUMNS)
        .load::<PostingRow>(connection)?;
    if rows.len() >= ROWS_MAX.into() {
        return Ok(None);
    }
    // What else lies in the range does no harm: the domain looks postings up by id.
    rows.into_iter().map(Posting::try_from).collect::<Result<_, _>>().map(Some)
}

fn find_one_by_one(connection: &mut SqliteConnection, ids: &[TransferId]) -> Result<Vec<Posting>, Error> {
    let mut postings = Vec::new();
    for id in ids {
        let row = transfers::table
            .find(StoredUuid(id.as_uuid()))
            .select(PostingRow::COLUMNS)
            .get_result::<PostingRow>(connection)
            .optional()?;
        if let Some(row) = row {
            postings.push(row.try_into()?);
        }
    }
    Ok(postings)
}

pub(super) fn write_balances(connection: &mut SqliteConnection, changed: &[AccountState]) -> QueryResult<usize> {
    let mut rows: usize = 0;
    for account in changed {
        let updated = diesel::update(accounts::table.find(account.id.get()))
            .set((accounts::balance.eq(account.balance.get()), accounts::version.eq(account.version.get())))
            .execute(connection)?;
        rows = rows.saturating_add(updated);
    }
    Ok(rows)
}

pub(super) fn append_to_journal(connection: &mut SqliteConnection, postings: &[&Posting]) -> QueryResult<usize> {
    let mut rows: usize = 0;
    for Posting { transfer, debit, credit } in postings {
        let inserted = diesel::insert_into(transfers::table)
            .values((
                transfers::id.eq(StoredUuid(transfer.id.as_uuid())),
                transfers::from_account_id.eq(transfer.from.get()),
                transfers::to_account_id.eq(transfer.to.get()),
                transfers::amount.eq(transfer.amount.get()),
                transfers::from_version.eq(debit.version.get()),
                transfers::to_version.eq(credit.version.get()),
                transfers::from_balance_after.eq(debit.balance_after.get()),
                transfers::to_balance_after.eq(credit.balance_after.get()),
                transfers::memo.eq(transfer.memo.as_ref().map(|memo| memo.as_str())),
            ))
            .execute(connection)?;
        rows = rows.saturating_add(inserted);
    }
    Ok(rows)
}
