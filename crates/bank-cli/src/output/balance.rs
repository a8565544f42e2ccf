//! How a balance is printed.

use std::io::{self, Write};

use bank_domain::Account;
use bank_persistence::BalanceAsOf;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::money::Money;

/// The balance of an account, now or at an earlier time.
#[derive(Debug, Serialize)]
pub(crate) struct BalanceRecord {
    account_id: i64,
    name: String,
    currency: String,
    balance: Money,
    version: i64,
    /// The requested time; absent for the current balance.
    #[serde(flatten)]
    as_of: Option<AsOf>,
}

#[derive(Debug, Serialize)]
struct AsOf {
    at: String,
    /// The time of the last transfer up to the requested time.
    posted_at: Option<String>,
}

impl BalanceRecord {
    /// Returns the record of the current balance.
    pub(crate) fn now(account: &Account) -> Self {
        Self {
            account_id: account.id.get(),
            name: account.name.to_string(),
            currency: account.currency.code.to_string(),
            balance: Money::new(account.balance.get(), account.currency),
            version: account.version.get(),
            as_of: None,
        }
    }

    /// Returns the record of an earlier balance.
    pub(crate) fn at(at: DateTime<Utc>, account: &Account, held: &BalanceAsOf) -> Self {
        let text = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Micros, true);
        Self {
            balance: Money::new(held.balance.get(), account.currency),
            version: held.version.get(),
            as_of: Some(AsOf { at: text(at), posted_at: held.posted_at.map(text) }),
            ..Self::now(account)
        }
    }

    /// Prints one line.
    pub(crate) fn write_line(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { name, balance, version, .. } = self;
        write!(out, "name = {name}, balance = {balance}, version = {version}")?;
        if let Some(as_of) = &self.as_of {
            write!(out, ", at = {}", as_of.at)?;
        }
        writeln!(out)
    }
}
