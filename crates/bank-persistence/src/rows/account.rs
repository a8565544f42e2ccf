//! The table `accounts`.

use bank_db::sql_types::StoredTime;
use bank_domain::{
    Account, AccountId, AccountName, AccountState, AccountVersion, Age, Balance, Country, InvalidInput, OverdraftLimit,
};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::error::BankError;

/// A row of the table, its columns in the table's order.
#[derive(Queryable)]
pub(crate) struct AccountRow {
    id: i64,
    name: String,
    age: i16,
    country: String,
    opening_balance: i64,
    balance: i64,
    overdraft_limit: i64,
    version: i64,
    pub(crate) created_at: StoredTime,
}

impl TryFrom<AccountRow> for Account {
    type Error = BankError;

    fn try_from(row: AccountRow) -> Result<Self, BankError> {
        let id = row.id;
        let account = || -> Result<Self, InvalidInput> {
            Ok(Self {
                id: AccountId::new(row.id),
                name: AccountName::new(row.name)?,
                age: Age::new(row.age)?,
                country: Country::new(row.country)?,
                opening_balance: Balance::new(row.opening_balance),
                balance: Balance::new(row.balance),
                overdraft_limit: OverdraftLimit::new(row.overdraft_limit)?,
                version: AccountVersion::new(row.version),
            })
        };
        account().map_err(|reason| corrupt_account(id, &reason))
    }
}

/// The part of a row that posting reads.
#[derive(Queryable)]
pub(crate) struct StateRow {
    id: i64,
    balance: i64,
    overdraft_limit: i64,
    version: i64,
}

impl StateRow {
    /// The columns, of a table that the statement calls `a`.
    pub(crate) const COLUMNS: &str = "a.id, a.balance, a.overdraft_limit, a.version";
}

/// The SQL types of [`StateRow::COLUMNS`].
pub(crate) type StateColumns = (BigInt, BigInt, BigInt, BigInt);

impl TryFrom<StateRow> for AccountState {
    type Error = BankError;

    fn try_from(row: StateRow) -> Result<Self, BankError> {
        Ok(Self {
            id: AccountId::new(row.id),
            balance: Balance::new(row.balance),
            overdraft_limit: OverdraftLimit::new(row.overdraft_limit)
                .map_err(|reason| corrupt_account(row.id, &reason))?,
            version: AccountVersion::new(row.version),
        })
    }
}

pub(crate) fn corrupt_account(id: i64, reason: &InvalidInput) -> BankError {
    BankError::Corrupt { table: "accounts", id: id.to_string(), reason: reason.to_string() }
}
