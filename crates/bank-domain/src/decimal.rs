//! Numbers as people write them: decimal text, and nothing but whole numbers behind it.

use std::fmt;
use std::str::FromStr;

use crate::currency::{Currency, Scale};
use crate::invalid::{AmountProblem, DecimalProblem, InvalidInput};
use crate::money::{Amount, Balance, OverdraftLimit};

/// A decimal number before its currency is known: what an option or a file says.
///
/// Two numbers are equal if they have the same value and the same number of decimals: `1.5` is not `1.50`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// The number without its decimal point.
    digits: i64,
    scale: Scale,
}

impl Decimal {
    /// Returns the number that has this many minor units.
    #[must_use]
    pub const fn from_minor_units(minor_units: i64, scale: Scale) -> Self {
        Self { digits: minor_units, scale }
    }

    /// Returns the number if a transfer can move it, whatever its currency is.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::Amount`] if the number is zero or negative.
    pub fn positive(self) -> Result<Self, InvalidInput> {
        let problem = match self.digits {
            1.. => return Ok(self),
            0 => AmountProblem::Zero,
            _ => AmountProblem::Negative,
        };
        Err(InvalidInput::Amount { text: self.to_string(), problem })
    }

    /// Returns the number without zeros at the end of its decimals: `1.50` and `1.5` become the same.
    #[must_use]
    pub const fn canonical(mut self) -> Self {
        while self.scale.get() > 0 && self.digits % 10 == 0 {
            self = Self { digits: self.digits / 10, scale: self.scale.one_less() };
        }
        self
    }

    /// Returns the number in minor units of a currency.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::Decimal`] if the number has more decimals than the currency, or if the result does not fit 64 bits.
    pub fn in_minor_units(self, currency: Currency) -> Result<i64, InvalidInput> {
        let error = |problem| InvalidInput::Decimal { text: self.to_string(), problem };
        let Ok(missing) = u32::try_from(currency.scale.get().saturating_sub(self.scale.get())) else {
            let (code, scale) = (currency.code.to_string(), currency.scale.get());
            return Err(error(DecimalProblem::TooManyDecimals { code, scale }));
        };
        let factor = 10_i64.checked_pow(missing);
        factor.and_then(|factor| self.digits.checked_mul(factor)).ok_or_else(|| error(DecimalProblem::TooLarge))
    }

    /// Returns the number as an amount of a currency.
    ///
    /// # Errors
    ///
    /// As for [`Decimal::in_minor_units`], and [`InvalidInput::Amount`] if the number is zero or negative.
    pub fn amount(self, currency: Currency) -> Result<Amount, InvalidInput> {
        Amount::new(self.in_minor_units(currency)?)
    }

    /// Returns the number as a balance in a currency.
    ///
    /// # Errors
    ///
    /// As for [`Decimal::in_minor_units`].
    pub fn balance(self, currency: Currency) -> Result<Balance, InvalidInput> {
        self.in_minor_units(currency).map(Balance::new)
    }

    /// Returns the number as an overdraft limit in a currency.
    ///
    /// # Errors
    ///
    /// As for [`Decimal::in_minor_units`], and [`InvalidInput::OutOfRange`] if the number is negative.
    pub fn overdraft_limit(self, currency: Currency) -> Result<OverdraftLimit, InvalidInput> {
        OverdraftLimit::new(self.in_minor_units(currency)?)
    }
}

impl Currency {
    /// Returns minor units as a number with this currency's decimals.
    #[must_use]
    pub const fn decimal(self, minor_units: i64) -> Decimal {
        Decimal::from_minor_units(minor_units, self.scale)
    }

    /// Returns minor units as people read them: `12.50 EUR`, and for `XXX` the number alone. Totals may exceed 64 bits.
    #[must_use]
    pub fn text(self, minor_units: impl Into<i128>) -> String {
        let number = self.number(minor_units);
        if self == Self::NONE { number } else { format!("{number} {}", self.code) }
    }

    /// Returns minor units as a decimal number without the code: `12.50`. Totals may exceed 64 bits.
    #[must_use]
    pub fn number(self, minor_units: impl Into<i128>) -> String {
        decimal_text(minor_units.into(), self.scale)
    }
}

impl FromStr for Decimal {
    type Err = InvalidInput;

    /// Reads an optional sign, digits, and at most 18 decimals behind a point.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map_err(|problem| InvalidInput::Decimal { text: text.to_owned(), problem })
    }
}

fn parse(text: &str) -> Result<Decimal, DecimalProblem> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(whole) || !are_digits(decimals) {
        let separators = [',', '.', '\'', '\u{a0}', '\u{202f}', ' '];
        let is_grouped = are_digits(whole.trim_matches(separators)) || unsigned.contains(separators);
        let has_digits_only = unsigned.chars().all(|c| c.is_ascii_digit() || separators.contains(&c));
        return Err(match is_grouped && has_digits_only && unsigned.bytes().any(|byte| byte.is_ascii_digit()) {
            true => DecimalProblem::Separator,
            false => DecimalProblem::NotANumber,
        });
    }
    let has_point = unsigned.len() != whole.len();
    let scale = if has_point { decimals.len() } else { 0 };
    let scale = i16::try_from(scale).ok().and_then(|scale| Scale::new(scale).ok());
    let scale = scale.ok_or(DecimalProblem::TooPrecise)?;
    let digits = if has_point { text.replacen('.', "", 1) } else { text.to_owned() };
    let digits = digits.parse().map_err(|_| DecimalProblem::TooLarge)?;
    Ok(Decimal { digits, scale })
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&decimal_text(self.digits.into(), self.scale))
    }
}

