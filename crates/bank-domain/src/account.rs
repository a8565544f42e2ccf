//! [`Account`]s: named holders of one balance in one currency each.

use std::fmt;

use crate::account_name::AccountName;
use crate::currency::{Currency, CurrencyCode};
use crate::invalid::InvalidInput;
use crate::money::{Balance, Held, OverdraftLimit};
use crate::number::{checked_number, number_type};
use crate::text::text_type;

number_type! {
    /// Identifies an account within one database.
    AccountId(i64)
}

impl AccountId {
    /// Returns the id with this number.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }
}

text_type! {
    /// The country of an account's holder: free text by the rules of [`AccountName`].
    Country, "country", 64
}

number_type! {
    /// The age of an account's holder in years: 0 to 150.
    Age(i16), "age", 0, 150
}

impl Age {
    /// The largest age in years.
    pub const MAX: Self = Self(150);

    /// Returns the age if it is from 0 to 150 years.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::OutOfRange`] otherwise.
    pub fn new(years: i16) -> Result<Self, InvalidInput> {
        checked_number("age", years, 0, Self::MAX.0).map(Self)
    }
}

number_type! {
    /// The version of an account: the number of transfers that have touched it.
    #[derive(Default)]
    AccountVersion(i64), "account version", 0, i64::MAX
}

impl AccountVersion {
    /// Returns the version with this number.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// Returns the version after one more transfer, or `None` after 2⁶³−1 of them.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

/// What an account may be used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AccountStatus {
    /// It pays and receives.
    #[default]
    Open,
    /// It neither pays nor receives, until it is open again.
    Frozen,
    /// It neither pays nor receives any more. Its balance is zero.
    Closed,
}

impl AccountStatus {
    /// All statuses.
    pub const ALL: [Self; 3] = [Self::Open, Self::Frozen, Self::Closed];

    /// Returns the stable name, for programs and for people: `open`, `frozen` or `closed`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Frozen => "frozen",
            Self::Closed => "closed",
        }
    }
}

impl fmt::Display for AccountStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// An account as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Identifies the account within its database.
    pub id: AccountId,
    /// The account's unique name.
    pub name: AccountName,
    /// The holder's age, if known.
    pub age: Option<Age>,
    /// The holder's country, if known.
    pub country: Option<Country>,
    /// The currency of its money. It never changes.
    pub currency: Currency,
    /// What it may be used for.
    pub status: AccountStatus,
    /// The balance with which the account was opened.
    pub opening_balance: Balance,
    /// The balance now: opening balance plus credits minus debits.
    pub balance: Balance,
    /// How much of the balance is held for transfers to come.
    pub held: Held,
    /// How far below zero the balance may go.
    pub overdraft_limit: OverdraftLimit,
    /// How many transfers have touched the account.
    pub version: AccountVersion,
}

/// An account to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    name: AccountName,
    age: Option<Age>,
    country: Option<Country>,
    currency: Option<CurrencyCode>,
    opening_balance: Balance,
    overdraft_limit: OverdraftLimit,
}

impl NewAccount {
    /// Returns the account to be opened, in the ledger's default currency, if its opening balance respects its own limit.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::OpeningBelowLimit`] if the opening balance is below minus the overdraft limit;
    /// [`InvalidInput::Text`] if a new account may not have the name.
    pub fn new(
        name: AccountName,
        opening_balance: Balance,
        overdraft_limit: OverdraftLimit,
    ) -> Result<Self, InvalidInput> {
        if opening_balance.available(Held::default(), overdraft_limit) < Balance::new(0) {
            return Err(InvalidInput::OpeningBelowLimit {
                balance: opening_balance.get(),
                limit: overdraft_limit.get(),
            });
        }
        let name = name.for_new_account()?;
        Ok(Self { name, age: None, country: None, currency: None, opening_balance, overdraft_limit })
    }

    /// Returns the account with its holder's age, if known.
    #[must_use]
    pub fn with_age(self, age: Option<Age>) -> Self {
        Self { age, ..self }
    }

    /// Returns the account with its holder's country, if known.
    #[must_use]
    pub fn with_country(self, country: Option<Country>) -> Self {
        Self { country, ..self }
    }

    /// Returns the account in this currency, or in the ledger's default currency. The opening balance and the limit are minor
    /// units of it.
    #[must_use]
    pub fn with_currency(self, currency: Option<CurrencyCode>) -> Self {
        Self { currency, ..self }
    }

    /// Returns the unique name.
    #[must_use]
    pub const fn name(&self) -> &AccountName {
        &self.name
    }

    /// Returns the holder's age, if known.
    #[must_use]
    pub const fn age(&self) -> Option<Age> {
        self.age
    }

    /// Returns the holder's country, if known.
    #[must_use]
    pub const fn country(&self) -> Option<&Country> {
        self.country.as_ref()
    }

    /// Returns the currency; `None` for the ledger's default currency.
    #[must_use]
    pub const fn currency(&self) -> Option<CurrencyCode> {
        self.currency
    }

    /// Returns the balance with which the account will be opened.
    #[must_use]
    pub const fn opening_balance(&self) -> Balance {
        self.opening_balance
    }

    /// Returns how far below zero the balance may go.
    #[must_use]
    pub const fn overdraft_limit(&self) -> OverdraftLimit {
        self.overdraft_limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_from_0_to_150() {
        assert_eq!("150".parse::<Age>().unwrap(), Age::MAX);
        assert_eq!(Age::new(0).unwrap().get(), 0);
        for text in ["151", "-1", "x", "", "99999999999999999999"] {
            assert!(text.parse::<Age>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_account_never_opens_below_its_limit() {
        let open = |balance, limit| {
            let limit = OverdraftLimit::new(limit).unwrap();
            NewAccount::new(AccountName::new("J").unwrap(), Balance::new(balance), limit)
        };
        assert!(open(-5, 5).is_ok());
        assert!(open(-6, 5).is_err());
        assert!(open(-1, 0).is_err());
        assert!(open(i64::MIN, i64::MAX).is_err());
    }
}
