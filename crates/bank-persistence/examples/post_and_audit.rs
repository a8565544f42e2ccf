//! Opens two accounts, moves money between them, lists them and audits the database:
//! `cargo run -p bank-persistence --example post_and_audit -- sqlite:example.db` (or a `postgres://` URL).

use bank_persistence::bank_domain::{
    Account, AccountName, Age, Balance, Country, NewAccount, OverdraftLimit, Transfer,
};
use bank_persistence::{Bank, Error, Settings, new_transfer_id};

fn open(bank: &Bank, name: &str, balance: i64) -> Result<Account, Box<dyn std::error::Error>> {
    let (name, age, country) = (AccountName::new(name)?, Age::new(28)?, Country::new("USA")?);
    if let Some(account) = bank.find_account(&name)? {
        return Ok(account);
    }
    let new = NewAccount::new(name, age, country, Balance::new(balance), OverdraftLimit::default())?;
    Ok(bank.open_account(&new)?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "sqlite::memory:".to_owned());
    let bank = Bank::create_or_connect(&url.parse()?, Settings::default())?;
    bank.migrate()?;

    let (from, to) = (open(&bank, "Jessica", 10_000)?, open(&bank, "John", 9_000)?);
    let transfer = Transfer {
        id: new_transfer_id(),
        from: from.id,
        to: to.id,
        amount: "800".parse()?,
        memo: None,
        expected_version: None,
    };
    println!("{}: {}", transfer.id, bank.post(&transfer)?.status());

    bank.list_accounts(None, |account| {
        println!("{} holds {}", account.name, account.balance);
        Ok::<(), Error>(())
    })?;
    println!("sound: {}", bank.audit()?.is_sound());
    Ok(())
}
