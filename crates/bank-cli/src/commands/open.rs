//! `bank-cli open`

use bank_domain::NewAccount;
use clap::Args;

use crate::args::input;
use crate::commands::Context;
use crate::failure::Failure;
use crate::output::{AccountRow, RecordFormat, Row};

/// Open an account
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLE:\n  bank-cli open Mary --age 35 --country France --balance 500")]
pub(crate) struct OpenArgs {
    /// Name of the holder, which must be unique
    #[arg(value_name = "NAME")]
    name: String,
    /// Age of the holder in years
    #[arg(long, value_name = "YEARS", allow_negative_numbers = true)]
    age: Option<String>,
    /// Country of the holder
    #[arg(long, value_name = "COUNTRY")]
    country: Option<String>,
    /// Opening balance
    #[arg(long, value_name = "BALANCE", default_value = "0", allow_negative_numbers = true)]
    balance: String,
    /// How far below zero the balance may go
    #[arg(long, value_name = "LIMIT", default_value = "0", allow_negative_numbers = true)]
    overdraft_limit: String,
    /// Format of the output
    #[arg(long, value_enum, default_value = "text")]
    output: RecordFormat,
}

impl OpenArgs {
    fn parse(&self) -> Result<NewAccount, Failure> {
        let name = input::account_name(&self.name)?;
        let age = self.age.as_deref().map(input::age).transpose()?;
        let country = self.country.as_deref().map(input::country).transpose()?;
        let (balance, limit) = (input::balance(&self.balance)?, input::overdraft_limit(&self.overdraft_limit)?);
        let new = NewAccount::new(name, balance, limit)
            .map_err(|error| input::invalid(error, "raise --balance, or allow the overdraft with --overdraft-limit"))?;
        Ok(new.with_age(age).with_country(country))
    }
}

/// Opens an account.
pub(crate) fn run(args: &OpenArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    let new = args.parse()?;
    let account = context.connect()?.open_account(&new)?;

    Ok(args.output.write(context.out, &AccountRow::from(&account), |row, out| {
        writeln!(out, "Opened account {}.", account.name)?;
        row.write_line(out)?;
        writeln!(out)
    })?)
}
