//! Posting a batch with one pass over its accounts instead of two: what the transfers add is added at once, which locks
//! and reads, too; then the domain decides from the accounts as they were before.
//!
//! That what was added is what the domain would have added is a guess. It is wrong as soon as a transfer of the batch is
//! refused or was posted before, and then everything is undone and [`post`](crate::posting::post) does it step by step. Nobody
//! looks for the transfers in the journal before: its key says no to what is there already.

use std::sync::atomic::{AtomicU32, Ordering};

use bank_db::{Retryable, Transient};
use bank_domain::{
    AccountId, AccountState, AccountVersion, Balance, Outcome, PostRequest, PostedTransfer, Transfer, apply_batch,
};

use crate::error::BankError;
use crate::posting::{RowsWritten, expect_rows, newly_posted, postgres, sort_for_journal};
use bank_db::DbConnection;

/// What transfers add to one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::posting) struct Addition {
    pub(in crate::posting) account: AccountId,
    /// To its balance.
    pub(in crate::posting) sum: i64,
    /// To its version: how many of the transfers touch it.
    pub(in crate::posting) count: i64,
}

/// What a batch adds to its accounts, ascending by account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Additions(Vec<Addition>);

/// Posts transfers, which add this, in the caller's transaction; `None` if it is to be rolled back, and they are to be posted otherwise.
///
/// # Errors
///
/// The database's, unless it says no more than that something stands in the way.
pub(crate) fn post_in_one_pass(
    connection: &mut DbConnection,
    requests: &[PostRequest],
    additions: &Additions,
) -> Result<Option<Vec<Outcome>>, BankError> {
    let DbConnection::Postgres(postgres) = connection else {
        return Ok(None);
    };
    let Some(mut after) = unless_in_the_way(postgres::move_balances(postgres, &additions.0))? else {
        return Ok(None);
    };
    after.sort_unstable_by_key(|account| account.id);
    let Some(before) = additions.taken_from(&after) else {
        return Ok(None);
    };
    let applied = apply_batch(before, Vec::new(), requests);
    let mut postings: Vec<&PostedTransfer> = applied.outcomes.iter().filter_map(newly_posted).collect();
    if postings.len() != requests.len() || applied.changed != after {
        return Ok(None);
    }
    sort_for_journal(&mut postings);
    let Some(transfers) = unless_in_the_way(postgres::append(postgres, &postings).map_err(BankError::from))? else {
        return Ok(None);
    };
    expect_rows(RowsWritten { balances: after.len(), transfers }, &applied.changed, &postings)?;
    Ok(Some(applied.outcomes))
}

/// Returns `None` for what the server has refused: an account that somebody else has locked, a balance below its limit,
/// a transfer that was posted before. The general way will meet it again, or not, and say so.
fn unless_in_the_way<T>(result: Result<T, BankError>) -> Result<Option<T>, BankError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.transient() == Some(Transient::ConnectionLost) => Err(error),
        Err(error) => {
            tracing::debug!(%error, "not posted in one pass");
            Ok(None)
        }
    }
}

impl Additions {
    /// Returns what the transfers add to their accounts, or `None` if that cannot be all of it.
    pub(crate) fn of(requests: &[PostRequest]) -> Option<Self> {
        let mut legs = Vec::with_capacity(requests.len().saturating_mul(2));
        for PostRequest { transfer: Transfer { from, to, amount, .. }, expected_version } in requests {
            if from == to || expected_version.is_some() {
                return None;
            }
            legs.push((*from, amount.get().checked_neg()?));
            legs.push((*to, amount.get()));
        }
        legs.sort_unstable_by_key(|(account, _)| *account);
        let mut additions: Vec<Addition> = Vec::with_capacity(legs.len());
        for (account, amount) in legs {
            match additions.last_mut() {
                Some(last) if last.account == account => {
                    last.sum = last.sum.checked_add(amount)?;
                    last.count = last.count.checked_add(1)?;
                }
                _ => additions.push(Addition { account, sum: amount, count: 1 }),
            }
        }
        Some(Self(additions))
    }

    /// Returns the accounts as they were before; `None` if one is missing.
    fn taken_from(&self, after: &[AccountState]) -> Option<Vec<AccountState>> {
        if self.0.len() != after.len() {
            return None;
        }
        let before = self.0.iter().zip(after).map(|(added, after)| {
            let balance = Balance::new(after.balance.get().checked_sub(added.sum)?);
            let version = AccountVersion::new(after.version.get().checked_sub(added.count)?);
            Some(AccountState { balance, version, ..*after })
        });
        before.collect()
    }
}

