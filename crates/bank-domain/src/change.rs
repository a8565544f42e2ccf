//! Changes of an account that move no money: its status, its name, its overdraft limit.

use thiserror::Error;

use crate::account::{Account, AccountStatus};
use crate::account_name::AccountName;
use crate::currency::Currency;
use crate::invalid::InvalidInput;
use crate::money::{Balance, Held, OverdraftLimit};

/// A change of an account. It moves no money and does not count in the account's version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountChange {
    /// Lets the account neither pay nor receive until it is unfrozen.
    Freeze,
    /// Opens a frozen account again.
    Unfreeze,
    /// Closes the account for good.
    Close,
    /// Gives the account another name. The former names lead to it for ever.
    Rename(AccountName),
    /// Sets how far below zero the account may go, in minor units of its currency.
    Limit(OverdraftLimit),
}

/// The reason why an account is not changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChangeRefusal {
    /// The account has the status already.
    #[error("it is {status} already")]
    AlreadySo {
        /// The status.
        status: AccountStatus,
    },
    /// The account is not frozen.
    #[error("it is not frozen")]
    NotFrozen,
    /// The account is closed for good.
    #[error("it is closed")]
    Closed,
    /// The account has a balance, or a part of it is held.
    #[error("it has {}{}", currency.text(balance.get()), held_too(*held, *currency))]
    HasMoney {
        /// Its balance.
        balance: Balance,
        /// How much of it is held.
        held: Held,
        /// Its currency.
        currency: Currency,
    },
    /// The account uses more than the limit would allow.
    #[error("{} of its overdraft are in use", currency.text(in_use.get()))]
    LimitInUse {
        /// How far below zero what it can spend would be without a limit.
        in_use: Balance,
        /// Its currency.
        currency: Currency,
    },
    /// The account has the name already.
    #[error("that is its name already")]
    NameUnchanged,
    /// The account has the limit already.
    #[error("that is its overdraft limit already")]
    LimitUnchanged,
    /// No account may be given the name.
    #[error(transparent)]
    InvalidName(#[from] InvalidInput),
    /// The name leads to another account, now or from former times.
    #[error("the name `{name}` leads to another account")]
    NameTaken {
        /// The name.
        name: AccountName,
    },
}

impl ChangeRefusal {
    /// Returns the stable code of the reason, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AlreadySo { .. } => "already_so",
            Self::NotFrozen => "not_frozen",
            Self::Closed => "account_closed",
            Self::HasMoney { .. } => "account_has_money",
            Self::LimitInUse { .. } => "limit_in_use",
            Self::NameUnchanged => "name_unchanged",
            Self::LimitUnchanged => "limit_unchanged",
            Self::InvalidName(_) => "invalid_input",
            Self::NameTaken { .. } => "name_taken",
        }
    }
}

impl Account {
    /// Returns the account after the change. Whether a new name is free only the ledger knows.
    ///
    /// # Errors
    ///
    /// Returns the reason why the account cannot be changed so.
    pub fn changed(&self, change: &AccountChange) -> Result<Self, ChangeRefusal> {
        match change {
            AccountChange::Freeze => self.with_status(AccountStatus::Frozen),
            AccountChange::Unfreeze if self.status == AccountStatus::Open => Err(ChangeRefusal::NotFrozen),
            AccountChange::Unfreeze => self.with_status(AccountStatus::Open),
            AccountChange::Close => {
                let is_empty = self.balance == Balance::default() && self.held == Held::default();
                let closed = self.with_status(AccountStatus::Closed)?;
                let (balance, held, currency) = (self.balance, self.held, self.currency);
                if is_empty { Ok(closed) } else { Err(ChangeRefusal::HasMoney { balance, held, currency }) }
            }
            AccountChange::Rename(name) if *name == self.name => Err(ChangeRefusal::NameUnchanged),
            AccountChange::Rename(name) => Ok(Self { name: name.clone().for_new_account()?, ..self.clone() }),
            AccountChange::Limit(limit) => self.with_limit(*limit),
        }
    }

    fn with_status(&self, status: AccountStatus) -> Result<Self, ChangeRefusal> {
        match self.status {
            now if now == status => Err(ChangeRefusal::AlreadySo { status }),
            AccountStatus::Closed => Err(ChangeRefusal::Closed),
            AccountStatus::Open | AccountStatus::Frozen => Ok(Self { status, ..self.clone() }),
        }
    }

    fn with_limit(&self, overdraft_limit: OverdraftLimit) -> Result<Self, ChangeRefusal> {
        if self.status == AccountStatus::Closed {
            return Err(ChangeRefusal::Closed);
        }
        if overdraft_limit == self.overdraft_limit {
            return Err(ChangeRefusal::LimitUnchanged);
        }
        if self.balance.available(self.held, overdraft_limit) < Balance::default() {
            let without = self.balance.available(self.held, OverdraftLimit::default());
            let in_use = Balance::new(without.get().saturating_neg());
            return Err(ChangeRefusal::LimitInUse { in_use, currency: self.currency });
        }
        Ok(Self { overdraft_limit, ..self.clone() })
    }
}

