//! Parses typed text into domain values, before anything connects to a database.

use std::fmt::Display;
use std::str::FromStr;

use bank_domain::{
    AccountName, AccountVersion, Age, Amount, Balance, Country, Currency, CurrencyCode, Decimal, DecimalProblem,
    GroupId, InvalidInput, Memo, OverdraftLimit, Scale, TransferId,
};

use crate::failure::{ExitCode, Failure};

/// Parses the name of an account.
pub(crate) fn account_name(typed: &str) -> Result<AccountName, Failure> {
    parse(typed, "a name has 1 to 64 characters, no control characters, and no space at either end")
}

/// Parses a country.
pub(crate) fn country(typed: &str) -> Result<Country, Failure> {
    parse(typed, "a country has 1 to 64 characters, no control characters, and no space at either end")
}

/// Parses an age in years.
pub(crate) fn age(typed: &str) -> Result<Age, Failure> {
    parse(typed, "an age is a whole number from 0 to 150")
}

/// Parses the amount of a transfer, whose currency is not known yet.
pub(crate) fn amount(typed: &str) -> Result<Decimal, Failure> {
    let hint = "an amount is a number above 0, such as 800 or 12.50";
    let amount: Decimal = parse(typed, hint)?;
    amount.positive().map_err(|error| invalid(error, hint))
}

/// Returns an amount in minor units of a currency.
pub(crate) fn amount_in(amount: Decimal, currency: Currency) -> Result<Amount, Failure> {
    amount.amount(currency).map_err(|error| not_in(currency, &error))
}

/// Parses a balance or an overdraft limit, whose currency is not known yet.
pub(crate) fn decimal(typed: &str) -> Result<Decimal, Failure> {
    parse(typed, "write a number, such as 10000 or 12.50")
}

/// Returns a balance in minor units of a currency.
pub(crate) fn balance_in(balance: Decimal, currency: Currency) -> Result<Balance, Failure> {
    balance.balance(currency).map_err(|error| not_in(currency, &error))
}

/// Returns an overdraft limit in minor units of a currency.
pub(crate) fn overdraft_limit_in(limit: Decimal, currency: Currency) -> Result<OverdraftLimit, Failure> {
    limit.overdraft_limit(currency).map_err(|error| invalid(error, "an overdraft limit is a number of 0 or more"))
}

/// Returns the failure for a number that is no amount of a currency.
fn not_in(currency: Currency, error: &InvalidInput) -> Failure {
    let Currency { code, scale } = currency;
    let hint = match error {
        InvalidInput::Decimal { problem: DecimalProblem::TooLarge, .. } => {
            format!("an amount in {code} is at most {}", currency.decimal(i64::MAX))
        }
        _ => format!("an amount in {code} has at most {scale} decimals, such as {}", currency.decimal(1250)),
    };
    invalid(error, &hint)
}

/// Parses the code of a currency.
pub(crate) fn currency_code(typed: &str) -> Result<CurrencyCode, Failure> {
    parse(typed, "a currency is a code of ISO 4217, such as EUR, or one that `bank-cli currency add` has added")
}

/// Parses the number of decimals of a currency.
pub(crate) fn scale(typed: &str) -> Result<Scale, Failure> {
    parse(typed, "a scale is the number of decimals, such as 2")
}

/// Parses the version of an account, as `history` prints it.
pub(crate) fn account_version(typed: &str) -> Result<AccountVersion, Failure> {
    parse(typed, "a version is a whole number from the first column of `bank-cli history`")
}

/// Parses the id of a transfer.
pub(crate) fn transfer_id(typed: &str) -> Result<TransferId, Failure> {
    parse(typed, "a transfer id is a UUID, such as 019b76da-a800-7000-8000-000000000001")
}

/// Parses the id of a new transfer.
pub(crate) fn new_transfer_id(typed: &str) -> Result<TransferId, Failure> {
    let id = transfer_id(typed)?;
    id.for_new_transfer().map_err(|problem| invalid(problem, "leave --id out, and bank-cli makes one"))
}

/// Parses a memo.
pub(crate) fn memo(typed: &str) -> Result<Memo, Failure> {
    parse(typed, "a memo has 1 to 200 characters, no control characters")
}

/// Parses the largest number of rows to print.
pub(crate) fn limit<T: FromStr + Default + PartialEq>(typed: &str) -> Result<T, Failure> {
    match typed.parse::<T>() {
        Ok(limit) if limit != T::default() => Ok(limit),
        _ => Err(invalid(
            format!("limit {typed:?} is not a positive whole number"),
            "write how many rows you want, such as --limit 20",
        )),
    }
}

/// Parses the id of a group.
pub(crate) fn group_id(typed: &str) -> Result<GroupId, Failure> {
    parse(typed, "`bank-cli show` prints the group of a transfer")
}

/// Returns the failure for an invalid value.
pub(crate) fn invalid(message: impl Display, hint: &str) -> Failure {
    Failure::new(ExitCode::Usage, "invalid_input", message).hint(hint)
}

fn parse<T>(typed: &str, hint: &str) -> Result<T, Failure>
where
    T: FromStr,
    T::Err: Display,
{
    typed.parse().map_err(|error: T::Err| invalid(error, hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_amounts_are_usage_failures_with_a_hint() {
        for typed in ["", "0", "0.00", "-5", "1,5", "ten", "9223372036854775808", "1e3"] {
            let failure = amount(typed).unwrap_err();
            assert_eq!(failure.exit_code(), ExitCode::Usage, "{typed}");
            assert_eq!(failure.code(), "invalid_input", "{typed}");
            assert!(failure.hint_line().is_some(), "{typed}");
        }
    }

    #[test]
    fn accepts_sql_as_a_name() {
        assert!(account_name("Robert'); DROP TABLE accounts;--").is_ok());
    }

    #[test]
    fn the_nil_uuid_names_a_transfer_and_is_no_id_for_a_new_one() {
        let nil = "00000000-0000-0000-0000-000000000000";
        assert!(transfer_id(nil).is_ok());
        let failure = new_transfer_id(nil).unwrap_err();
        assert_eq!((failure.exit_code(), failure.code()), (ExitCode::Usage, "invalid_input"));
    }

    #[test]
    fn rejects_limits_that_are_not_positive() {
        assert_eq!(limit::<u64>("20").unwrap(), 20);
        assert!(limit::<u64>("0").is_err());
        assert!(limit::<u64>("-1").is_err());
        assert!(limit::<u32>("4294967296").is_err());
    }
}
