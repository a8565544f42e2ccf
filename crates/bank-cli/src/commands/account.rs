//! `bank-cli account`

use bank_domain::{Account, AccountChange, AccountName};
use bank_persistence::{BankError, ChangeOutcome};
use clap::{Args, Subcommand};

use crate::args::input;
use crate::commands::Context;
use crate::failure::{Failure, account_change, not_found, shell};
use crate::output::{AccountDetailsRecord, AccountRow, RecordFormat, Row};

const AFTER_HELP: &str = "\
EXAMPLE:
  bank-cli account freeze Jessica --note \"card lost\"
  bank-cli account rename John Johnny
  bank-cli account limit Jessica 500
  bank-cli account show Jessica

Each change stands in the account's trail, which `show` prints. A former name
leads to the account for ever. `open` opens an account, `list` lists them all.";

/// Show an account with its trail; freeze, unfreeze, close or rename it, or set its limit
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, disable_help_subcommand = true)]
pub(crate) struct AccountArgs {
    #[command(subcommand)]
    action: Action,
}

/// What to do with an account.
#[derive(Debug, Subcommand)]
enum Action {
    /// Show an account, its former names and its trail
    #[command(after_help = "EXAMPLE:\n  bank-cli account show Jessica")]
    Show {
        #[command(flatten)]
        account: Named,
        /// Format of the output
        #[arg(long, value_enum, default_value = "text")]
        output: RecordFormat,
    },
    /// Let an account neither pay nor receive
    #[command(after_help = "EXAMPLE:\n  bank-cli account freeze Jessica --note \"card lost\"")]
    Freeze {
        #[command(flatten)]
        account: Named,
        #[command(flatten)]
        options: ChangeOptions,
    },
    /// Open a frozen account again
    #[command(after_help = "EXAMPLE:\n  bank-cli account unfreeze Jessica")]
    Unfreeze {
        #[command(flatten)]
        account: Named,
        #[command(flatten)]
        options: ChangeOptions,
    },
    /// Close an account for good; its balance must be zero
    #[command(after_help = "EXAMPLE:\n  bank-cli account close Jessica")]
    Close {
        #[command(flatten)]
        account: Named,
        #[command(flatten)]
        options: ChangeOptions,
    },
    /// Give an account another name; the former name leads to it for ever
    #[command(after_help = "EXAMPLE:\n  bank-cli account rename Jessica \"Jessica Smith\"")]
    Rename {
        #[command(flatten)]
        account: Named,
        /// New name
        #[arg(value_name = "NEW_NAME")]
        new_name: String,
        #[command(flatten)]
        options: ChangeOptions,
    },
    /// Set how far below zero the balance of an account may go
    #[command(after_help = "EXAMPLE:\n  bank-cli account limit Jessica 500")]
    Limit {
        #[command(flatten)]
        account: Named,
        /// How far below zero the balance may go
        #[arg(value_name = "LIMIT", allow_negative_numbers = true)]
        limit: String,
        #[command(flatten)]
        options: ChangeOptions,
    },
}

#[derive(Debug, Args)]
struct Named {
    /// Name of the account, or a former name
    #[arg(value_name = "NAME")]
    name: String,
}

#[derive(Debug, Args)]
struct ChangeOptions {
    /// What to note about the change in the account's trail
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Format of the output
    #[arg(long, value_enum, default_value = "text")]
    output: RecordFormat,
}

/// Shows or changes an account.
pub(crate) fn run(args: &AccountArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    match &args.action {
        Action::Show { account, output } => show(account, *output, context),
        Action::Freeze { account, options } => {
            change(account, options, context, "Froze", |_| Ok(AccountChange::Freeze))
        }
        Action::Unfreeze { account, options } => {
            change(account, options, context, "Unfroze", |_| Ok(AccountChange::Unfreeze))
        }
        Action::Close { account, options } => change(account, options, context, "Closed", |_| Ok(AccountChange::Close)),
        Action::Rename { account, new_name, options } => {
            let new_name = input::account_name(new_name)?;
            change(account, options, context, "Renamed", |_| Ok(AccountChange::Rename(new_name)))
        }
        Action::Limit { account, limit, options } => {
            let limit = input::decimal(limit)?;
            change(account, options, context, "Set the overdraft limit of", |account| {
                input::overdraft_limit_in(limit, account.currency).map(AccountChange::Limit)
            })
        }
    }
}

fn show(account: &Named, output: RecordFormat, context: &mut Context<'_>) -> Result<(), Failure> {
    let name = input::account_name(&account.name)?;
    let bank = context.connect()?;
    let details = bank.account_details(&name)?.ok_or_else(|| not_found::account(&bank, &name))?;
    let record = AccountDetailsRecord::from(&details);
    Ok(output.write(context.out, &record, AccountDetailsRecord::write_lines)?)
}

/// Changes an account. `wanted` may depend on its currency, which never changes.
fn change(
    account: &Named,
    options: &ChangeOptions,
    context: &mut Context<'_>,
    done: &str,
    wanted: impl FnOnce(&Account) -> Result<AccountChange, Failure>,
) -> Result<(), Failure> {
    let name = input::account_name(&account.name)?;
    let note = options.note.as_deref().map(input::memo).transpose()?;
    let bank = context.connect()?;
    let account = bank.find_account(&name)?.ok_or_else(|| not_found::account(&bank, &name))?;
    let wanted = wanted(&account)?;
    let outcome = context.messages.while_waiting("changing the account", || bank.change_account(&name, wanted, note));
    match outcome.map_err(|error| unknown(error, &name, &context.database_option()))? {
        Some(ChangeOutcome::Changed { before, after }) => {
            Ok(options.output.write(context.out, &AccountRow::from(&*after), |row, out| {
                writeln!(out, "{done} account {}.", before.name)?;
                row.write_line(out)?;
                writeln!(out)
            })?)
        }
        Some(ChangeOutcome::Refused { account, reason }) => {
            Err(account_change::refused(&account, &reason, &context.database_option()))
        }
        // The tables were made again since the account was found.
        None => Err(not_found::account(&bank, &name)),
    }
}

fn unknown(error: BankError, name: &AccountName, database_option: &str) -> Failure {
    let is_unknown = matches!(error, BankError::OutcomeUnknown { .. });
    let failure = Failure::from(error);
    if is_unknown {
        let name = shell::quote(name.as_str());
        failure.hint(format!("see whether it was changed: bank-cli account show {name}{database_option}"))
    } else {
        failure
    }
}
