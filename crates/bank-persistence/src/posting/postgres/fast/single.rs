//! A single transfer in one round trip: a statement that locks, and writes if nothing stands in the way.
//!
//! The statement's conditions are not a second set of rules: they only say when writing is worth it. The domain decides
//! afterwards from the same locked rows, and has to agree.

use bank_db::sql_types::{StoredTime, StoredUuid, Timestamptz, Uuid};
use bank_db::{DbConnection, DbError};
use bank_domain::{
    AccountState, AccountVersion, Balance, Entry, Memo, Outcome, PostRequest, PostedTransfer, Transfer, apply_batch,
};
use chrono::{DateTime, Utc};
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sql_types::{BigInt, Nullable, SmallInt, Text};

use super::clock::ServerClock;
use crate::error::BankError;
use crate::posting::checks::{newly_posted, rejected_by_journal};
use crate::posting::locked::{self, decide_and_write};
use crate::rows::{StateColumns, StateRow, TransferRow, stored_kind};
use crate::schema::transfers;

/// Returns whether the statement decides about everything that the request asks for.
pub(super) fn can_post(request: &PostRequest) -> bool {
    let PostRequest { transfer, expected_version } = request;
    expected_version.is_none() && transfer.group().is_none() && transfer.id.for_new_transfer().is_ok()
}

/// Posts a transfer with one statement, which is a transaction by itself, if nothing stands in its way and it gets to the
/// server before the deadline. Otherwise does nothing.
pub(super) fn post(
    connection: &mut DbConnection,
    clock: &ServerClock,
    deadline: DateTime<Utc>,
    request: &PostRequest,
) -> Result<Option<Outcome>, BankError> {
    let DbConnection::Postgres(postgres) = connection else {
        return Ok(None);
    };
    let Some(Answer { accounts, written, now }) = lock_and_write(postgres, &request.transfer, Some(deadline))? else {
        return Ok(None);
    };
    if let Some(now) = now {
        clock.set(now);
    }
    written.map(|written| agreed(accounts, &written, request)).transpose()
}

/// Posts a transfer with one statement in the caller's transaction. If something stands in its way, posts it on the locked
/// path: its accounts are locked already. Returns `None` if the transaction must be rolled back first.
pub(super) fn post_in_transaction(
    connection: &mut DbConnection,
    requests: &[PostRequest],
) -> Result<Option<Vec<Outcome>>, BankError> {
    let (DbConnection::Postgres(postgres), [request]) = (&mut *connection, requests) else {
        return locked::post(connection, requests).map(Some);
    };
    Ok(match lock_and_write(postgres, &request.transfer, None)? {
        None => None,
        Some(Answer { accounts, written: Some(written), .. }) => Some(vec![agreed(accounts, &written, request)?]),
        Some(Answer { accounts, written: None, .. }) => Some(decide_and_write(connection, accounts, requests)?),
    })
}

/// Returns the domain's outcome, which must be what the server has written.
fn agreed(accounts: Vec<AccountState>, written: &PostedTransfer, request: &PostRequest) -> Result<Outcome, BankError> {
    let outcome = apply_batch(accounts, Vec::new(), std::slice::from_ref(request)).outcomes.pop();
    match outcome {
        Some(outcome) if newly_posted(&outcome) == Some(written) => Ok(outcome),
        _ => {
            let detail = format!("transfer {} was not written as the rules decide", written.transfer.id);
            Err(BankError::InvariantViolation { detail })
        }
    }
}

/// Returns whether a transfer with the request's id is in the journal.
pub(super) fn is_posted(connection: &mut DbConnection, request: &PostRequest) -> Result<bool, BankError> {
    let same_id = transfers::table.find(StoredUuid(request.transfer.id.as_uuid()));
    Ok(diesel::select(diesel::dsl::exists(same_id)).get_result(connection).map_err(DbError::from)?)
}

/// The parts that write read `plain`, which reads `locked`: so the rows are locked first, in ascending order of id as
/// everywhere. The values written are absolute ones, made of locked rows, which makes the statement safe at READ COMMITTED
/// although its snapshot is older than its locks.
struct LockAndWrite<'a> {
    id: StoredUuid,
    from: i64,
    to: i64,
    amount: i64,
    memo: Option<&'a str>,
    kind: i16,
    related: Option<StoredUuid>,
    /// The server writes nothing from then on.
    deadline: StoredTime,
}

