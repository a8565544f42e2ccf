//! `bank-cli transfer --also`: payments to several accounts, together or not at all.

use bank_domain::{Account, AccountName, Decimal, Group, Outcome, Rejection, Transfer};
use bank_persistence::{Bank, BankError};

use super::request::{REPLAYED_NOTE, Request};
use crate::args::input;
use crate::commands::Context;
use crate::failure::{Failure, not_found, rejection, shell};
use crate::output::{GroupRecord, RecordFormat};

/// What another account receives.
#[derive(Debug)]
struct Also {
    to: AccountName,
    amount: Decimal,
}

impl Also {
    /// Parses `TO:AMOUNT`; the name may contain colons, too.
    fn parse(typed: &str) -> Result<Self, Failure> {
        let Some((to, amount)) = typed.rsplit_once(':') else {
            let message = format!("--also \"{typed}\" is not a name, a colon and an amount");
            return Err(input::invalid(message, "write it like --also Fees:1.50"));
        };
        Ok(Self { to: input::account_name(to)?, amount: input::amount(amount)? })
    }
}

/// Posts the transfer and those that belong to it as one group.
pub(super) fn run(
    also: &[String],
    output: RecordFormat,
    request: &Request,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let also = also.iter().map(|typed| Also::parse(typed)).collect::<Result<Vec<_>, _>>()?;
    let payments: Vec<(&AccountName, Decimal)> =
        [(&request.to, request.amount)].into_iter().chain(also.iter().map(|also| (&also.to, also.amount))).collect();
    let bank = context.connect()?;
    let accounts = find(&bank, &request.from, &payments)?;
    let (payer, group) = group(request, &payments, &accounts)?;
    context.messages.transfer_id(request.id);
    let outcomes = context.messages.while_waiting("posting", || bank.post_group(&group)).map_err(|error| {
        let is_unknown = matches!(error, BankError::OutcomeUnknown { .. });
        let failure = Failure::from(error);
        if is_unknown {
            let command = command(request, &also, &context.database_option());
            failure.hint(format!("run again, it is never posted twice: {command}"))
        } else {
            failure
        }
    })?;
    let name_of = |id| -> String {
        let account = accounts.iter().find(|(_, account)| account.id == id);
        account.map_or_else(|| id.to_string(), |(name, _)| name.to_string())
    };
    if let Some(reason) = outcomes.iter().find_map(own_reason) {
        let failure = rejection::failure(reason, payer.currency, name_of);
        return Err(match reason {
            Rejection::InsufficientFunds { .. } => failure.hint(format!(
                "nothing was posted; what the group pays before counts, too: pay something into `{}` first, or transfer less",
                request.from
            )),
            _ => failure,
        });
    }
    let record = GroupRecord::from_outcomes(group.id(), &outcomes, payer.currency, name_of);
    output.write(context.out, &record, |record, out| record.write_lines(out))?;
    if outcomes.iter().all(|outcome| matches!(outcome, Outcome::Replayed(_))) {
        return context.note_after_data(REPLAYED_NOTE);
    }
    Ok(())
}

/// Returns why a member is rejected, unless it is only because another one is.
fn own_reason(outcome: &Outcome) -> Option<&Rejection> {
    match outcome {
        Outcome::Rejected(Rejection::GroupRejected { .. }) | Outcome::Posted(_) | Outcome::Replayed(_) => None,
        Outcome::Rejected(reason) => Some(reason),
    }
}

fn find(
    bank: &Bank,
    from: &AccountName,
    payments: &[(&AccountName, Decimal)],
) -> Result<Vec<(AccountName, Account)>, Failure> {
    let names: Vec<&AccountName> = [from].into_iter().chain(payments.iter().map(|(to, _)| *to)).collect();
    let accounts = bank.find_accounts(&names)?;
    match names.into_iter().find(|name| accounts.iter().all(|(found, _)| found != *name)) {
        Some(missing) => Err(not_found::account(bank, missing)),
        None => Ok(accounts),
    }
}

/// Returns the paying account and the group.
fn group<'a>(
    request: &Request,
    payments: &[(&AccountName, Decimal)],
    accounts: &'a [(AccountName, Account)],
) -> Result<(&'a Account, Group), Failure> {
    let of = |name: &AccountName| accounts.iter().find(|(found, _)| found == name).map(|(_, account)| account);
    let payer = of(&request.from).ok_or_else(|| Failure::from(unfound(&request.from)))?;
    let mut members = Vec::with_capacity(payments.len());
    for ((to, amount), ordinal) in payments.iter().zip(0..) {
        let payee = of(to).ok_or_else(|| Failure::from(unfound(to)))?;
        let amount = input::amount_in(*amount, payer.currency)?;
        let id = request.id.of_member(ordinal);
        members.push(Transfer::new(id, payer.id, payee.id, amount).with_memo(request.memo.clone()));
    }
    let requests = members
        .into_iter()
        .map(|member| bank_domain::PostRequest { transfer: member, expected_version: request.expected_version });
    let group = Group::new(requests).map_err(|error| input::invalid(error, "leave out some of --also"))?;
    Ok((payer, group))
}

/// The names were all found before.
fn unfound(name: &AccountName) -> BankError {
    BankError::InvariantViolation { detail: format!("the account {name} was found and is not there") }
}

/// Returns the command that sends the same group again.
fn command(request: &Request, also: &[Also], database_option: &str) -> String {
    let also: String =
        also.iter().map(|Also { to, amount }| format!(" --also={}", shell::quote(&format!("{to}:{amount}")))).collect();
    request.command(&format!("{also}{database_option}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_colon_stands_before_the_amount() {
        let also = Also::parse("a: b:1.50").unwrap();
        assert_eq!((also.to.as_str(), also.amount.to_string().as_str()), ("a: b", "1.50"));
        for typed in ["Fees", "", ":1", "Fees:", "Fees:0", "Fees:-1"] {
            assert!(Also::parse(typed).is_err(), "{typed:?}");
        }
    }
}
