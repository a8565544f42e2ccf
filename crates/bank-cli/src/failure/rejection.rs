//! Failures for rejected transfers, with the names that the user typed.

use bank_domain::{AccountId, Currency, Rejection};

use crate::failure::{ExitCode, Failure, shell};

/// Returns the failure for a rejection; `currency` is that of the paying account, `name_of` returns the name of either account.
pub(crate) fn failure(reason: &Rejection, currency: Currency, name_of: impl Fn(AccountId) -> String) -> Failure {
    let exit_code = match reason {
        Rejection::AccountNotFound { .. } => ExitCode::NotFound,
        Rejection::IdConflict { .. } => ExitCode::IdConflict,
        _ => ExitCode::Rejected,
    };
    let failure = Failure::new(exit_code, reason.code(), reason.with_names(currency, &name_of));
    match reason {
        Rejection::AccountNotFound { .. } => failure.hint("see all accounts with `bank-cli list`"),
        Rejection::NilId => failure.hint("give the transfer an id of its own"),
        Rejection::SameAccount => failure.hint("name another account with --to"),
        Rejection::AccountFrozen { account } => {
            let name = shell::quote(&name_of(*account)).into_owned();
            failure.hint(format!("see its trail: bank-cli account show {name}"))
        }
        Rejection::AccountClosed { .. } => {
            failure.hint("a closed account stays closed: open another one with `bank-cli open`")
        }
        Rejection::CurrencyMismatch { .. } => {
            failure.hint("transfer between accounts of one currency; see them with `bank-cli list --output table`")
        }
        Rejection::VersionMismatch { account, found, .. } => failure.hint(format!(
            "see what has changed with `bank-cli history {}`, then decide again with --expect-version {found}",
            shell::quote(&name_of(*account))
        )),
        Rejection::InsufficientFunds { available, .. } if available.get() > 0 => {
            failure.hint(format!("transfer at most {}", currency.decimal(available.get())))
        }
        Rejection::InsufficientFunds { account, .. } => {
            failure.hint(format!("pay something into `{}` first", name_of(*account)))
        }
        Rejection::BalanceOverflow { .. } => failure.hint("transfer less, or to another account"),
        Rejection::IdConflict { id, .. } => {
            failure.hint(format!("see it with `bank-cli show {id}`; leave --id out for a new transfer"))
        }
        Rejection::ReversalOfReversal { .. } => failure.hint("pass --force to reverse it anyway"),
        // A rejection that was added later has no hint yet.
        _ => failure,
    }
}
