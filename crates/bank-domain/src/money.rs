//! Money in minor units of some currency, such as cents: amounts, balances, held amounts and overdraft limits.

use crate::invalid::{AmountProblem, InvalidInput};
use crate::number::{checked_number, number_type};

number_type! {
    /// The amount of one transfer: a whole number from 1 to 2⁶³−1.
    Amount(i64)
}

impl Amount {
    /// The smallest amount that can move.
    pub const MIN: Self = Self(1);
    /// The largest amount that can move, 2⁶³−1.
    pub const MAX: Self = Self(i64::MAX);

    /// Returns the amount if it is at least 1.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::Amount`] if the number is zero or negative.
    pub fn new(units: i64) -> Result<Self, InvalidInput> {
        let problem = match units {
            1.. => return Ok(Self(units)),
            0 => AmountProblem::Zero,
            _ => AmountProblem::Negative,
        };
        Err(InvalidInput::Amount { text: units.to_string(), problem })
    }
}

number_type! {
    /// The balance of an account: any signed 64-bit whole number.
    #[derive(Default)]
    Balance(i64), "balance", i64::MIN, i64::MAX
}

impl Balance {
    /// The largest balance, 2⁶³−1.
    pub const MAX: Self = Self(i64::MAX);

    /// Returns the balance with this number of units.
    #[must_use]
    pub const fn new(units: i64) -> Self {
        Self(units)
    }

    /// Returns the balance after paying the amount, or `None` if it would be below −2⁶³.
    #[must_use]
    pub fn debit(self, amount: Amount) -> Option<Self> {
        self.0.checked_sub(amount.0).map(Self)
    }

    /// Returns the balance after receiving the amount, or `None` if it would be above 2⁶³−1.
    #[must_use]
    pub fn credit(self, amount: Amount) -> Option<Self> {
        self.0.checked_add(amount.0).map(Self)
    }

    /// Returns what can be paid out of this balance: the balance minus what is held, plus the limit.
    ///
    /// A result outside 64 bits is given as the nearest number inside. That changes no decision, because no amount is larger
    /// than 2⁶³−1 or smaller than 1.
    #[must_use]
    pub fn available(self, held: Held, limit: OverdraftLimit) -> Self {
        let available = i128::from(self.0) - i128::from(held.0) + i128::from(limit.0);
        Self(i64::try_from(available).unwrap_or(if available < 0 { i64::MIN } else { i64::MAX }))
    }
}

number_type! {
    /// How far below zero an account may go: a whole number from 0 (the default) to 2⁶³−1.
    #[derive(Default)]
    OverdraftLimit(i64), "overdraft limit", 0, i64::MAX
}

impl OverdraftLimit {
    /// Returns the limit if it is not negative.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::OutOfRange`] if the number is negative.
    pub fn new(units: i64) -> Result<Self, InvalidInput> {
        checked_number("overdraft limit", units, 0, i64::MAX).map(Self)
    }
}

number_type! {
    /// How much of a balance is held for transfers to come: a whole number from 0 (the default) to 2⁶³−1.
    #[derive(Default)]
    Held(i64)
}

impl Held {
    /// Returns the held amount if it is not negative.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::OutOfRange`] if the number is negative.
    pub fn new(units: i64) -> Result<Self, InvalidInput> {
        checked_number("held amount", units, 0, i64::MAX).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_amount_is_at_least_one_minor_unit() {
        assert_eq!((Amount::new(1).unwrap(), Amount::new(i64::MAX).unwrap()), (Amount::MIN, Amount::MAX));
        for (units, expected) in [(0, AmountProblem::Zero), (-1, AmountProblem::Negative)] {
            match Amount::new(units) {
                Err(InvalidInput::Amount { problem, .. }) => assert_eq!(problem, expected),
                other => panic!("{units} gave {other:?}"),
            }
        }
    }

    #[test]
    fn available_is_balance_minus_held_plus_limit_and_never_wraps() {
        let (limit, none) = (OverdraftLimit::new(i64::MAX).unwrap(), Held::default());
        assert_eq!(Balance::new(5).available(none, limit), Balance::MAX);
        assert_eq!(Balance::new(-i64::MAX).available(none, limit), Balance::new(0));
        assert_eq!(Balance::new(5).available(Held::new(3).unwrap(), OverdraftLimit::default()), Balance::new(2));
        let all = Held::new(i64::MAX).unwrap();
        assert_eq!(Balance::new(i64::MAX).available(all, limit), Balance::MAX);
        assert_eq!(Balance::new(i64::MIN).available(all, OverdraftLimit::default()), Balance::new(i64::MIN));
        assert!(Held::new(-1).is_err());
        assert!(OverdraftLimit::new(-1).is_err());
    }

    proptest! {
        #[test]
        fn parsing_any_text_never_panics(text in "\\PC*") {
            prop_assert_eq!(text.parse::<Balance>().is_ok(), text.parse::<i64>().is_ok());
        }

        #[test]
        fn debit_and_credit_agree_with_wider_arithmetic(balance: i64, units in 1..=i64::MAX) {
            let amount = Amount::new(units).unwrap();
            let wide = |n: i128| i64::try_from(n).ok().map(Balance::new);
            prop_assert_eq!(Balance::new(balance).debit(amount), wide(i128::from(balance) - i128::from(units)));
            prop_assert_eq!(Balance::new(balance).credit(amount), wide(i128::from(balance) + i128::from(units)));
        }
    }
}
