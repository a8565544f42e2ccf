//! `bank-cli transfer`

mod group;
mod request;

use bank_domain::{Currency, Outcome, Rejection};
use bank_persistence::{BankError, new_transfer_id};
use clap::Args;

use crate::args::input;
use crate::commands::Context;
use crate::failure::{Failure, rejection};
use crate::output::{RecordFormat, TransferRecord};
use request::{REPLAYED_NOTE, Request};

/// Transfer money from one account to another
#[derive(Debug, Args)]
#[command(after_help = "\
EXAMPLE:
  bank-cli transfer --from Jessica --to John --amount 800
  bank-cli transfer --from Jessica --to John --amount 800 --also Fees:2

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
    /// Pay another account, too: all transfers take effect together, or none does
    #[arg(long, value_name = "TO:AMOUNT")]
    also: Vec<String>,
    /// Reject the transfer unless the paying account has this version
    #[arg(long, value_name = "VERSION", allow_negative_numbers = true)]
    expect_version: Option<String>,
    /// Format of the output
    #[arg(long, value_enum, default_value = "text")]
    output: RecordFormat,
}

fn parse(args: &TransferArgs) -> Result<Request, Failure> {
    let id = args.id.as_deref().map(input::new_transfer_id).transpose()?;
    Ok(Request {
        from: input::account_name(&args.from)?,
        to: input::account_name(&args.to)?,
        amount: input::amount(&args.amount)?,
        memo: args.memo.as_deref().map(input::memo).transpose()?,
        expected_version: args.expect_version.as_deref().map(input::account_version).transpose()?,
        id: id.unwrap_or_else(new_transfer_id),
    })
}

/// Posts one transfer.
pub(crate) fn run(args: &TransferArgs, context: &mut Context<'_>) -> Result<(), Failure> {
    let request = parse(args)?;
    if request.from == request.to {
        return Err(rejection::failure(&Rejection::SameAccount, Currency::NONE, |id| id.to_string()));
    }
    if !args.also.is_empty() {
        return group::run(&args.also, args.output, &request, context);
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
            also: Vec::new(),
            output: RecordFormat::Text,
        }
    }

    #[test]
    fn the_command_to_run_again_is_complete() {
        let request = parse(&args("Mary Ann", Some("it's rent"))).unwrap();
        assert_eq!(
            request.command(" --database-url sqlite:a.db"),
            r#"bank-cli transfer --from='Mary Ann' --to=John --amount 800 --id 019b76da-a800-7000-8000-000000000001 --memo="it's rent" --expect-version 7 --database-url sqlite:a.db"#
        );
    }

    #[test]
    fn an_invalid_id_is_a_usage_failure() {
        let mut args = args("Jessica", None);
        args.id = Some("42".to_owned());
        let failure = parse(&args).err().unwrap();
        assert_eq!(failure.exit_code(), ExitCode::Usage);
    }
}