fn decimal_text(minor_units: i128, scale: Scale) -> String {
    let sign = if minor_units < 0 { "-" } else { "" };
    let digits = minor_units.unsigned_abs();
    match u32::try_from(scale.get()).ok().and_then(|scale| 10_u128.checked_pow(scale)) {
        Some(factor) if factor > 1 => {
            let (whole, decimals) = (digits.div_euclid(factor), digits.rem_euclid(factor));
            let width = usize::try_from(scale.get()).unwrap_or_default();
            format!("{sign}{whole}.{decimals:0width$}")
        }
        _ => format!("{sign}{digits}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::currency::CurrencyCode;

    fn currency(scale: i16) -> Currency {
        Currency { code: CurrencyCode::new("EUR").unwrap(), scale: Scale::new(scale).unwrap() }
    }

    fn units(text: &str, scale: i16) -> Result<i64, DecimalProblem> {
        let decimal = text.parse::<Decimal>().and_then(|decimal| decimal.in_minor_units(currency(scale)));
        decimal.map_err(|error| match error {
            InvalidInput::Decimal { problem, .. } => problem,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn decimals_become_minor_units_of_the_currency() {
        for (text, scale, expected) in [
            ("12.50", 2, 1250),
            ("12.5", 2, 1250),
            ("12", 2, 1200),
            ("-0.01", 2, -1),
            ("+3", 0, 3),
            ("007", 0, 7),
            ("92233720368547758.07", 2, i64::MAX),
            ("-9.223372036854775808", 18, i64::MIN),
        ] {
            assert_eq!(units(text, scale), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_bad_decimal_says_what_is_wrong_with_it() {
        let too_many = |scale| DecimalProblem::TooManyDecimals { code: "EUR".to_owned(), scale };
        for (text, scale, problem) in [
            ("12.505", 2, too_many(2)),
            ("1.000", 2, too_many(2)),
            ("1.0", 0, too_many(0)),
            ("92233720368547758.08", 2, DecimalProblem::TooLarge),
            ("92233720368547759", 2, DecimalProblem::TooLarge),
            ("9223372036854775808", 0, DecimalProblem::TooLarge),
            ("0.0000000000000000001", 18, DecimalProblem::TooPrecise),
            ("1,5", 2, DecimalProblem::Separator),
            ("1,000.50", 2, DecimalProblem::Separator),
            ("1.000.000", 2, DecimalProblem::Separator),
            ("1 000", 2, DecimalProblem::Separator),
        ] {
            assert_eq!(units(text, scale), Err(problem), "{text}");
        }
        for text in ["", ".", ".5", "5.", "1e3", "0x10", "NaN", "--1", "-", "१", "1_000", "8\0", "12€"] {
            let expected =
                if text == "5." || text == ".5" { DecimalProblem::Separator } else { DecimalProblem::NotANumber };
            assert_eq!(units(text, 2), Err(expected), "{text:?}");
        }
    }

    #[test]
    fn a_canonical_number_has_no_zeros_at_the_end() {
        for (text, canonical) in [("1.50", "1.5"), ("1.00", "1"), ("100", "100"), ("0.00", "0"), ("-0.10", "-0.1")] {
            assert_eq!(text.parse::<Decimal>().unwrap().canonical().to_string(), canonical);
        }
    }

    #[test]
    fn a_total_may_exceed_64_bits() {
        let total = 2 * i128::from(i64::MAX);
        assert_eq!(currency(2).text(total), "184467440737095516.14 EUR");
        assert_eq!(currency(2).number(-total), "-184467440737095516.14");
        assert_eq!(Currency::NONE.text(total), "18446744073709551614");
    }

    #[test]
    fn an_amount_is_positive_and_a_limit_not_negative() {
        let decimal = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!(decimal("0.01").amount(currency(2)).unwrap(), Amount::MIN);
        assert!(decimal("0.00").amount(currency(2)).is_err());
        assert!(decimal("0.00").positive().is_err() && decimal("-1").positive().is_err());
        assert!(decimal("0.001").positive().is_ok());
        assert!(decimal("-0.01").overdraft_limit(currency(2)).is_err());
        assert_eq!(decimal("-0.01").balance(currency(2)).unwrap(), Balance::new(-1));
    }

    proptest! {
        #[test]
        fn minor_units_survive_printing_and_parsing(units: i64, scale in 0_i16..=18) {
            let text = currency(scale).decimal(units).to_string();
            prop_assert_eq!(super::tests::units(&text, scale), Ok(units));
            prop_assert_eq!(text.split_once('.').map_or(0, |(_, decimals)| decimals.len()), usize::try_from(scale).unwrap());
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in "\\PC*|[-+0-9., ]{0,24}", scale in 0_i16..=18) {
            units(&text, scale).ok();
        }
    }
}
