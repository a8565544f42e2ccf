//! The posting primitives on SQLite: prepared single-row statements. There is no round trip to save, and the
//! transaction holds the write lock from its beginning, so there is nothing to lock.

use bank_domain::{AccountId, AccountState, Posting};
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;

use crate::accounts::StateRow;
use crate::error::Error;
use crate::journal::PostingRow;
use crate::posting::RowsWritten;
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

pub(super) fn find_postings(connection: &mut SqliteConnection, ids: &[StoredUuid]) -> QueryResult<Vec<PostingRow>> {
    let mut postings = Vec::new();
    for id in ids {
        let row = transfers::table.find(id).select(PostingRow::COLUMNS).get_result(connection).optional()?;
        postings.extend(row);
    }
    Ok(postings)
}

pub(super) fn write(
    connection: &mut SqliteConnection,
    changed: &[AccountState],
    postings: &[&Posting],
) -> QueryResult<RowsWritten> {
    let balances = write_balances(connection, changed)?;
    let transfers = append_to_journal(connection, postings)?;
    Ok(RowsWritten { balances, transfers })
}

fn write_balances(connection: &mut SqliteConnection, changed: &[AccountState]) -> QueryResult<usize> {
    let mut rows: usize = 0;
    for account in changed {
        let updated = diesel::update(accounts::table.find(account.id.get()))
            .set((accounts::balance.eq(account.balance.get()), accounts::version.eq(account.version.get())))
            .execute(connection)?;
        rows = rows.saturating_add(updated);
    }
    Ok(rows)
}

fn append_to_journal(connection: &mut SqliteConnection, postings: &[&Posting]) -> QueryResult<usize> {
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