impl QueryFragment<Pg> for LockAndWrite<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH new (id, from_id, to_id, amount, memo, kind, related_id) AS (SELECT ");
        out.push_bind_param::<Uuid, _>(&self.id)?;
        for number in [&self.from, &self.to, &self.amount] {
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(number)?;
        }
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&self.memo)?;
        out.push_sql(", ");
        out.push_bind_param::<SmallInt, _>(&self.kind)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Uuid>, _>(&self.related)?;
        out.push_sql("), locked AS (SELECT ");
        out.push_sql(StateRow::COLUMNS);
        out.push_sql(" FROM accounts AS a WHERE a.id IN (");
        self.push_accounts(&mut out)?;
        out.push_sql(
            ") ORDER BY a.id FOR UPDATE), plain AS ( \
             SELECT new.*, f.version + 1 AS from_version, f.balance - new.amount AS from_balance, \
             t.version + 1 AS to_version, t.balance + new.amount AS to_balance \
             FROM new JOIN locked AS f ON f.id = new.from_id JOIN locked AS t ON t.id = new.to_id \
             WHERE f.id <> t.id AND f.status = 1 AND t.status = 1 AND f.currency = t.currency \
             AND f.balance - f.held >= new.amount - f.overdraft_limit \
             AND t.balance <= 9223372036854775807 - new.amount \
             AND f.version < 9223372036854775807 AND t.version < 9223372036854775807 \
             AND NOT EXISTS (SELECT 1 FROM transfers AS earlier WHERE earlier.id = new.id) \
             AND clock_timestamp() < ",
        );
        out.push_bind_param::<Timestamptz, _>(&self.deadline)?;
        out.push_sql(
            "), moved AS (UPDATE accounts AS a SET \
             balance = CASE WHEN a.id = plain.from_id THEN plain.from_balance ELSE plain.to_balance END, \
             version = CASE WHEN a.id = plain.from_id THEN plain.from_version ELSE plain.to_version END \
             FROM plain WHERE a.id IN (",
        );
        self.push_accounts(&mut out)?;
        out.push_sql(") RETURNING a.id, a.balance, a.version), recorded AS (INSERT INTO transfers (");
        TransferRow::push_names(&mut out);
        out.push_sql(
            ") SELECT id, from_id, to_id, amount, from_version, to_version, from_balance, to_balance, memo, \
             kind, related_id, NULL::uuid, \
             clock_timestamp() FROM plain RETURNING id) \
             SELECT l.*, m.version, m.balance, \
             (SELECT count(*) FROM recorded), clock_timestamp() FROM locked AS l LEFT JOIN moved AS m ON m.id = l.id",
        );
        Ok(())
    }
}

impl LockAndWrite<'_> {
    fn push_accounts<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param::<BigInt, _>(&self.from)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.to)
    }
}

impl QueryId for LockAndWrite<'_> {
    type QueryId = LockAndWrite<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for LockAndWrite<'_> {
    type SqlType = (StateColumns, Nullable<BigInt>, Nullable<BigInt>, BigInt, Timestamptz);
}

impl RunQueryDsl<PgConnection> for LockAndWrite<'_> {}

/// An account as it was when it was locked, its version and balance as they were written if they were, the number of
/// transfers recorded, and the server's time.
type Row = (StateRow, Option<i64>, Option<i64>, i64, StoredTime);

/// What the statement has found and done.
struct Answer {
    /// The accounts as they were when they were locked; missing ones are left out.
    accounts: Vec<AccountState>,
    /// What was written, if anything.
    written: Option<PostedTransfer>,
    /// The server's time, if any account was found.
    now: Option<DateTime<Utc>>,
}

/// Locks the accounts of one transfer and, if it is plain and the deadline has not passed, writes their balances and the
/// journal. Returns `None` if a constraint has refused the statement.
///
/// Such a refusal says nothing about the transfer. The server checks constraints on the row of the statement's snapshot with
/// the new balance in it, and only then notices that the row has changed: if its overdraft limit was raised meanwhile, the
/// constraint sees the old limit.
fn lock_and_write(
    connection: &mut PgConnection,
    transfer: &Transfer,
    deadline: Option<DateTime<Utc>>,
) -> Result<Option<Answer>, BankError> {
    let statement = LockAndWrite {
        id: StoredUuid(transfer.id.as_uuid()),
        from: transfer.from.get(),
        to: transfer.to.get(),
        amount: transfer.amount.get(),
        memo: transfer.memo.as_ref().map(Memo::as_str),
        kind: stored_kind(transfer.kind()),
        related: transfer.kind().related().map(|id| StoredUuid(id.as_uuid())),
        deadline: deadline.map_or(StoredTime::LAST, StoredTime),
    };
    let rows: Vec<Row> = match statement.load(connection) {
        Err(DieselError::DatabaseError(DatabaseErrorKind::CheckViolation, _)) => return Ok(None),
        rows => rows.map_err(rejected_by_journal)?,
    };
    let mut accounts = Vec::with_capacity(rows.len());
    let (mut debit, mut credit, mut recorded, mut now) = (None, None, 0, None);
    for (account, version, balance, transfers, StoredTime(time)) in rows {
        let account = AccountState::try_from(account)?;
        let entry = version.zip(balance).map(|(version, balance)| Entry {
            version: AccountVersion::new(version),
            balance_after: Balance::new(balance),
        });
        if account.id == transfer.from {
            debit = entry;
        } else {
            credit = entry;
        }
        (recorded, now) = (transfers, Some(time));
        accounts.push(account);
    }
    let written = match (debit, credit, recorded) {
        (Some(debit), Some(credit), 1) => Some(PostedTransfer { transfer: transfer.clone(), debit, credit }),
        (None, None, 0) => None,
        _ => {
            let detail = format!("transfer {} was written in part", transfer.id);
            return Err(BankError::InvariantViolation { detail });
        }
    };
    Ok(Some(Answer { accounts, written, now }))
}
