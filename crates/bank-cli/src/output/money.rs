//! Money as it is printed.

use std::fmt;

use bank_domain::Currency;
use serde::{Serialize, Serializer};

/// An amount in a currency: text has the code behind it, except for `XXX`; JSON and CSV have a decimal number as a string,
/// which no reader rounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Money {
    minor_units: i64,
    currency: Currency,
}

impl Default for Money {
    fn default() -> Self {
        Self::new(0, Currency::NONE)
    }
}

impl Money {
    pub(crate) const fn new(minor_units: i64, currency: Currency) -> Self {
        Self { minor_units, currency }
    }

    /// Returns whether the amount is below zero.
    pub(crate) const fn is_negative(self) -> bool {
        self.minor_units < 0
    }

    /// Returns the text with a sign for amounts above zero, too.
    pub(crate) fn with_sign(self) -> String {
        let sign = if self.minor_units > 0 { "+" } else { "" };
        format!("{sign}{self}")
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.currency.text(self.minor_units))
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.currency.decimal(self.minor_units))
    }
}

#[cfg(test)]
mod tests {
    use bank_domain::CurrencyCode;

    use super::*;

    #[test]
    fn programs_read_a_decimal_and_people_the_currency() {
        let euros = Currency::iso(CurrencyCode::new("EUR").unwrap()).unwrap();
        let money = Money::new(-1250, euros);
        assert_eq!(
            (money.to_string(), serde_json::to_string(&money).unwrap()),
            ("-12.50 EUR".into(), "\"-12.50\"".into())
        );
        assert_eq!(Money::new(800, Currency::NONE).with_sign(), "+800");
        assert_eq!(Money::new(0, euros).with_sign(), "0.00 EUR");
    }
}
