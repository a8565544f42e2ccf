//! The table `accounts`.

use bank_db::sql_types::StoredTime;
use bank_domain::{
    Account, AccountId, AccountName, AccountState, AccountStatus, AccountVersion, Age, Balance, Country, Currency,
    CurrencyCode, Held, InvalidInput, OverdraftLimit, Scale,
};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, SmallInt, Text};

use crate::error::BankError;
use crate::schema::accounts;

/// A row of the table.
#[derive(Queryable, Selectable)]
#[diesel(table_name = accounts)]
pub(crate) struct AccountRow {
    id: i64,
    name: String,
    age: Option<i16>,
    country: Option<String>,
    currency: String,
    status: i16,
    opening_balance: i64,
    balance: i64,
    held: i64,
    overdraft_limit: i64,
    version: i64,
    pub(crate) created_at: StoredTime,
}

/// All accounts, each with the scale of its currency, for [`AccountRow::with_scale`].
macro_rules! accounts_with_scale {
    () => {
        crate::schema::accounts::table
            .left_join(
                crate::schema::currencies::table
                    .on(crate::schema::currencies::code.eq(crate::schema::accounts::currency)),
            )
            .select((AccountRow::as_select(), crate::schema::currencies::scale.nullable()))
    };
}

pub(crate) use accounts_with_scale;

impl AccountRow {
    /// Returns the account; `scale` is that of its currency in the table of currencies.
    pub(crate) fn with_scale(self, scale: Option<i16>) -> Result<Account, BankError> {
        let id = self.id;
        let Some(scale) = scale else {
            return Err(corrupt(id, format!("its currency {} is not in the table of currencies", self.currency)));
        };
        let status = status(id, self.status)?;
        let account = || -> Result<Account, InvalidInput> {
            Ok(Account {
                id: AccountId::new(id),
                name: AccountName::new(self.name)?,
                age: self.age.map(Age::new).transpose()?,
                country: self.country.map(Country::new).transpose()?,
                currency: Currency { code: CurrencyCode::new(&self.currency)?, scale: Scale::new(scale)? },
                status,
                opening_balance: Balance::new(self.opening_balance),
                balance: Balance::new(self.balance),
                held: Held::new(self.held)?,
                overdraft_limit: OverdraftLimit::new(self.overdraft_limit)?,
                version: AccountVersion::new(self.version),
            })
        };
        account().map_err(|reason| corrupt_account(id, &reason))
    }
}

/// The number that the table has for a status.
pub(crate) const fn stored_status(status: AccountStatus) -> i16 {
    match status {
        AccountStatus::Open => 1,
        AccountStatus::Frozen => 2,
        AccountStatus::Closed => 3,
    }
}

fn status(id: i64, stored: i16) -> Result<AccountStatus, BankError> {
    let status = AccountStatus::ALL.into_iter().find(|status| stored_status(*status) == stored);
    status.ok_or_else(|| corrupt(id, format!("its status {stored} was written by a newer program")))
}

/// The part of a row that posting reads.
#[derive(Queryable)]
pub(crate) struct StateRow {
    id: i64,
    currency: String,
    status: i16,
    balance: i64,
    held: i64,
    overdraft_limit: i64,
    version: i64,
}

impl StateRow {
    /// The columns, of a table that the statement calls `a`.
    pub(crate) const COLUMNS: &str = "a.id, a.currency, a.status, a.balance, a.held, a.overdraft_limit, a.version";
}

/// The SQL types of [`StateRow::COLUMNS`].
pub(crate) type StateColumns = (BigInt, Text, SmallInt, BigInt, BigInt, BigInt, BigInt);

impl TryFrom<StateRow> for AccountState {
    type Error = BankError;

    fn try_from(row: StateRow) -> Result<Self, BankError> {
        let status = status(row.id, row.status)?;
        let state = || -> Result<Self, InvalidInput> {
            Ok(Self {
                id: AccountId::new(row.id),
                currency: CurrencyCode::new(&row.currency)?,
                status,
                balance: Balance::new(row.balance),
                held: Held::new(row.held)?,
                overdraft_limit: OverdraftLimit::new(row.overdraft_limit)?,
                version: AccountVersion::new(row.version),
            })
        };
        state().map_err(|reason| corrupt_account(row.id, &reason))
    }
}

pub(crate) fn corrupt_account(id: i64, reason: &InvalidInput) -> BankError {
    corrupt(id, reason.to_string())
}

fn corrupt(id: i64, reason: String) -> BankError {
    BankError::Corrupt { table: "accounts", id: id.to_string(), reason }
}
