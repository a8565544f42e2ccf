//! `bank-cli setup`

use std::io::{self, IsTerminal, Write};

use bank_persistence::{Bank, BankError, DbError, SchemaState};
use clap::Args;

use super::demo::accounts;
use crate::args::{Location, input};
use crate::commands::Context;
use crate::doctor;
use crate::failure::{ExitCode, Failure};
use crate::output::stderr;

/// Create the tables and the demo accounts if they are missing
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLE:\n  bank-cli setup --database-url sqlite:bank.db")]
pub(crate) struct SetupArgs {
    /// Destroy all accounts and transfers first, after asking for confirmation
    #[arg(long)]
    reset: bool,
    /// Do not ask for confirmation
    #[arg(long, requires = "reset")]
    yes: bool,
    /// Currency of the accounts that are opened without one from now on [default: XXX, no currency]
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Create no demo accounts
    #[arg(long)]
    no_demo: bool,
}

/// Sets the database up; running it again changes nothing.
pub(crate) fn run(args: &SetupArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    let must_ask = args.reset && !args.yes;
    if must_ask && !io::stdin().is_terminal() {
        return Err(unconfirmed(ExitCode::Usage, "cannot ask for confirmation: stdin is not a terminal")
            .hint("add --yes to destroy all accounts and transfers without being asked"));
    }
    let currency = args.currency.as_deref().map(input::currency_code).transpose()?;
    let location = context.locate()?;
    let bank = context.connect_or_create(&location)?;
    let database = bank.database().name().map_err(BankError::from)?;
    writeln!(context.out, "Connected to {}, database {database}.", bank.database().engine().map_err(BankError::from)?)?;

    let state = bank.schema_state()?;
    if matches!(state, SchemaState::Newer { .. } | SchemaState::Foreign { .. }) {
        return Err(BankError::Database(DbError::SchemaOutOfDate { state }).into());
    }
    // Without tables there is nothing to destroy.
    if args.reset && !matches!(state, SchemaState::NotSetUp) {
        if must_ask {
            // The question goes to stderr, after the output so far.
            context.out.flush()?;
            confirm(&name_to_type(&location, &database))?;
        }
        context.messages.while_waiting("recreating the tables", || bank.reset())?;
        writeln!(context.out, "Destroyed all accounts and transfers, and recreated the tables.")?;
    } else {
        migrate(&bank, &state, context)?;
    }
    if let Some(code) = currency {
        let currency = bank.set_default_currency(code)?;
        writeln!(
            context.out,
            "Accounts are opened in {code}, which has {} decimals, unless they name another.",
            currency.scale
        )?;
    }
    if !args.no_demo {
        add_demo_accounts(&bank, context)?;
    }
    if let Some(note) = doctor::encoding_note(&bank.inspect_tables()) {
        context.note_after_data(&note)?;
    }
    Ok(())
}

fn migrate(bank: &Bank, before: &SchemaState, context: &mut Context<'_>) -> Result<(), Failure> {
    let migrations = context.messages.while_waiting("migrating", || bank.migrate())?;
    if migrations.is_empty() {
        writeln!(context.out, "The schema is up to date.")?;
        return Ok(());
    }
    if matches!(before, SchemaState::NotSetUp) {
        writeln!(context.out, "Created the tables.")?;
        return Ok(());
    }
    for migration in migrations {
        writeln!(context.out, "Ran migration {migration}.")?;
    }
    Ok(())
}

fn add_demo_accounts(bank: &Bank, context: &mut Context<'_>) -> Result<(), Failure> {
    let currency = accounts::currency(bank)?;
    for new in accounts::all(currency)? {
        if accounts::open_if_missing(bank, &new)? {
            let balance = currency.text(new.opening_balance().get());
            writeln!(context.out, "Created account {} with balance {balance}.", new.name())?;
        } else {
            writeln!(context.out, "Account {} was already there.", new.name())?;
        }
    }
    Ok(())
}

/// Returns the name that confirms: the name of the database, or of its file without the directories.
fn name_to_type(location: &Location, database: &str) -> String {
    location
        .url
        .sqlite_path()
        .and_then(|path| path.file_name())
        .map_or_else(|| database.to_owned(), |name| name.to_string_lossy().into_owned())
}

fn confirm(name: &str) -> Result<(), Failure> {
    let ask = || -> io::Result<String> {
        let mut stderr = stderr();
        writeln!(stderr, "This destroys all accounts and transfers.")?;
        write!(stderr, "Type {name} to continue: ")?;
        stderr.flush()?;
        let mut typed = String::new();
        io::stdin().read_line(&mut typed)?;
        Ok(typed)
    };
    match ask() {
        Ok(typed) if typed.trim() == name => Ok(()),
        Ok(_) => Err(unconfirmed(ExitCode::Other, "the name does not match; nothing was changed")
            .hint("type the database's name exactly as shown")),
        Err(error) => Err(unconfirmed(ExitCode::Other, &format!("cannot ask for confirmation: {error}"))
            .hint("add --yes to continue without being asked")),
    }
}

fn unconfirmed(exit_code: ExitCode, message: &str) -> Failure {
    Failure::new(exit_code, "not_confirmed", message)
}
