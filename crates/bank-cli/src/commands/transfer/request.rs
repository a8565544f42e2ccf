//! What a transfer asks for.

use bank_domain::{Account, AccountName, AccountVersion, Currency, Decimal, Memo, PostRequest, Transfer, TransferId};
use bank_persistence::Bank;

use crate::args::input;
use crate::failure::{Failure, not_found, shell};

pub(super) const REPLAYED_NOTE: &str =
    "this id was posted before: no money moved; the balances are from the original posting";

/// A valid transfer between names, before the accounts are looked up.
pub(super) struct Request {
    pub(super) id: TransferId,
    pub(super) from: AccountName,
    pub(super) to: AccountName,
    pub(super) amount: Decimal,
    pub(super) memo: Option<Memo>,
    pub(super) expected_version: Option<AccountVersion>,
}

impl Request {
    /// Finds both accounts by one query.
    pub(super) fn resolve(&self, bank: &Bank) -> Result<(PostRequest, Currency), Failure> {
        let accounts = bank.find_accounts(&[&self.from, &self.to])?;
        let account = |name: &AccountName| -> Result<&Account, Failure> {
            let account = accounts.iter().find(|(found, _)| found == name);
            account.map(|(_, account)| account).ok_or_else(|| not_found::account(bank, name))
        };
        let (from, to) = (account(&self.from)?, account(&self.to)?);
        let amount = input::amount_in(self.amount, from.currency)?;
        let transfer = Transfer::new(self.id, from.id, to.id, amount).with_memo(self.memo.clone());
        Ok((PostRequest { transfer, expected_version: self.expected_version }, from.currency))
    }

    /// Returns the command that sends the same transfer again.
    pub(super) fn command(&self, database_option: &str) -> String {
        let mut command = format!(
            "bank-cli transfer --from={} --to={} --amount {} --id {}",
            shell::quote(self.from.as_str()),
            shell::quote(self.to.as_str()),
            self.amount,
            self.id
        );
        if let Some(memo) = &self.memo {
            command.push_str(&format!(" --memo={}", shell::quote(memo.as_str())));
        }
        if let Some(version) = self.expected_version {
            command.push_str(&format!(" --expect-version {version}"));
        }
        command.push_str(database_option);
        command
    }
}
