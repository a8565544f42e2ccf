//! Accounts: opening, finding, listing and counting them.

use std::collections::HashMap;

use bank_db::DbConnection;
use bank_domain::{Account, AccountId, AccountName, Age, Country, NewAccount};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};

use crate::currencies;
use crate::error::BankError;
use crate::ledger;
use crate::rows::{AccountRow, accounts_with_scale};
use crate::schema::{account_names, accounts};

/// How many accounts a page holds: the most that are in memory at a time while all are listed.
pub const PAGE_SIZE: u16 = 1000;

/// An account as the table has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedAccount {
    /// The account.
    pub account: Account,
    /// When it was opened, by the database's clock.
    pub opened_at: DateTime<Utc>,
}

/// An account's row and the scale of its currency.
type ScaledRow = (AccountRow, Option<i16>);

impl TryFrom<ScaledRow> for RecordedAccount {
    type Error = BankError;

    fn try_from((row, scale): ScaledRow) -> Result<Self, BankError> {
        Ok(Self { opened_at: row.created_at.0, account: row.with_scale(scale)? })
    }
}

/// Opens an account and returns it with its id. Must be called in a transaction, because it writes to several tables.
///
/// # Errors
///
/// [`BankError::AccountExists`] if the name is taken, or was an account's name; [`BankError::CurrencyUnknown`] if the ledger
/// does not have the currency, nor ISO 4217; [`BankError::AccountIdTaken`] if the server hands out an id that an account has.
pub fn open(connection: &mut DbConnection, new: &NewAccount) -> Result<Account, BankError> {
    let code = match new.currency() {
        Some(code) => code,
        None => ledger::default_currency(connection)?,
    };
    let currency = currencies::find_or_add(connection, code)?;
    let row = diesel::insert_into(accounts::table)
        .values((
            accounts::name.eq(new.name().as_str()),
            accounts::age.eq(new.age().map(Age::get)),
            accounts::country.eq(new.country().map(Country::as_str)),
            accounts::currency.eq(code.as_str()),
            accounts::opening_balance.eq(new.opening_balance().get()),
            accounts::balance.eq(new.opening_balance().get()),
            accounts::overdraft_limit.eq(new.overdraft_limit().get()),
        ))
        .returning(<AccountRow as Selectable<diesel::pg::Pg>>::construct_selection())
        .get_result::<AccountRow>(connection);
    let account = match row {
        Ok(row) => row.with_scale(Some(currency.scale.get()))?,
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => return Err(BankError::AccountIdTaken),
        Err(error) => return Err(error.into()),
    };
    if has_decomposed(connection, new.name())? {
        return Err(BankError::AccountExists { name: new.name().clone() });
    }
    let name = (account_names::name.eq(new.name().as_str()), account_names::account_id.eq(account.id.get()));
    match diesel::insert_into(account_names::table).values(name).execute(connection) {
        Ok(_) => Ok(account),
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            Err(BankError::AccountExists { name: new.name().clone() })
        }
        Err(error) => Err(error.into()),
    }
}

/// Returns whether an account has, or had, a name that is the same text in the decomposed form, as names of former versions may
/// be. Those that are equal are found by the key.
pub(crate) fn has_decomposed(connection: &mut DbConnection, name: &AccountName) -> QueryResult<bool> {
    let Some(decomposed) = name.decomposed() else { return Ok(false) };
    let found = account_names::table.find(decomposed.as_str()).count().get_result::<i64>(connection)?;
    Ok(found > 0)
}

/// Returns the account that has this name, or had it before. A name that leads nowhere is looked up in the composed form (NFC),
/// too.
///
/// # Errors
///
/// Returns an error if the query fails; [`BankError::Corrupt`] if a row breaks the rules.
pub fn find_by_name(connection: &mut DbConnection, name: &AccountName) -> Result<Option<Account>, BankError> {
    Ok(find_recorded(connection, name)?.map(|recorded| recorded.account))
}

/// Returns the accounts that have these names, or had them before, each with the name that was asked for, in no order; names
/// without an account are left out. Names are looked up as by [`find_by_name`].
///
/// # Errors
///
/// Returns an error if the query fails; [`BankError::Corrupt`] if a row breaks the rules.
pub fn find_by_names(
    connection: &mut DbConnection,
    names: &[AccountName],
) -> Result<Vec<(AccountName, Account)>, BankError> {
    let mut found = Vec::with_capacity(names.len());
    // SQLite binds each name by itself, and not without limit.
    for chunk in names.chunks(PAGE_SIZE.into()) {
        let ids = ids_of(connection, chunk)?;
        let rows = accounts_with_scale!()
            .filter(accounts::id.eq_any(ids.iter().map(|(_, id)| *id)))
            .load::<ScaledRow>(connection)?;
        let mut accounts = HashMap::with_capacity(rows.len());
        for (row, scale) in rows {
            let account = row.with_scale(scale)?;
            accounts.insert(account.id.get(), account);
        }
        found.extend(ids.into_iter().filter_map(|(name, id)| Some((name.clone(), accounts.get(&id)?.clone()))));
    }
    Ok(found)
}

