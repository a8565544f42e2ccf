//! An independent check of the invariants that must hold after every test that moved money. It reads all rows with plain
//! SQL and replays them here, so that it also finds mistakes in bank's own audit.
//!
//! Run it when nobody writes: it reads the two tables one after the other.

use std::collections::{BTreeMap, BTreeSet};

use bank_domain::{Transfer, TransferId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::database::TestDatabase;
use crate::plain::{Plain, load};

/// The row of an account.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct AccountFacts {
    /// The primary key.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// The name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// The code of the currency.
    #[diesel(sql_type = Text)]
    pub currency: String,
    /// The opening balance.
    #[diesel(sql_type = BigInt)]
    pub opening_balance: i64,
    /// The balance now.
    #[diesel(sql_type = BigInt)]
    pub balance: i64,
    /// How far below zero the balance may go.
    #[diesel(sql_type = BigInt)]
    pub overdraft_limit: i64,
    /// The number of transfers.
    #[diesel(sql_type = BigInt)]
    pub version: i64,
}

/// The row of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct TransferFacts {
    /// The id: 32 hexadecimal digits.
    #[diesel(sql_type = Text)]
    pub id: String,
    /// The paying account.
    #[diesel(sql_type = BigInt)]
    pub from_account_id: i64,
    /// The receiving account.
    #[diesel(sql_type = BigInt)]
    pub to_account_id: i64,
    /// The amount.
    #[diesel(sql_type = BigInt)]
    pub amount: i64,
    /// The version of the paying account after it.
    #[diesel(sql_type = BigInt)]
    pub from_version: i64,
    /// The version of the receiving account after it.
    #[diesel(sql_type = BigInt)]
    pub to_version: i64,
    /// The balance of the paying account after it.
    #[diesel(sql_type = BigInt)]
    pub from_balance_after: i64,
    /// The balance of the receiving account after it.
    #[diesel(sql_type = BigInt)]
    pub to_balance_after: i64,
    /// The memo.
    #[diesel(sql_type = Nullable<Text>)]
    pub memo: Option<String>,
}

/// All rows of a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// All accounts, by id.
    pub accounts: Vec<AccountFacts>,
    /// All transfers, by id.
    pub transfers: Vec<TransferFacts>,
}

impl Ledger {
    /// Reads a database.
    #[must_use]
    pub fn read(database: &TestDatabase) -> Self {
        Self::read_from(&mut database.plain())
    }

    /// Reads a database of the first schema, which knows no currencies.
    #[must_use]
    pub fn read_first_schema(database: &TestDatabase) -> Self {
        Self::read_with(&mut database.plain(), "'XXX' AS currency")
    }

    /// Reads a database through a connection.
    #[must_use]
    pub fn read_from(plain: &mut Plain) -> Self {
        Self::read_with(plain, "currency")
    }

    fn read_with(plain: &mut Plain, currency: &str) -> Self {
        let id = if plain.is_sqlite() { "lower(hex(id))" } else { "replace(CAST(id AS TEXT), '-', '')" };
        let accounts = format!(
            "SELECT id, name, {currency}, opening_balance, balance, overdraft_limit, version FROM accounts ORDER BY id"
        );
        let transfers = format!(
            "SELECT {id} AS id, from_account_id, to_account_id, amount, from_version, to_version, from_balance_after, \
             to_balance_after, memo FROM transfers ORDER BY id"
        );
        Self { accounts: load!(plain, &accounts), transfers: load!(plain, &transfers) }
    }

    /// Returns the sum of all balances, whatever their currencies.
    #[must_use]
    pub fn total(&self) -> i128 {
        self.accounts.iter().map(|account| i128::from(account.balance)).sum()
    }

    /// Returns the opening total and the total of the balances of each currency.
    fn totals(&self) -> BTreeMap<&str, (i128, i128)> {
        let mut totals: BTreeMap<&str, (i128, i128)> = BTreeMap::new();
        for account in &self.accounts {
            let (opening, balance) = totals.entry(&account.currency).or_default();
            *opening += i128::from(account.opening_balance);
            *balance += i128::from(account.balance);
        }
        totals
    }

    /// Returns a sentence for each transfer between accounts of two currencies.
    fn crossings(&self) -> impl Iterator<Item = String> {
        let currencies: BTreeMap<i64, &str> = self.accounts.iter().map(|of| (of.id, &*of.currency)).collect();
        self.transfers.iter().filter_map(move |transfer| {
            let from = currencies.get(&transfer.from_account_id)?;
            let to = currencies.get(&transfer.to_account_id)?;
            (from != to).then(|| format!("I7: transfer {} goes from {from} to {to}", transfer.id))
        })
    }

    /// Returns the account of this name.
    ///
    /// # Panics
    ///
    /// If it does not exist.
    #[must_use]
    pub fn account(&self, name: &str) -> &AccountFacts {
        let found = self.accounts.iter().find(|account| account.name == name);
        found.unwrap_or_else(|| panic!("there is no account {name}"))
    }

