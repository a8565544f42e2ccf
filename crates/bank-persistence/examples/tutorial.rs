//! The program that docs/tutorial.md explains: `cargo run -p bank-persistence --example tutorial`, with the URL of
//! another database if wanted.

use std::error::Error;

use bank_domain::{AccountName, Age, Amount, Balance, Country, NewAccount, Outcome, OverdraftLimit, Transfer};
use bank_persistence::{Bank, DatabaseUrl, Settings, new_transfer_id};

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "sqlite:tutorial.db".to_owned());
    let bank = connect(&url)?;
    create_tables(&bank)?;
    select_accounts(&bank)?;
    transfer(&bank)?;
    select_accounts(&bank)?;
    assert!(bank.audit()?.is_sound());
    Ok(())
}

fn connect(url: &str) -> Result<Bank, Box<dyn Error>> {
    let url: DatabaseUrl = url.parse()?;
    let bank = Bank::create_or_connect(&url, Settings::default())?;
    println!(">>>> Successfully connected to {}!", bank.database().engine()?);
    Ok(bank)
}

fn create_tables(bank: &Bank) -> Result<(), Box<dyn Error>> {
    bank.migrate()?;
    for (name, country, balance) in [("Jessica", "USA", 10_000), ("John", "Canada", 9_000)] {
        let name = AccountName::new(name)?;
        if bank.find_account(&name)?.is_some() {
            continue; // from an earlier run
        }
        let (age, country) = (Some(Age::new(28)?), Some(Country::new(country)?));
        let new = NewAccount::new(name, Balance::new(balance), OverdraftLimit::default())?;
        bank.open_account(&new.with_age(age).with_country(country))?;
    }
    println!(">>>> Successfully created table accounts.");
    Ok(())
}

fn select_accounts(bank: &Bank) -> Result<(), bank_persistence::BankError> {
    println!(">>>> Selecting accounts:");
    bank.list_accounts(None, |account| {
        let age = account.age.map(|age| format!(", age = {age}")).unwrap_or_default();
        let country = account.country.map(|country| format!(", country = {country}")).unwrap_or_default();
        println!("name = {}{age}{country}, balance = {}", account.name, account.balance);
        Ok(())
    })
}

fn transfer(bank: &Bank) -> Result<(), Box<dyn Error>> {
    let jessica = bank.find_account(&AccountName::new("Jessica")?)?.ok_or("no Jessica")?;
    let john = bank.find_account(&AccountName::new("John")?)?.ok_or("no John")?;
    let transfer = Transfer::new(new_transfer_id(), jessica.id, john.id, Amount::new(800)?);
    match bank.post(&transfer)? {
        Outcome::Posted(_) => println!(">>>> Transferred 800 between accounts."),
        Outcome::Replayed(_) => println!(">>>> This transfer was posted before."),
        Outcome::Rejected(reason) => println!(">>>> Refused: {reason}"),
    }
    Ok(())
}
