//! The currencies of a ledger.

use bank_db::DbConnection;
use bank_domain::{Currency, CurrencyCode, InvalidInput, Scale};
use diesel::prelude::*;

use crate::error::BankError;
use crate::insert::insert_or_keep;
use crate::schema::currencies;

/// Returns the ledger's currency of this code.
///
/// # Errors
///
/// Returns an error if the query fails; [`BankError::Corrupt`] if another program has written the row.
pub fn find(connection: &mut DbConnection, code: CurrencyCode) -> Result<Option<Currency>, BankError> {
    let row: Option<(String, i16)> = currencies::table.find(code.as_str()).get_result(connection).optional()?;
    row.map(|(code, scale)| currency(&code, scale)).transpose()
}

/// Returns all currencies of the ledger, in the order of their codes.
///
/// # Errors
///
/// As for [`find`].
pub fn list(connection: &mut DbConnection) -> Result<Vec<Currency>, BankError> {
    let rows: Vec<(String, i16)> = currencies::table.order(currencies::code).load(connection)?;
    rows.into_iter().map(|(code, scale)| currency(&code, scale)).collect()
}

/// Adds a currency, unless its code is taken, and returns what the ledger has under the code now. The caller compares.
///
/// # Errors
///
/// As for [`find`]; [`BankError::InvariantViolation`] if the row is neither written nor found.
pub fn add(connection: &mut DbConnection, currency: Currency) -> Result<Currency, BankError> {
    let values = (currencies::code.eq(currency.code.as_str()), currencies::scale.eq(currency.scale.get()));
    insert_or_keep!(connection, currencies::table, values)?;
    find(connection, currency.code)?.ok_or_else(|| BankError::InvariantViolation {
        detail: format!("the currency {} was added and is not there", currency.code),
    })
}

/// Returns the ledger's currency of this code, and adds it first if ISO 4217 has it.
///
/// # Errors
///
/// As for [`add`]; [`BankError::CurrencyUnknown`] if neither the ledger nor ISO 4217 has it.
pub(crate) fn find_or_add(connection: &mut DbConnection, code: CurrencyCode) -> Result<Currency, BankError> {
    match find(connection, code)? {
        Some(currency) => Ok(currency),
        None => add(connection, Currency::iso(code).ok_or(BankError::CurrencyUnknown { code })?),
    }
}

fn currency(code: &str, scale: i16) -> Result<Currency, BankError> {
    let currency = || -> Result<Currency, InvalidInput> {
        Ok(Currency { code: CurrencyCode::new(code)?, scale: Scale::new(scale)? })
    };
    currency().map_err(|reason| BankError::Corrupt {
        table: "currencies",
        id: code.to_owned(),
        reason: reason.to_string(),
    })
}
