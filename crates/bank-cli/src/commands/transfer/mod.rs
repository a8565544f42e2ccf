//! `bank-cli transfer`

use bank_domain::{
    Account, AccountName, AccountVersion, Currency, Decimal, Memo, Outcome, PostRequest, Rejection, Transfer,
    TransferId,
};
use bank_persistence::{Bank, BankError, new_transfer_id};
use clap::Args;

use crate::args::input;
use crate::commands::Context;
use crate::failure::{Failure, not_found, rejection, shell};
use crate::output::{RecordFormat, TransferRecord};

const REPLAYED_NOTE: &str = "this id was posted before: no money moved; the balances are from the original posting";

/// Transfer money from one account to another
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLE:
  bank-cli transfer --from Jessica --to John --amount 800

A transfer is posted once, however often you send it with the same --id.

With --expect-version, the transfer is rejected if another one has changed the
paying account since you read its balance. `balance` prints the version.")]
pub(crate) struct TransferArgs {
    /// Name of the account that pays
    #[arg(long, value_name = "NAME")]
    from: String,
    /// Name of the account that receives
    #[arg(long, value_name = "NAME")]
    to: String,
    /// Amount in the currency of both accounts, such as 800 or 12.50
    #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
    amount: String,
    /// Id of the transfer, to send it again safely [default: a new one]
    #[arg(long, value_name = "UUID")]
    id: Option<String>,
    /// What the transfer is for
    #[arg(long, value_name = "TEXT")]
    memo: Option<String>,
    /// Reject the transfer unless the paying account has this version
    #[arg(long, value_name = "VERSION", allow_negative_numbers = true)]
    expect_version: Option<String>,
    /// Format of the output
    #[arg(long, value_enum, default_value = "text")]
    output: RecordFormat,
}

/// A valid transfer between names, before the accounts are looked up.
struct Request {
    id: TransferId,
    from: AccountName,
    to: AccountName,
    amount: Decimal,
    memo: Option<Memo>,
    expected_version: Option<AccountVersion>,
}

impl Request {
    fn parse(args: &TransferArgs) -> Result<Self, Failure> {
        let id = args.id.as_deref().map(input::new_transfer_id).transpose()?;
        Ok(Self {
            from: input::account_name(&args.from)?,
            to: input::account_name(&args.to)?,
            amount: input::amount(&args.amount)?,
            memo: args.memo.as_deref().map(input::memo).transpose()?,
            expected_version: args.expect_version.as_deref().map(input::account_version).transpose()?,
            id: id.unwrap_or_else(new_transfer_id),
        })
    }

    /// Finds both accounts by one query.
    fn resolve(&self, bank: &Bank) -> Result<(PostRequest, Currency), Failure> {
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
    fn command(&self, database_option: &str) -> String {
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

/// Posts one transfer.
pub(crate) fn run(args: &TransferArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    let request = Request::parse(args)?;
    if request.from == request.to {
        return Err(rejection::failure(&Rejection::SameAccount, Currency::NONE, |id| id.to_string()));
    }
    let bank = context.connect()?;
    let (resolved, currency) = request.resolve(&bank)?;
    context.messages.transfer_id(request.id);

    let outcome = context.messages.while_waiting("posting", || bank.post(&resolved)).map_err(|error| {
        if matches!(error, BankError::OutcomeUnknown { .. }) {
            let command = request.command(&context.database_option());
            Failure::from(error).hint(format!("run again, it is never posted twice: {command}"))
        } else {
            error.into()
        }
    })?;
    let (status, posting) = match outcome {
        Outcome::Posted(posting) => ("posted", posting),
        Outcome::Replayed(posting) => ("replayed", posting),
        Outcome::Rejected(reason) => {
            let name = |id| if id == resolved.transfer.from { &request.from } else { &request.to };
            return Err(rejection::failure(&reason, currency, |id| name(id).to_string()));
        }
    };
    let record = TransferRecord::from_outcome(status, &posting, currency, &request.from, &request.to);
    args.output.write(context.out, &record, |record, out| {
        writeln!(out, "Transferred {} between accounts.", currency.text(posting.transfer.amount.get()))?;
        record.write_lines(out)
    })?;
    if status == "replayed" { context.note_after_data(REPLAYED_NOTE) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::ExitCode;

    fn args(from: &str, memo: Option<&str>) -> TransferArgs {
        TransferArgs {
            from: from.to_owned(),
            to: "John".to_owned(),
            amount: "800".to_owned(),
            id: Some("019b76da-a800-7000-8000-000000000001".to_owned()),
            memo: memo.map(ToOwned::to_owned),
            expect_version: Some("7".to_owned()),
            output: RecordFormat::Text,
        }
    }

    #[test]
    fn the_command_to_run_again_is_complete() {
        let request = Request::parse(&args("Mary Ann", Some("it's rent"))).unwrap();
        assert_eq!(
            request.command(" --database-url sqlite:a.db"),
            r#"bank-cli transfer --from='Mary Ann' --to=John --amount 800 --id 019b76da-a800-7000-8000-000000000001 --memo="it's rent" --expect-version 7 --database-url sqlite:a.db"#
        );
    }

    #[test]
    fn an_invalid_id_is_a_usage_failure() {
        let mut args = args("Jessica", None);
        args.id = Some("42".to_owned());
        let failure = Request::parse(&args).err().unwrap();
        assert_eq!(failure.exit_code(), ExitCode::Usage);
    }
}
