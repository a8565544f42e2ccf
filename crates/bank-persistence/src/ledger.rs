//! What holds for a ledger as a whole.

use bank_db::DbConnection;
use bank_domain::CurrencyCode;
use diesel::prelude::*;

use crate::error::BankError;
use crate::schema::ledger;

/// Returns the currency of accounts that are opened without one.
///
/// # Errors
///
/// Returns an error if the query fails; [`BankError::Corrupt`] if another program has written the row.
pub(crate) fn default_currency(connection: &mut DbConnection) -> Result<CurrencyCode, BankError> {
    let code: String = ledger::table.select(ledger::default_currency).first(connection)?;
    CurrencyCode::new(&code).map_err(|reason| BankError::Corrupt {
        table: "ledger",
        id: "1".to_owned(),
        reason: reason.to_string(),
    })
}

/// Sets the currency of accounts that are opened without one.
///
/// # Errors
///
/// Returns an error if the statement fails; [`BankError::InvariantViolation`] if the ledger has no row.
pub(crate) fn set_default_currency(connection: &mut DbConnection, code: CurrencyCode) -> Result<(), BankError> {
    let rows = diesel::update(ledger::table).set(ledger::default_currency.eq(code.as_str())).execute(connection)?;
    if rows == 1 {
        return Ok(());
    }
    Err(BankError::InvariantViolation { detail: format!("the table ledger has {rows} rows in place of 1") })
}
