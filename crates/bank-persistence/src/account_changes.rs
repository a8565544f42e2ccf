//! Changes of accounts that move no money, and the trail of them.

use bank_db::DbConnection;
use bank_db::sql_types::StoredTime;
use bank_domain::{Account, AccountChange, AccountId, AccountName, ChangeRefusal, Memo};
use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::accounts::{self, RecordedAccount};
use crate::error::BankError;
use crate::insert::insert_or_keep;
use crate::rows::stored_status;
use crate::schema::{account_changes, account_names, accounts as account_table};

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// The account was changed, and the change stands in its trail.
    Changed {
        /// The account before.
        before: Box<Account>,
        /// The account now.
        after: Box<Account>,
    },
    /// A rule refused the change; nothing changed.
    Refused {
        /// The account as it is.
        account: Box<Account>,
        /// The reason.
        reason: ChangeRefusal,
    },
}

/// A line of an account's trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedChange {
    /// Its place in the account's trail, from 1.
    pub number: u64,
    /// What was changed: `status`, `name` or `overdraft_limit`.
    pub field: String,
    /// The value before; money as decimal text in the account's currency.
    pub before: Option<String>,
    /// The value after.
    pub after: Option<String>,
    /// What was noted about the change.
    pub note: Option<String>,
    /// When it was changed, by the database's clock.
    pub changed_at: DateTime<Utc>,
}

/// Everything about an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountDetails {
    /// The account, and when it was opened.
    pub recorded: RecordedAccount,
    /// The names that it had before, in the order of the alphabet. They lead to it still.
    pub former_names: Vec<AccountName>,
    /// Its trail, the oldest change first.
    pub changes: Vec<RecordedChange>,
}

/// Changes the account that has this name, or had it before, and writes its trail. Returns `None` if there is
/// no account. Must be called in a transaction, which must be rolled back if the change is refused.
///
/// # Errors
///
/// Returns an error if a statement fails; [`BankError::Corrupt`] if a row breaks the rules.
pub(crate) fn change(
    connection: &mut DbConnection,
    name: &AccountName,
    change: &AccountChange,
    note: Option<&Memo>,
) -> Result<Option<ChangeOutcome>, BankError> {
    let Some(found) = accounts::find_by_name(connection, name)? else { return Ok(None) };
    lock(connection, found.id)?;
    // Only now nobody else changes it.
    let Some(before) = accounts::find_by_name(connection, name)? else { return Ok(None) };
    let after = match before.changed(change) {
        Ok(after) => after,
        Err(reason) => return Ok(Some(ChangeOutcome::Refused { account: Box::new(before), reason })),
    };
    if after.name != before.name && !take_name(connection, &after)? {
        let reason = ChangeRefusal::NameTaken { name: after.name };
        return Ok(Some(ChangeOutcome::Refused { account: Box::new(before), reason }));
    }
    write(connection, &after)?;
    record(connection, &before, &after, note)?;
    Ok(Some(ChangeOutcome::Changed { before: Box::new(before), after: Box::new(after) }))
}

/// Locks the account's row, as posting does. An SQLite transaction that writes holds the only write lock already.
fn lock(connection: &mut DbConnection, id: AccountId) -> QueryResult<()> {
    if let DbConnection::Postgres(postgres) = connection {
        let row = account_table::table.find(id.get()).select(account_table::id);
        row.for_update().get_result::<i64>(postgres)?;
    }
    Ok(())
}

/// Makes the account's name lead to it; returns whether it does now.
fn take_name(connection: &mut DbConnection, account: &Account) -> QueryResult<bool> {
    if accounts::has_decomposed(connection, &account.name)? {
        return Ok(false);
    }
    let values = (account_names::name.eq(account.name.as_str()), account_names::account_id.eq(account.id.get()));
    insert_or_keep!(connection, account_names::table, values)?;
    let owner = account_names::table.find(account.name.as_str()).select(account_names::account_id);
    Ok(owner.get_result::<i64>(connection)? == account.id.get())
}

fn write(connection: &mut DbConnection, after: &Account) -> Result<(), BankError> {
    let values = (
        account_table::name.eq(after.name.as_str()),
        account_table::status.eq(stored_status(after.status)),
        account_table::overdraft_limit.eq(after.overdraft_limit.get()),
    );
    let rows = diesel::update(account_table::table.find(after.id.get())).set(values).execute(connection)?;
    expect_one(rows)
}

/// Writes the trail.
fn record(
    connection: &mut DbConnection,
    before: &Account,
    after: &Account,
    note: Option<&Memo>,
) -> Result<(), BankError> {
    let limit = |account: &Account| account.currency.decimal(account.overdraft_limit.get()).to_string();
    let (field, old, new) = if before.status != after.status {
        ("status", before.status.to_string(), after.status.to_string())
    } else if before.name == after.name {
        ("overdraft_limit", limit(before), limit(after))
    } else {
        ("name", before.name.to_string(), after.name.to_string())
    };
    // The account is locked, so nobody else counts.
    let of_account = account_changes::table.filter(account_changes::account_id.eq(before.id.get()));
    let last: Option<i64> = of_account.select(diesel::dsl::max(account_changes::number)).get_result(connection)?;
    let values = (
        account_changes::account_id.eq(before.id.get()),
        account_changes::number.eq(last.unwrap_or(0).saturating_add(1)),
        account_changes::change.eq(field),
        account_changes::before.eq(old),
        account_changes::after.eq(new),
        account_changes::note.eq(note.map(Memo::as_str)),
    );
    expect_one(diesel::insert_into(account_changes::table).values(values).execute(connection)?)
}

fn expect_one(rows: usize) -> Result<(), BankError> {
    if rows == 1 {
        return Ok(());
    }
    Err(BankError::InvariantViolation { detail: format!("a change of an account wrote {rows} rows in place of 1") })
}

type Row = (i64, String, Option<String>, Option<String>, Option<String>, StoredTime);

/// Returns everything about the account that has this name, or had it before. Call it within
/// [`transaction::read`](bank_db::transaction::read), so that the answers belong together.
///
/// # Errors
///
/// Returns an error if a query fails; [`BankError::Corrupt`] if a row breaks the rules.
pub(crate) fn details(connection: &mut DbConnection, name: &AccountName) -> Result<Option<AccountDetails>, BankError> {
    let Some(recorded) = accounts::find_recorded(connection, name)? else { return Ok(None) };
    let id = recorded.account.id.get();
    let names: Vec<String> = account_names::table
        .filter(account_names::account_id.eq(id))
        .order(account_names::name)
        .select(account_names::name)
        .load(connection)?;
    let former = names.into_iter().filter(|name| name != recorded.account.name.as_str());
    let former_names = former.filter_map(|name| AccountName::new(name).ok()).collect();
    let rows: Vec<Row> = account_changes::table
        .filter(account_changes::account_id.eq(id))
        .order(account_changes::number)
        .select((
            account_changes::number,
            account_changes::change,
            account_changes::before,
            account_changes::after,
            account_changes::note,
            account_changes::changed_at,
        ))
        .load(connection)?;
    let changes = rows.into_iter().map(|(number, field, before, after, note, changed_at)| RecordedChange {
        number: number.unsigned_abs(),
        field,
        before,
        after,
        note,
        changed_at: changed_at.0,
    });
    Ok(Some(AccountDetails { recorded, former_names, changes: changes.collect() }))
}
