//! A batch with one pass over its accounts instead of two: one UPDATE adds the batch's net change, which locks and reads, too;
//! then the domain decides from the states before.
//!
//! The UPDATE is wrong as soon as a transfer of the batch is rejected or was posted before. Then everything is rolled back,
//! and the locked path posts the batch. No query looks for the transfers in the journal first: its key rejects those that are
//! there already.

use bank_db::{DbConnection, Retryable, Transient};
use bank_domain::{
    AccountId, AccountState, AccountVersion, AppliedBatch, Balance, Outcome, PostRequest, PostedTransfer, Transfer,
    apply_batch,
};
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::error::BankError;
use crate::posting::checks::{RowsWritten, expect_rows, newly_posted, sort_for_journal};
use crate::posting::postgres::accounts::push_arrays;
use crate::posting::postgres::append;
use crate::posting::statement::statement;
use crate::rows::{StateColumns, StateRow};

/// What transfers change in one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NetChange {
    account: AccountId,
    /// Added to its balance.
    amount: i64,
    /// Added to its version: how many of the transfers touch it.
    transfers: i64,
}

/// What a batch changes in its accounts, ascending by account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NetChanges(Vec<NetChange>);

/// Posts transfers that make these changes in the caller's transaction. Returns `None` if the transaction must be rolled back
/// and the locked path must post them.
///
/// # Errors
///
/// Returns an error if the connection is lost, or if a row was not written.
pub(super) fn post(
    connection: &mut DbConnection,
    requests: &[PostRequest],
    changes: &NetChanges,
) -> Result<Option<Vec<Outcome>>, BankError> {
    let DbConnection::Postgres(postgres) = connection else {
        return Ok(None);
    };
    let Some(mut after) = unless_rejected(add(postgres, changes))? else {
        return Ok(None);
    };
    after.sort_unstable_by_key(|account| account.id);
    let Some(before) = changes.before(&after) else {
        return Ok(None);
    };
    let applied = apply_batch(before, Vec::new(), requests);
    let Some(mut posted) = agreed(&applied, &after) else {
        return Ok(None);
    };
    sort_for_journal(&mut posted);
    let Some(transfers) = unless_rejected(append(postgres, &posted).map_err(BankError::from))? else {
        return Ok(None);
    };
    expect_rows(RowsWritten { balances: after.len(), transfers }, &applied.changed, &posted)?;
    Ok(Some(applied.outcomes))
}

/// Returns the posted transfers if the domain posts all and leaves the accounts as the server has them.
fn agreed<'a>(applied: &'a AppliedBatch, after: &[AccountState]) -> Option<Vec<&'a PostedTransfer>> {
    let posted: Vec<&PostedTransfer> = applied.outcomes.iter().filter_map(newly_posted).collect();
    (posted.len() == applied.outcomes.len() && applied.changed == after).then_some(posted)
}

/// Returns `None` for a statement that the server has rejected: an account that another transaction has locked, a balance
/// below its limit, a transfer that was posted before. The locked path meets it again, or not, and says so; what is not one of
/// these is worth a warning.
fn unless_rejected<T>(result: Result<T, BankError>) -> Result<Option<T>, BankError> {
    let error = match result {
        Ok(value) => return Ok(Some(value)),
        Err(error) => error,
    };
    match error.transient() {
        Some(Transient::ConnectionLost) => return Err(error),
        Some(_) => tracing::debug!(%error, "a batch goes the locked path"),
        None if is_constraint(&error) => tracing::debug!(%error, "a batch goes the locked path"),
        None => tracing::warn!(?error, "a batch goes the locked path"),
    }
    Ok(None)
}

fn is_constraint(error: &BankError) -> bool {
    use bank_db::DbError::Statement;
    matches!(
        error,
        BankError::Database(Statement(DieselError::DatabaseError(
            DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::CheckViolation,
            _
        )))
    )
}

/// Locks, reads and changes in one statement. The order in which rows are locked is the plan's: nearly always that of the
/// array, but nothing guarantees it.
struct AddNetChanges {
    ids: Vec<i64>,
    amounts: Vec<i64>,
    transfers: Vec<i64>,
}

impl QueryFragment<Pg> for AddNetChanges {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "UPDATE accounts AS a SET balance = a.balance + net.amount, version = a.version + net.transfers FROM unnest(",
        );
        push_arrays(&mut out, [&self.ids, &self.amounts, &self.transfers])?;
        out.push_sql(") AS net (id, amount, transfers) WHERE a.id = net.id RETURNING ");
        out.push_sql(StateRow::COLUMNS);
        Ok(())
    }
}

statement!(AddNetChanges on PgConnection, returns StateColumns);

/// Adds to balances and versions, and returns the accounts as they are then; missing ones are left out.
fn add(connection: &mut PgConnection, NetChanges(changes): &NetChanges) -> Result<Vec<AccountState>, BankError> {
    let statement = AddNetChanges {
        ids: changes.iter().map(|change| change.account.get()).collect(),
        amounts: changes.iter().map(|change| change.amount).collect(),
        transfers: changes.iter().map(|change| change.transfers).collect(),
    };
    let rows: Vec<StateRow> = statement.load(connection)?;
    rows.into_iter().map(AccountState::try_from).collect()
}

