//! Failures for changes of accounts that a rule refused.

use bank_domain::{Account, Balance, ChangeRefusal};

use crate::failure::{ExitCode, Failure, shell};

/// Returns the failure for a refused change of an account; `database_option` completes the commands in hints.
pub(crate) fn refused(account: &Account, reason: &ChangeRefusal, database_option: &str) -> Failure {
    let exit_code = match reason {
        ChangeRefusal::InvalidName(_) => ExitCode::Usage,
        _ => ExitCode::Rejected,
    };
    let message = format!("the account `{}` was not changed: {reason}", account.name);
    let failure = Failure::new(exit_code, reason.code(), message);
    let name = shell::quote(account.name.as_str());
    match reason {
        ChangeRefusal::AlreadySo { .. } | ChangeRefusal::NotFrozen => {
            failure.hint(format!("see its trail: bank-cli account show {name}{database_option}"))
        }
        ChangeRefusal::Closed => failure.hint("a closed account stays closed: open another one with `bank-cli open`"),
        ChangeRefusal::HasMoney { balance, .. } if *balance > Balance::default() => {
            failure.hint("transfer the balance to another account first")
        }
        ChangeRefusal::HasMoney { .. } => failure.hint("transfer what is missing to the account first"),
        ChangeRefusal::LimitInUse { in_use, currency } => {
            let least = currency.decimal(in_use.get());
            failure.hint(format!("set at least what is in use: bank-cli account limit {name} {least}{database_option}"))
        }
        ChangeRefusal::InvalidName(_) => failure.hint("type the name again, without text that was pasted"),
        ChangeRefusal::NameTaken { .. } => failure.hint("a name leads to one account for ever: choose another name"),
        _ => failure,
    }
}
