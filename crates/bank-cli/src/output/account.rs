//! How an account is printed.

use std::io::{self, Write};

use bank_domain::{Account, Age};
use serde::Serialize;

use super::rows::Row;
use super::table::Column;

/// An account as it is printed; money is a JSON number.
#[derive(Debug, Default, Serialize)]
pub(crate) struct AccountRow {
    id: i64,
    name: String,
    age: Option<i16>,
    country: Option<String>,
    balance: i64,
    opening_balance: i64,
    overdraft_limit: i64,
    version: i64,
}

impl From<&Account> for AccountRow {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id.get(),
            name: account.name.to_string(),
            age: account.age.map(Age::get),
            country: account.country.as_ref().map(ToString::to_string),
            balance: account.balance.get(),
            opening_balance: account.opening_balance.get(),
            overdraft_limit: account.overdraft_limit.get(),
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
        write!(out, ", balance = {}", self.balance)
    }
}

#[cfg(test)]
impl AccountRow {
    pub(crate) fn example(id: i64, name: &str, balance: i64) -> Self {
        let (name, country) = (name.to_owned(), Some("USA".to_owned()));
        Self { id, name, age: Some(28), country, balance, opening_balance: balance, ..Self::default() }
    }
}
