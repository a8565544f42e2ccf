//! `bank-cli demo`

pub(crate) mod accounts;
mod scratch;

use std::io::Write;

use bank_domain::{Account, AccountName, Outcome, Transfer};
use bank_persistence::{Bank, BankError, SchemaState, new_transfer_id};
use clap::Args;

use crate::args::input;
use crate::commands::Context;
use crate::failure::{ExitCode, Failure, rejection};
use crate::output::{AccountRow, RowWriter, RowsFormat, Terminal};

const AFTER_HELP: &str = "\
EXAMPLE:
  bank-cli demo

If the database has accounts already, the demo uses a scratch database and leaves
yours alone.";

/// Run the tutorial's scenario: connect, create, list, transfer, list
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct DemoArgs {}

/// Runs the scenario in the database if that is empty, otherwise in a scratch database.
pub(crate) fn run(_args: &DemoArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    let location = context.locate()?;
    let bank = context.connect_or_create(&location)?;
    if is_empty(&bank)? {
        return play(&bank, context.out);
    }
    let (settings, messages) = (context.settings(), context.messages);
    scratch::with_scratch_database(&bank, &location.url, settings, messages, |scratch| play(scratch, context.out))
}

fn is_empty(bank: &Bank) -> Result<bool, BankError> {
    match bank.schema_state()? {
        SchemaState::NotSetUp => Ok(true),
        SchemaState::Current => Ok(bank.count_accounts()? == 0),
        // The tables of another version may contain anything.
        _ => Ok(false),
    }
}

fn play(bank: &Bank, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, ">>>> Successfully connected to {}!", bank.database().engine().map_err(BankError::from)?)?;
    bank.migrate()?;
    let accounts = accounts::all(accounts::currency(bank)?)?;
    for new in &accounts {
        bank.open_account(new)?;
    }
    writeln!(out, ">>>> Successfully created table accounts.")?;
    print_accounts(bank, out)?;
    let [jessica, john] = &accounts;
    transfer(bank, jessica.name(), john.name())?;
    writeln!(out, ">>>> Transferred 800 between accounts.")?;
    print_accounts(bank, out)
}

fn print_accounts(bank: &Bank, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, ">>>> Selecting accounts:")?;
    let mut rows = RowWriter::begin::<AccountRow>(out, RowsFormat::Lines, Terminal::default())?;
    bank.list_accounts(None, |account| rows.write(&AccountRow::from(&account)).map_err(Failure::from))?;
    Ok(rows.finish()?)
}

fn transfer(bank: &Bank, from: &AccountName, to: &AccountName) -> Result<(), Failure> {
    let account = |name| {
        bank.find_account(name)?.ok_or_else(|| {
            let message = format!("the account `{name}` vanished during the demo");
            Failure::new(ExitCode::Other, "account_vanished", message)
                .hint("another program changes this database: run the demo in a separate one")
        })
    };
    let (payer, payee): (Account, Account) = (account(from)?, account(to)?);
    let amount = input::amount_in(input::amount("800")?, payer.currency)?;
    let transfer = Transfer::new(new_transfer_id(), payer.id, payee.id, amount);
    match bank.post(&transfer)? {
        Outcome::Posted(_) | Outcome::Replayed(_) => Ok(()),
        Outcome::Rejected(reason) => {
            let name = |id| if id == transfer.from { from } else { to };
            Err(rejection::failure(&reason, payer.currency, |id| name(id).to_string()))
        }
    }
}