/// Whether one pass is worth trying: for a while it is not after it was in vain, because what was in the way, another
/// writer or transfers that are refused, is likely to be there again.
#[derive(Debug, Default)]
pub(crate) struct Confidence {
    left_out: AtomicU32,
}

impl Confidence {
    /// Returns whether to try; otherwise it is one batch less until the next trial.
    pub(crate) fn is_there(&self) -> bool {
        let one_less = |left: u32| left.checked_sub(1);
        self.left_out.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_err()
    }

    /// Remembers that it was in vain.
    pub(crate) fn lose(&self) {
        const BATCHES: u32 = 64;
        self.left_out.store(BATCHES, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bank_domain::{Amount, OverdraftLimit};
    use proptest::prelude::*;

    use super::*;
    use crate::transfer_ids::new_transfer_id;

    fn transfer(from: i64, to: i64, amount: i64) -> PostRequest {
        let amount = Amount::new(amount).unwrap();
        Transfer::new(new_transfer_id(), AccountId::new(from), AccountId::new(to), amount).into()
    }

    fn account(id: i64, balance: i64, version: i64) -> AccountState {
        AccountState {
            id: AccountId::new(id),
            balance: Balance::new(balance),
            overdraft_limit: OverdraftLimit::new(0).unwrap(),
            version: AccountVersion::new(version),
        }
    }

    #[test]
    fn what_a_batch_adds_is_summed_by_account() {
        let added = Additions::of(&[transfer(3, 1, 5), transfer(1, 2, 4), transfer(3, 1, 1)]).unwrap();
        let of = |account, sum, count| Addition { account: AccountId::new(account), sum, count };
        assert_eq!(added.0, [of(1, 2, 3), of(2, 4, 1), of(3, -6, 2)]);
    }

    #[test]
    fn what_is_refused_or_depends_on_the_accounts_is_not_guessed() {
        let expecting = PostRequest { expected_version: Some(AccountVersion::new(1)), ..transfer(1, 2, 1) };
        assert_eq!(Additions::of(&[transfer(1, 2, 1), transfer(2, 2, 1)]), None);
        assert_eq!(Additions::of(&[transfer(1, 2, 1), expecting]), None);
        assert_eq!(Additions::of(&[transfer(1, 2, i64::MAX), transfer(1, 2, 1)]), None);
    }

    #[test]
    fn a_missing_account_or_a_state_that_cannot_be_has_no_before() {
        let added = Additions::of(&[transfer(1, 2, 5)]).unwrap();
        let before = added.taken_from(&[account(1, 0, 1), account(2, 5, 7)]);
        assert_eq!(before, Some(vec![account(1, 5, 0), account(2, 0, 6)]));
        assert_eq!(added.taken_from(&[account(1, 0, 1)]), None);
        assert_eq!(added.taken_from(&[account(1, i64::MAX, 1), account(2, 5, 7)]), None);
    }

    #[test]
    fn confidence_that_is_lost_comes_back_after_a_while() {
        let confidence = Confidence::default();
        assert!(confidence.is_there() && confidence.is_there());
        confidence.lose();
        assert_eq!((0..1000).take_while(|_| !confidence.is_there()).count(), 64);
        assert!(confidence.is_there());
    }

    proptest! {
        #[test]
        fn what_is_added_is_what_the_domain_adds_where_it_refuses_nothing(
            legs in prop::collection::vec((1..6_i64, 1..5_i64, 1..1000_i64), 1..40),
        ) {
            let requests: Vec<PostRequest> =
                legs.iter().map(|(from, step, amount)| transfer(*from, (from + step - 1) % 5 + 1, *amount)).collect();
            let rich: Vec<AccountState> = (1..6).map(|id| account(id, 1_000_000, 10)).collect();
            prop_assume!(requests.iter().all(|PostRequest { transfer, .. }| transfer.from != transfer.to));
            let added = Additions::of(&requests).unwrap();
            let changed = apply_batch(rich.clone(), Vec::new(), &requests).changed;
            let rich: BTreeMap<AccountId, AccountState> = rich.into_iter().map(|account| (account.id, account)).collect();
            let expected: Vec<AccountState> = added.0.iter().map(|added| rich[&added.account]).collect();
            prop_assert_eq!(added.taken_from(&changed), Some(expected));
        }
    }
}
