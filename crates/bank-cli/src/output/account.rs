//! How an account is printed.

use std::io::{self, Write};

use bank_domain::Account;
use serde::Serialize;

use super::rows::Row;
use super::table::Column;

/// An account as it is printed; money is a JSON number.
#[derive(Debug, Default, Serialize)]
pub(crate) struct AccountRow {
    id: i64,
    name: String,
    age: i16,
    country: String,
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
            age: account.age.get(),
            country: account.country.to_string(),
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
            self.age.to_string(),
            self.country.clone(),
            self.balance.to_string(),
        ]
    }

    fn write_line(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { name, age, country, balance, .. } = self;
        write!(out, "name = {name}, age = {age}, country = {country}, balance = {balance}")
    }
}

#[cfg(test)]
impl AccountRow {
    pub(crate) fn example(id: i64, name: &str, balance: i64) -> Self {
        let (name, country) = (name.to_owned(), "USA".to_owned());
        Self { id, name, age: 28, country, balance, opening_balance: balance, ..Self::default() }
    }
}
