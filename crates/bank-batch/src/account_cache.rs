//! The ids of accounts by name, so that each name is looked up once while there is room to keep its id.

use std::collections::{BTreeSet, HashMap};

use bank_domain::{AccountId, AccountName, Currency};
use bank_persistence::{Bank, BankError};

use crate::fields::NamedTransfer;
use crate::line::Line;

/// The most names that are kept, and the most bytes of text: together they take a few dozen megabytes.
const NAMES_MAX: usize = 400_000;
const TEXT_BYTES_MAX: usize = 12 * 1024 * 1024;

/// The most names in one query.
const NAMES_PER_QUERY: usize = 10_000;

/// Keeps the ids of accounts. A name without an account is looked up again with the next chunk, because the account may
/// have been opened by then.
pub(crate) struct AccountCache<'a> {
    bank: &'a Bank,
    names_max: usize,
    known: HashMap<Box<str>, (AccountId, Currency)>,
    text_bytes: usize,
}

impl<'a> AccountCache<'a> {
    /// Returns an empty cache.
    pub(crate) fn new(bank: &'a Bank) -> Self {
        Self { bank, names_max: NAMES_MAX, known: HashMap::new(), text_bytes: 0 }
    }

    /// Looks up the accounts of the lines that are not in the cache. Afterwards [`Self::get`] knows all that exist.
    pub(crate) fn find(&mut self, lines: &[Line]) -> Result<(), BankError> {
        let mut missing = self.missing(lines);
        let is_full =
            self.known.len().saturating_add(missing.len()) > self.names_max || self.text_bytes > TEXT_BYTES_MAX;
        if is_full && !missing.is_empty() {
            *self = Self { names_max: self.names_max, ..Self::new(self.bank) };
            missing = self.missing(lines);
        }
        for names in Vec::from_iter(missing).chunks(NAMES_PER_QUERY) {
            self.look_up(names)?;
        }
        Ok(())
    }

    /// Looks names up. If the database refuses one, because its encoding lacks a character, no account can have that name;
    /// the others are looked up by halves.
    fn look_up(&mut self, names: &[&AccountName]) -> Result<(), BankError> {
        match self.bank.find_accounts(names) {
            Err(error) if error.refused_data().is_some() => {
                if names.len() > 1 {
                    let (left, right) = names.split_at(names.len() / 2);
                    self.look_up(left)?;
                    self.look_up(right)?;
                }
            }
            found => {
                for (name, account) in found? {
                    self.text_bytes = self.text_bytes.saturating_add(name.as_str().len());
                    self.known.insert(name.as_str().into(), (account.id, account.currency));
                }
            }
        }
        Ok(())
    }

    /// Returns the account of a name that [`Self::find`] has looked up, and its currency.
    pub(crate) fn get(&self, name: &AccountName) -> Option<(AccountId, Currency)> {
        self.known.get(name.as_str()).copied()
    }

    fn missing<'b>(&self, lines: &'b [Line]) -> BTreeSet<&'b AccountName> {
        let transfers = lines.iter().filter_map(|line| line.content.as_ref().ok());
        let names = transfers.flat_map(|(_, NamedTransfer { from, to, .. })| [from, to]);
        names.filter(|name| !self.known.contains_key(name.as_str())).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::line_group::LineGroup;
    use bank_domain::{Balance, NewAccount, OverdraftLimit};
    use bank_persistence::{Settings, new_transfer_id};

    use super::*;

    fn name(text: &str) -> AccountName {
        AccountName::new(text).unwrap()
    }

    fn line(from: &str, to: &str) -> Line {
        let named = NamedTransfer { from: name(from), to: name(to), amount: "1".parse().unwrap(), memo: None };
        Line {
            number: 2,
            content: Ok((new_transfer_id(), named)),
            id_if_corrected: None,
            is_derived: false,
            group: LineGroup::None,
            raw: None,
        }
    }

    fn bank(names: &[&str]) -> Bank {
        let bank = Bank::create_or_connect(&"sqlite::memory:".parse().unwrap(), Settings::default()).unwrap();
        bank.migrate().unwrap();
        for account in names {
            let new = NewAccount::new(name(account), Balance::new(1), OverdraftLimit::default()).unwrap();
            bank.open_account(&new).unwrap();
        }
        bank
    }

    #[test]
    fn every_name_of_a_chunk_is_known_although_the_cache_was_full() {
        let bank = bank(&["a", "b", "c", "d"]);
        let mut cache = AccountCache { names_max: 3, ..AccountCache::new(&bank) };
        cache.find(&[line("a", "b")]).unwrap();
        // Two more names do not fit: all are forgotten, and those of this chunk asked for again.
        cache.find(&[line("a", "c"), line("b", "d")]).unwrap();
        for account in ["a", "b", "c", "d"] {
            assert!(cache.get(&name(account)).is_some(), "{account}");
        }
        // And they are kept from then on.
        cache.find(&[line("c", "nobody")]).unwrap();
        assert_eq!(cache.get(&name("nobody")), None);
        assert!(cache.get(&name("c")).is_some());
    }
}
