//! Counts and sums over all accounts.

use bank_db::DbConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::error::BankError;

/// Counts and sums over all accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// How many accounts there are.
    pub accounts: u64,
    /// The sum of what they held when they were opened.
    pub opening_balance: i128,
    /// The sum of what they hold now.
    pub balance: i128,
    /// How many hold less than their limit allows. The tables' constraints forbid it.
    pub below_limit: u64,
    /// How many have no balance at all. The tables' constraints forbid this, too.
    pub without_balance: u64,
}

#[derive(QueryableByName)]
struct TotalsRow {
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
SELECT count(*) AS accounts,
       CAST(coalesce(sum(opening_balance >> 32), 0) AS BIGINT) AS opening_high,
       CAST(coalesce(sum(opening_balance & 4294967295), 0) AS BIGINT) AS opening_low,
       CAST(coalesce(sum(balance >> 32), 0) AS BIGINT) AS balance_high,
       CAST(coalesce(sum(balance & 4294967295), 0) AS BIGINT) AS balance_low,
       CAST(coalesce(sum(CASE WHEN balance - held < -overdraft_limit THEN 1 ELSE 0 END), 0) AS BIGINT) AS below_limit,
       count(*) - count(balance) AS without_balance
  FROM accounts";

/// Counts and sums all accounts in one statement, and so in one snapshot.
///
/// # Errors
///
/// Returns an error if the query fails; [`BankError::Corrupt`] if a row breaks the rules.
pub(crate) fn totals(connection: &mut DbConnection) -> Result<Totals, BankError> {
    let row: TotalsRow = diesel::sql_query(TOTALS).get_result(connection)?;
    let whole = |high: i64, low: i64| (i128::from(high) << 32) + i128::from(low);
    Ok(Totals {
        accounts: row.accounts.unsigned_abs(),
        opening_balance: whole(row.opening_high, row.opening_low),
        balance: whole(row.balance_high, row.balance_low),
        below_limit: row.below_limit.unsigned_abs(),
        without_balance: row.without_balance.unsigned_abs(),
    })
}
