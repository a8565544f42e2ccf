//! Failures for unknown accounts, with the name that was probably meant, and for unknown transfers.

use bank_domain::{AccountName, GroupId, TransferId};
use bank_persistence::Bank;

use crate::failure::{ExitCode, Failure};

/// From 0 (nothing in common) to 1 (equal): below this, a suggestion would only confuse.
const SIMILARITY_MIN: f64 = 0.6;

/// Returns the failure for an unknown account, with the most similar name as the hint.
pub(crate) fn account(bank: &Bank, name: &AccountName) -> Failure {
    // If the look-up fails, only the hint is missing.
    let candidates = bank.similar_names(name).unwrap_or_default();
    let hint = match nearest(name.as_str(), &candidates) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => "see all accounts with `bank-cli list`".to_owned(),
    };
    let message = format!("there is no account `{name}`");
    Failure::new(ExitCode::NotFound, "account_not_found", message).hint(hint)
}

/// Returns the failure for an unknown transfer.
pub(crate) fn transfer(id: TransferId) -> Failure {
    let message = format!("there is no transfer {id}");
    Failure::new(ExitCode::NotFound, "transfer_not_found", message)
        .hint("a rejected transfer is not recorded; see the others with `bank-cli history`")
}

/// Returns the failure for an unknown group.
pub(crate) fn group(id: GroupId) -> Failure {
    let message = format!("there is no group {id}");
    Failure::new(ExitCode::NotFound, "group_not_found", message)
        .hint("`bank-cli show` prints the group of a transfer; a rejected group is not recorded")
}

fn nearest<'a>(name: &str, candidates: &'a [AccountName]) -> Option<&'a AccountName> {
    let name = name.to_lowercase();
    candidates
        .iter()
        .map(|candidate| {
            let similarity = strsim::normalized_damerau_levenshtein(&name, &candidate.as_str().to_lowercase());
            (candidate, similarity)
        })
        .filter(|(_, similarity)| *similarity >= SIMILARITY_MIN)
        .max_by(|(_, left), (_, right)| left.total_cmp(right))
        .map(|(candidate, _)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_the_most_similar_name_in_any_case_if_one_is_similar() {
        let names = ["John", "Jessica", "Jesse"].map(|name| name.parse().unwrap());
        let suggested = |name: &str| nearest(name, &names).map(AccountName::as_str);
        assert_eq!(suggested("jesica"), Some("Jessica"));
        assert_eq!(suggested("Jhon"), Some("John"));
        assert_eq!(suggested("Xavier"), None);
    }
}
