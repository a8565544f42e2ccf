//! `bank-cli open`

use bank_domain::{AccountName, Age, Country, CurrencyCode, Decimal, NewAccount};
use bank_persistence::{Bank, BankError};
use clap::Args;

use crate::args::input;
use crate::commands::Context;
use crate::failure::Failure;
use crate::output::{AccountRow, RecordFormat, Row};

/// Open an account
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLE:
  bank-cli open Mary --age 35 --country France --balance 500
  bank-cli open Anna --currency EUR --balance 12.50")]
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
    /// Currency of the account, which never changes [default: that of the ledger]
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
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

/// An account to be opened, before its currency is looked up.
struct Opening {
    name: AccountName,
    age: Option<Age>,
    country: Option<Country>,
    currency: Option<CurrencyCode>,
    balance: Decimal,
    limit: Decimal,
}

impl Opening {
    fn parse(args: &OpenArgs) -> Result<Self, Failure> {
        Ok(Self {
            name: input::account_name(&args.name)?
                .for_new_account()
                .map_err(|error| input::invalid(error, "type the name again, without text that was pasted"))?,
            age: args.age.as_deref().map(input::age).transpose()?,
            country: args.country.as_deref().map(input::country).transpose()?,
            currency: args.currency.as_deref().map(input::currency_code).transpose()?,
            balance: input::decimal(&args.balance)?,
            limit: input::decimal(&args.overdraft_limit)?,
        })
    }

    /// Returns the account with its amounts in minor units of its currency.
    fn resolve(self, bank: &Bank) -> Result<NewAccount, Failure> {
        let code = match self.currency {
            Some(code) => code,
            None => bank.default_currency()?,
        };
        let currency = bank.find_currency(code)?.ok_or(BankError::CurrencyUnknown { code })?;
        let balance = input::balance_in(self.balance, currency)?;
        let limit = input::overdraft_limit_in(self.limit, currency)?;
        let new = NewAccount::new(self.name, balance, limit)
            .map_err(|error| input::invalid(error, "raise --balance, or allow the overdraft with --overdraft-limit"))?;
        Ok(new.with_age(self.age).with_country(self.country).with_currency(Some(code)))
    }
}

/// Opens an account.
pub(crate) fn run(args: &OpenArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    let opening = Opening::parse(args)?;
    let bank = context.connect()?;
    let account = bank.open_account(&opening.resolve(&bank)?)?;

    Ok(args.output.write(context.out, &AccountRow::from(&account), |row, out| {
        writeln!(out, "Opened account {}.", account.name)?;
        row.write_line(out)?;
        writeln!(out)
    })?)
}