fn held_too(held: Held, currency: Currency) -> String {
    if held == Held::default() {
        return String::new();
    }
    format!(", of which {} are held", currency.text(held.get()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::account::{AccountId, AccountVersion};
    use crate::currency::CurrencyCode;

    fn account(balance: i64, limit: i64) -> Account {
        Account {
            id: AccountId::new(1),
            name: AccountName::new("Anna").unwrap(),
            age: None,
            country: None,
            currency: Currency::iso(CurrencyCode::new("EUR").unwrap()).unwrap(),
            status: AccountStatus::Open,
            opening_balance: Balance::new(balance),
            balance: Balance::new(balance),
            held: Held::default(),
            overdraft_limit: OverdraftLimit::new(limit).unwrap(),
            version: AccountVersion::new(7),
        }
    }

    fn refusal(account: &Account, change: &AccountChange) -> (&'static str, String) {
        let refusal = account.changed(change).unwrap_err();
        (refusal.code(), refusal.to_string())
    }

    #[test]
    fn an_open_account_is_frozen_and_a_frozen_one_opened_again() {
        let open = account(0, 0);
        let frozen = open.changed(&AccountChange::Freeze).unwrap();
        assert_eq!(frozen, Account { status: AccountStatus::Frozen, ..open.clone() });
        assert_eq!(frozen.changed(&AccountChange::Unfreeze).unwrap(), open);
        assert_eq!(refusal(&frozen, &AccountChange::Freeze), ("already_so", "it is frozen already".to_owned()));
        assert_eq!(refusal(&open, &AccountChange::Unfreeze), ("not_frozen", "it is not frozen".to_owned()));
    }

    #[test]
    fn only_an_empty_account_is_closed_and_then_for_good() {
        let closed = account(0, 5).changed(&AccountChange::Close).unwrap();
        assert_eq!(closed.status, AccountStatus::Closed);
        assert_eq!(refusal(&account(-1250, 2000), &AccountChange::Close).1, "it has -12.50 EUR");
        let holding = Account { held: Held::new(5).unwrap(), ..account(100, 0) };
        assert_eq!(refusal(&holding, &AccountChange::Close).1, "it has 1.00 EUR, of which 0.05 EUR are held");
        let limit = AccountChange::Limit(OverdraftLimit::new(1).unwrap());
        for change in [AccountChange::Freeze, AccountChange::Unfreeze, limit] {
            assert_eq!(refusal(&closed, &change), ("account_closed", "it is closed".to_owned()));
        }
        assert_eq!(refusal(&closed, &AccountChange::Close).0, "already_so");
    }

    #[test]
    fn a_limit_never_falls_below_what_is_in_use() {
        let limit = |units| AccountChange::Limit(OverdraftLimit::new(units).unwrap());
        let overdrawn = Account { held: Held::new(50).unwrap(), ..account(-1200, 2000) };
        assert_eq!(overdrawn.changed(&limit(1250)).unwrap().overdraft_limit.get(), 1250);
        assert_eq!(
            refusal(&overdrawn, &limit(1249)),
            ("limit_in_use", "12.50 EUR of its overdraft are in use".to_owned())
        );
        assert_eq!(refusal(&overdrawn, &limit(2000)).0, "limit_unchanged");
    }

    #[test]
    fn a_name_changes_to_another_one() {
        let rename = |name: &str| AccountChange::Rename(AccountName::new(name).unwrap());
        assert_eq!(account(1, 0).changed(&rename("Anne")).unwrap().name.as_str(), "Anne");
        assert_eq!(refusal(&account(1, 0), &rename("Anna")).0, "name_unchanged");
        assert_eq!(refusal(&account(1, 0), &rename("An\u{200b}na")).0, "invalid_input");
    }

    proptest! {
        #[test]
        fn no_change_moves_money_or_breaks_the_limit(
            balance in -100_i64..100,
            held in 0_i64..50,
            limit in 0_i64..200,
            wanted in 0_i64..200,
            pick in 0..4_usize,
        ) {
            let held = Held::new(held).unwrap();
            let before = Account { held, ..account(balance, limit) };
            prop_assume!(before.balance.available(held, before.overdraft_limit) >= Balance::default());
            let limit = AccountChange::Limit(OverdraftLimit::new(wanted).unwrap());
            let change = [AccountChange::Freeze, AccountChange::Unfreeze, AccountChange::Close, limit][pick].clone();
            if let Ok(after) = before.changed(&change) {
                prop_assert!(after.balance.available(after.held, after.overdraft_limit) >= Balance::default());
                prop_assert_eq!((after.balance, after.held, after.version), (before.balance, before.held, before.version));
                prop_assert!(after.status != AccountStatus::Closed || balance == 0);
                prop_assert!(after != before);
            }
        }
    }
}
