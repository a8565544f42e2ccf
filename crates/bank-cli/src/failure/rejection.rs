//! Failures for rejected transfers, with the names that the user typed.

use bank_domain::{AccountId, Rejection};

use crate::failure::{ExitCode, Failure, shell};

/// Returns the failure for a rejection; `name_of` returns the name of either account.
pub(crate) fn failure(reason: &Rejection, name_of: impl Fn(AccountId) -> String) -> Failure {
    let rejected = |message: String| Failure::new(ExitCode::Rejected, reason.code(), message);
    match reason {
        Rejection::AccountNotFound { account } => {
            let message = format!("there is no account `{}`", name_of(*account));
            Failure::new(ExitCode::NotFound, reason.code(), message).hint("see all accounts with `bank-cli list`")
        }
        Rejection::SameAccount => {
            rejected("a transfer needs two different accounts".to_owned()).hint("name another account with --to")
        }
        Rejection::VersionMismatch { account, expected, found } => {
            let name = name_of(*account);
            rejected(format!("`{name}` has version {found}, not {expected}")).hint(format!(
                "see what has changed with `bank-cli history {}`, then decide again with --expect-version {found}",
                shell::quote(&name)
            ))
        }
        Rejection::InsufficientFunds { account, available, requested } => {
            let name = name_of(*account);
            let hint = if available.get() > 0 {
                format!("transfer at most {available}")
            } else {
                format!("pay something into `{name}` first")
            };
            rejected(format!("`{name}` has {available} available, not {requested}")).hint(hint)
        }
        Rejection::BalanceOverflow { account } => {
            rejected(format!("the balance of `{}` would exceed {}", name_of(*account), i64::MAX))
                .hint("transfer less, or to another account")
        }
        Rejection::IdConflict { id, field } => {
            let message = format!("the id {id} was posted before with another {field}");
            Failure::new(ExitCode::IdConflict, reason.code(), message)
                .hint(format!("see it with `bank-cli show {id}`; leave --id out for a new transfer"))
        }
        Rejection::ReversalOfReversal { id, original } => {
            rejected(format!("the transfer {id} is itself the reversal of {original}"))
                .hint("pass --force to reverse it anyway")
        }
        // A rejection that was added later still has its own text.
        other => rejected(other.to_string()),
    }
}
