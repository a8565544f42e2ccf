//! How an account is printed.

use std::io::{self, Write};

use bank_domain::{Account, AccountStatus, Age};
use serde::Serialize;

use super::money::Money;
use super::rows::Row;
use super::table::Column;

/// An account as it is printed; money is a decimal string.
#[derive(Debug, Default, Serialize)]
pub(crate) struct AccountRow {
    id: i64,
    name: String,
    age: Option<i16>,
    country: Option<String>,
    currency: String,
    status: &'static str,
    balance: Money,
    opening_balance: Money,
    overdraft_limit: Money,
    version: i64,
}

impl From<&Account> for AccountRow {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id.get(),
            name: account.name.to_string(),
            age: account.age.map(Age::get),
            country: account.country.as_ref().map(ToString::to_string),
            currency: account.currency.code.to_string(),
            status: account.status.name(),
            balance: Money::new(account.balance.get(), account.currency),
            opening_balance: Money::new(account.opening_balance.get(), account.currency),
            overdraft_limit: Money::new(account.overdraft_limit.get(), account.currency),
            version: account.version.get(),
        }
    }
}

impl Row for AccountRow {
    const TABLE: &'static [Column] = &[
        Column::Number("id"),
        Column::Text("name"),
        Column::Number("age"),
        Column::Text("country"),
        Column::Money("balance"),
    ];

    fn table_cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.name.clone(),
            self.age.as_ref().map(ToString::to_string).unwrap_or_default(),
            self.country.clone().unwrap_or_default(),
            self.balance.to_string(),
        ]
    }

    fn write_line(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "name = {}", self.name)?;
        if let Some(age) = self.age {
            write!(out, ", age = {age}")?;
        }
        if let Some(country) = &self.country {
            write!(out, ", country = {country}")?;
        }
        write!(out, ", balance = {}", self.balance)?;
        if self.status == AccountStatus::Open.name() { Ok(()) } else { write!(out, ", status = {}", self.status) }
    }
}

#[cfg(test)]
impl AccountRow {
    pub(crate) fn example(id: i64, name: &str, balance: i64) -> Self {
        let (name, country) = (name.to_owned(), Some("USA".to_owned()));
        let balance = Money::new(balance, bank_domain::Currency::NONE);
        let (currency, status) = ("XXX".to_owned(), AccountStatus::Open.name());
        Self {
            id,
            name,
            age: Some(28),
            country,
            currency,
            status,
            balance,
            opening_balance: balance,
            ..Self::default()
        }
    }
}