impl NetChanges {
    /// Returns what the transfers change in their accounts, or `None` if they cannot all be posted, or depend on a version.
    pub(super) fn new(requests: &[PostRequest]) -> Option<Self> {
        let mut legs = Vec::with_capacity(requests.len().saturating_mul(2));
        for PostRequest { transfer: Transfer { from, to, amount, .. }, expected_version } in requests {
            if from == to || expected_version.is_some() {
                return None;
            }
            legs.push((*from, amount.get().checked_neg()?));
            legs.push((*to, amount.get()));
        }
        legs.sort_unstable_by_key(|(account, _)| *account);
        let mut changes: Vec<NetChange> = Vec::with_capacity(legs.len());
        for (account, amount) in legs {
            match changes.last_mut() {
                Some(last) if last.account == account => {
                    last.amount = last.amount.checked_add(amount)?;
                    last.transfers = last.transfers.checked_add(1)?;
                }
                _ => changes.push(NetChange { account, amount, transfers: 1 }),
            }
        }
        Some(Self(changes))
    }

    /// Returns the accounts as they were before; `None` if one is missing.
    fn before(&self, after: &[AccountState]) -> Option<Vec<AccountState>> {
        if self.0.len() != after.len() {
            return None;
        }
        let before = self.0.iter().zip(after).map(|(change, after)| {
            let balance = Balance::new(after.balance.get().checked_sub(change.amount)?);
            let version = AccountVersion::new(after.version.get().checked_sub(change.transfers)?);
            Some(AccountState { balance, version, ..*after })
        });
        before.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bank_domain::{AccountStatus, Amount, CurrencyCode, Held, OverdraftLimit};
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
            currency: CurrencyCode::NONE,
            status: AccountStatus::Open,
            held: Held::default(),
            balance: Balance::new(balance),
            overdraft_limit: OverdraftLimit::new(0).unwrap(),
            version: AccountVersion::new(version),
        }
    }

    #[test]
    fn the_net_change_of_a_batch_is_summed_by_account() {
        let changes = NetChanges::new(&[transfer(3, 1, 5), transfer(1, 2, 4), transfer(3, 1, 1)]).unwrap();
        let change = |account, amount, transfers| NetChange { account: AccountId::new(account), amount, transfers };
        assert_eq!(changes.0, [change(1, 2, 3), change(2, 4, 1), change(3, -6, 2)]);
    }

    #[test]
    fn a_batch_that_is_rejected_or_expects_a_version_has_no_net_change() {
        let expecting = PostRequest { expected_version: Some(AccountVersion::new(1)), ..transfer(1, 2, 1) };
        assert_eq!(NetChanges::new(&[transfer(1, 2, 1), transfer(2, 2, 1)]), None);
        assert_eq!(NetChanges::new(&[transfer(1, 2, 1), expecting]), None);
        assert_eq!(NetChanges::new(&[transfer(1, 2, i64::MAX), transfer(1, 2, 1)]), None);
    }

    #[test]
    fn a_batch_is_accepted_only_if_the_domain_posts_all_of_it_and_leaves_what_the_server_has() {
        let before = vec![account(1, 5, 0), account(2, 0, 0)];
        let after = [account(1, 0, 1), account(2, 5, 1)];
        let applied = apply_batch(before.clone(), Vec::new(), &[transfer(1, 2, 5)]);
        assert_eq!(agreed(&applied, &after).map(|posted| posted.len()), Some(1));
        let otherwise = [account(1, 0, 1), account(2, 6, 1)];
        assert_eq!(agreed(&applied, &otherwise), None, "the server has left something else");
        let in_part = apply_batch(before, Vec::new(), &[transfer(1, 2, 5), transfer(1, 2, 1)]);
        assert_eq!(agreed(&in_part, &after), None, "the domain has rejected a transfer");
    }

    #[test]
    fn a_missing_account_or_an_impossible_state_has_no_state_before() {
        let changes = NetChanges::new(&[transfer(1, 2, 5)]).unwrap();
        let before = changes.before(&[account(1, 0, 1), account(2, 5, 7)]);
        assert_eq!(before, Some(vec![account(1, 5, 0), account(2, 0, 6)]));
        assert_eq!(changes.before(&[account(1, 0, 1)]), None);
        assert_eq!(changes.before(&[account(1, i64::MAX, 1), account(2, 5, 7)]), None);
    }

    proptest! {
        #[test]
        fn the_net_change_is_what_the_domain_changes_if_it_rejects_nothing(
            legs in prop::collection::vec((1..6_i64, 1..5_i64, 1..1000_i64), 1..40),
        ) {
            let requests: Vec<PostRequest> =
                legs.iter().map(|(from, step, amount)| transfer(*from, (from + step - 1) % 5 + 1, *amount)).collect();
            let rich: Vec<AccountState> = (1..6).map(|id| account(id, 1_000_000, 10)).collect();
            prop_assume!(requests.iter().all(|PostRequest { transfer, .. }| transfer.from != transfer.to));
            let changes = NetChanges::new(&requests).unwrap();
            let changed = apply_batch(rich.clone(), Vec::new(), &requests).changed;
            let rich: BTreeMap<AccountId, AccountState> = rich.into_iter().map(|account| (account.id, account)).collect();
            let expected: Vec<AccountState> = changes.0.iter().map(|change| rich[&change.account]).collect();
            prop_assert_eq!(changes.before(&changed), Some(expected));
        }
    }
}
