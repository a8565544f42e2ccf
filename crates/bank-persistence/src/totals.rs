//! Counts and sums over all accounts, per currency.

use bank_db::DbConnection;
use bank_domain::{Currency, CurrencyCode, Scale};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, SmallInt, Text};

use crate::error::BankError;

/// Counts and sums over all accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many accounts there are.
    pub accounts: u64,
    /// The totals of each currency that accounts have, in the order of the codes.
    pub currencies: Vec<CurrencyTotals>,
    /// How many have less at their disposal than their limit allows. The tables' constraints forbid it.
    pub below_limit: u64,
    /// How many have no balance at all. The tables' constraints forbid this, too.
    pub without_balance: u64,
}

/// Counts and sums over the accounts of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrencyTotals {
    /// The currency. Its scale is 0 if the ledger does not have it, which an audit reports.
    pub currency: Currency,
    /// How many accounts have it.
    pub accounts: u64,
    /// The sum of what they held when they were opened, in minor units.
    pub opening_balance: i128,
    /// The sum of what they hold now, in minor units.
    pub balance: i128,
}

#[derive(QueryableByName)]
struct TotalsRow {
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = Nullable<SmallInt>)]
    scale: Option<i16>,
    #[diesel(sql_type = BigInt)]
    accounts: i64,
    #[diesel(sql_type = BigInt)]
    opening_high: i64,
    #[diesel(sql_type = BigInt)]
    opening_low: i64,
    #[diesel(sql_type = BigInt)]
    balance_high: i64,
    #[diesel(sql_type = BigInt)]
    balance_low: i64,
    #[diesel(sql_type = BigInt)]
    below_limit: i64,
    #[diesel(sql_type = BigInt)]
    without_balance: i64,
}

/// The upper and lower 32 bits are summed apart: no sum of up to 2³² accounts overflows, and no database needs a wider
/// type than BIGINT.
const TOTALS: &str = "
WITH t AS (
    SELECT currency, count(*) AS accounts,
           CAST(coalesce(sum(opening_balance >> 32), 0) AS BIGINT) AS opening_high,
           CAST(coalesce(sum(opening_balance & 4294967295), 0) AS BIGINT) AS opening_low,
           CAST(coalesce(sum(balance >> 32), 0) AS BIGINT) AS balance_high,
           CAST(coalesce(sum(balance & 4294967295), 0) AS BIGINT) AS balance_low,
           CAST(coalesce(sum(CASE WHEN balance - held < -overdraft_limit THEN 1 ELSE 0 END), 0) AS BIGINT)
               AS below_limit,
           count(*) - count(balance) AS without_balance
      FROM accounts GROUP BY currency)
SELECT t.*, c.scale FROM t LEFT JOIN currencies AS c ON c.code = t.currency";

/// Counts and sums all accounts in one statement, and so in one snapshot.
///
/// # Errors
///
/// Returns an error if the query fails; [`BankError::Corrupt`] if a row breaks the rules.
pub(crate) fn totals(connection: &mut DbConnection) -> Result<Totals, BankError> {
    let mut totals = Totals::default();
    for row in diesel::sql_query(TOTALS).load::<TotalsRow>(connection)? {
        totals.accounts += row.accounts.unsigned_abs();
        totals.below_limit += row.below_limit.unsigned_abs();
        totals.without_balance += row.without_balance.unsigned_abs();
        totals.currencies.push(row.try_into()?);
    }
    // Databases sort text by collations of their own.
    totals.currencies.sort_unstable_by_key(|of| of.currency.code);
    Ok(totals)
}

impl TryFrom<TotalsRow> for CurrencyTotals {
    type Error = BankError;

    fn try_from(row: TotalsRow) -> Result<Self, BankError> {
        let whole = |high: i64, low: i64| (i128::from(high) << 32) + i128::from(low);
        let corrupt = |reason: bank_domain::InvalidInput| BankError::Corrupt {
            table: "accounts",
            id: format!("all of {}", row.currency),
            reason: reason.to_string(),
        };
        let code = CurrencyCode::new(&row.currency).map_err(corrupt)?;
        let scale = Scale::new(row.scale.unwrap_or_default()).map_err(corrupt)?;
        Ok(Self {
            currency: Currency { code, scale },
            accounts: row.accounts.unsigned_abs(),
            opening_balance: whole(row.opening_high, row.opening_low),
            balance: whole(row.balance_high, row.balance_low),
        })
    }
}