/// Returns the names that lead to an account, each with its id.
fn ids_of<'a>(connection: &mut DbConnection, names: &'a [AccountName]) -> QueryResult<Vec<(&'a AccountName, i64)>> {
    let mut wanted: HashMap<&str, &AccountName> = names.iter().map(|name| (name.as_str(), name)).collect();
    let mut ids = lead_to(connection, &mut wanted)?;
    let composed: Vec<(AccountName, &AccountName)> =
        wanted.into_values().filter_map(|name| Some((name.composed()?, name))).collect();
    if !composed.is_empty() {
        ids.extend(lead_to(connection, &mut composed.iter().map(|(name, of)| (name.as_str(), *of)).collect())?);
    }
    Ok(ids)
}

/// Takes out what leads to an account.
fn lead_to<'a>(
    connection: &mut DbConnection,
    wanted: &mut HashMap<&str, &'a AccountName>,
) -> QueryResult<Vec<(&'a AccountName, i64)>> {
    let rows = account_names::table
        .filter(account_names::name.eq_any(wanted.keys().copied()))
        .load::<(String, i64)>(connection)?;
    Ok(rows.into_iter().filter_map(|(name, id)| Some((wanted.remove(&*name)?, id))).collect())
}

/// Returns the account that has this name, or had it before, and when it was opened. The name is looked up as by
/// [`find_by_name`].
///
/// # Errors
///
/// Returns an error if the query fails; [`BankError::Corrupt`] if a row breaks the rules.
pub fn find_recorded(connection: &mut DbConnection, name: &AccountName) -> Result<Option<RecordedAccount>, BankError> {
    let Some((_, id)) = ids_of(connection, std::slice::from_ref(name))?.pop() else { return Ok(None) };
    let row = accounts_with_scale!().filter(accounts::id.eq(id)).get_result::<ScaledRow>(connection).optional()?;
    row.map(RecordedAccount::try_from).transpose()
}

/// Returns up to a page of accounts whose ids are above `after`, ordered by id.
///
/// # Errors
///
/// Returns an error if the query fails; [`BankError::Corrupt`] if a row breaks the rules.
pub fn list_page(
    connection: &mut DbConnection,
    after: Option<AccountId>,
    limit: u16,
) -> Result<Vec<RecordedAccount>, BankError> {
    let rows = accounts_with_scale!()
        .filter(accounts::id.gt(after.map_or(i64::MIN, AccountId::get)))
        .order(accounts::id)
        .limit(limit.min(PAGE_SIZE).into())
        .load::<ScaledRow>(connection)?;
    rows.into_iter().map(RecordedAccount::try_from).collect()
}

/// Returns names near the given one: its neighbours in alphabetical order and those of its usual spellings, and the
/// names of the oldest accounts. Bounded, whatever the number of accounts; neither ranked nor free of repetitions.
///
/// # Errors
///
/// Returns an error if the query fails; [`BankError::Corrupt`] if a row breaks the rules.
pub fn similar_names(connection: &mut DbConnection, name: &AccountName) -> Result<Vec<AccountName>, BankError> {
    const NEIGHBOURS: i64 = 20;
    let mut found = accounts::table
        .order(accounts::id)
        .limit(PAGE_SIZE.into())
        .select(accounts::name)
        .load::<String>(connection)?;
    for spelling in spellings(name.as_str()) {
        let names = account_names::table.select(account_names::name);
        let after = names.filter(account_names::name.ge(&spelling)).order(account_names::name.asc());
        found.extend(after.limit(NEIGHBOURS).load::<String>(connection)?);
        let before = names.filter(account_names::name.lt(&spelling)).order(account_names::name.desc());
        found.extend(before.limit(NEIGHBOURS).load::<String>(connection)?);
    }
    Ok(found.into_iter().filter_map(|name| AccountName::new(name).ok()).collect())
}

fn spellings(name: &str) -> [String; 3] {
    let lower = name.to_lowercase();
    let mut characters = lower.chars();
    let capitalised =
        characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect());
    [name.to_owned(), lower, capitalised]
}

/// Counts all accounts.
///
/// # Errors
///
/// Returns an error if the query fails.
pub fn count(connection: &mut DbConnection) -> Result<u64, BankError> {
    let count: i64 = accounts::table.count().get_result(connection)?;
    u64::try_from(count).map_err(|_| BankError::InvariantViolation { detail: format!("{count} accounts counted") })
}