    /// Returns each violation of the invariants I2 to I7 as a sentence that begins with the invariant's number.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (currency, (opening, balance)) in self.totals() {
            if opening != balance {
                found.push(format!("I2: {currency} balances sum up to {balance}, opening balances to {opening}"));
            }
        }
        found.extend(self.crossings());
        let mut entries = self.entries();
        for account in &self.accounts {
            account.check(entries.remove(&account.id).unwrap_or_default(), &mut found);
        }
        found.extend(entries.iter().flat_map(|(account, entries)| {
            entries.iter().map(move |entry| {
                format!("I6: transfer {} names account {account}, which is not there", entry.transfer)
            })
        }));
        found
    }

    /// Returns the journal entries of each account, ordered by version.
    fn entries(&self) -> BTreeMap<i64, Vec<EntryFacts<'_>>> {
        let mut entries: BTreeMap<i64, Vec<EntryFacts<'_>>> = BTreeMap::new();
        for transfer in &self.transfers {
            let change = i128::from(transfer.amount);
            let sides = [
                (transfer.from_account_id, transfer.from_version, transfer.from_balance_after, -change),
                (transfer.to_account_id, transfer.to_version, transfer.to_balance_after, change),
            ];
            for (account, version, balance_after, change) in sides {
                let entry = EntryFacts { version, balance_after, change, transfer: &transfer.id };
                entries.entry(account).or_default().push(entry);
            }
        }
        for entries in entries.values_mut() {
            entries.sort_by_key(|entry| entry.version);
        }
        entries
    }
}

/// One side of a transfer.
struct EntryFacts<'a> {
    version: i64,
    balance_after: i64,
    change: i128,
    transfer: &'a str,
}

impl AccountFacts {
    fn check(&self, entries: Vec<EntryFacts<'_>>, found: &mut Vec<String>) {
        let name = &self.name;
        if i128::from(self.balance) < -i128::from(self.overdraft_limit) {
            found.push(format!("I5: {name} has {}, below its limit of {}", self.balance, self.overdraft_limit));
        }
        let mut balance = i128::from(self.opening_balance);
        let mut version = 0;
        for entry in entries {
            version += 1;
            balance += entry.change;
            if entry.version != version {
                found.push(format!(
                    "I4: {name} has version {} in place of {version} ({})",
                    entry.version, entry.transfer
                ));
                version = entry.version;
            }
            if i128::from(entry.balance_after) != balance {
                let after = entry.balance_after;
                found.push(format!("I4: {name} has {after} after {}, {balance} expected", entry.transfer));
            }
        }
        if self.version != version {
            found.push(format!("I4: {name} is at version {}, the journal ends at {version}", self.version));
        }
        if i128::from(self.balance) != balance {
            found.push(format!("I3: {name} has {}, the journal says {balance}", self.balance));
        }
    }
}

/// Checks every invariant with the independent checker and with bank's audit.
///
/// # Panics
///
/// If one does not hold.
pub fn assert_sound(database: &TestDatabase) {
    let violations = Ledger::read(database).violations();
    assert!(violations.is_empty(), "invariants are broken:\n{}", violations.join("\n"));
    let report = database.bank().audit().expect("the audit runs");
    assert!(report.is_sound(), "the audit finds what the independent checker does not: {:?}", report.findings);
}

/// Checks that each acknowledged id is in the journal, and that the journal has only submitted transfers (I1, I8).
///
/// # Panics
///
/// If not.
pub fn assert_exactly_once(database: &TestDatabase, submitted: &[Transfer], acknowledged: &[TransferId]) {
    let ledger = Ledger::read(database);
    let wanted: BTreeMap<String, &Transfer> = submitted.iter().map(|t| (hexadecimal(t.id), t)).collect();
    let mut seen = BTreeSet::new();
    for row in &ledger.transfers {
        assert!(seen.insert(&row.id), "I1: transfer {} is there twice", row.id);
        let Some(transfer) = wanted.get(&row.id) else { panic!("I8: nobody submitted transfer {}", row.id) };
        let content = (row.from_account_id, row.to_account_id, row.amount, row.memo.as_deref());
        let memo = transfer.memo.as_ref().map(|memo| memo.as_str());
        let expected = (transfer.from.get(), transfer.to.get(), transfer.amount.get(), memo);
        assert_eq!(content, expected, "I1: transfer {} has other content", row.id);
    }
    for id in acknowledged {
        assert!(seen.contains(&hexadecimal(*id)), "I1: transfer {id} was acknowledged and is not there");
    }
}

/// Returns an id as [`TransferFacts`] has it.
pub(crate) fn hexadecimal(id: TransferId) -> String {
    id.as_uuid().simple().to_string()
}
