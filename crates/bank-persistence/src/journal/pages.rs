//! The journal page by page, with the names of the accounts.

use std::collections::HashMap;

use bank_db::DbConnection;
use bank_db::sql_types::StoredUuid;
use bank_domain::{AccountId, AccountVersion, GroupId, PostedTransfer, TransferId, order_of_effect};
use diesel::prelude::*;
use uuid::Uuid;

use super::{CurrencyMap, RecordedTransfer, account_name, orphan};
use crate::as_of::Period;
use crate::error::BankError;
use crate::rows::TransferRow;
use crate::schema::{accounts as account_table, transfers};

/// The largest number of transfers in a page of the journal.
pub(crate) const JOURNAL_LIMIT_MAX: u16 = 1_000;

type RecordedRow = (TransferRow, Option<String>, Option<String>, Option<String>);

fn recorded(
    (row, code, from_name, to_name): RecordedRow,
    currencies: &CurrencyMap,
) -> Result<RecordedTransfer, BankError> {
    let posted_at = row.posted_at.0;
    let posted = PostedTransfer::try_from(row)?;
    let code = code.ok_or_else(|| orphan(posted.transfer.from))?;
    let currency = currencies.get(posted.transfer.from, &code)?;
    let from_name = account_name(posted.transfer.from, from_name)?;
    let to_name = account_name(posted.transfer.to, to_name)?;
    Ok(RecordedTransfer { posted, currency, from_name, to_name, posted_at })
}

/// The journal with the names of both accounts. A transfer whose account is missing is not left out: it is an error.
macro_rules! journal_with_names {
    () => {{
        let (payers, payees) = diesel::alias!(account_table as payers, account_table as payees);
        transfers::table
            .left_join(payers.on(payers.field(account_table::id).eq(transfers::from_account_id)))
            .left_join(payees.on(payees.field(account_table::id).eq(transfers::to_account_id)))
            .select((
                TransferRow::as_select(),
                payers.field(account_table::currency).nullable(),
                payers.field(account_table::name).nullable(),
                payees.field(account_table::name).nullable(),
            ))
    }};
}

/// Returns the members of a group, in no order.
fn of_group(connection: &mut DbConnection, id: GroupId) -> Result<Vec<RecordedTransfer>, BankError> {
    let rows = journal_with_names!()
        .filter(transfers::group_id.eq(StoredUuid(id.as_uuid())))
        .load::<RecordedRow>(connection)?;
    let currencies = CurrencyMap::read(connection)?;
    rows.into_iter().map(|row| recorded(row, &currencies)).collect()
}

/// Returns the members of a group in an order in which they have taken effect; none if the journal does not have the group.
pub(crate) fn find_group(connection: &mut DbConnection, id: GroupId) -> Result<Vec<RecordedTransfer>, BankError> {
    let rows = of_group(connection, id)?;
    let posted = rows.iter().map(|recorded| recorded.posted.clone()).collect();
    let mut recorded: HashMap<TransferId, RecordedTransfer> =
        rows.into_iter().map(|recorded| (recorded.posted.transfer.id, recorded)).collect();
    Ok(order_of_effect(posted).iter().filter_map(|posted| recorded.remove(&posted.transfer.id)).collect())
}

/// Returns up to `limit` transfers with ids above `after`, if given, that were posted within the period, ordered by id:
/// the order of the primary key, which every database has an index for.
pub(crate) fn page(
    connection: &mut DbConnection,
    period: Period,
    after: Option<TransferId>,
    limit: u16,
) -> Result<Vec<RecordedTransfer>, BankError> {
    // Ids are ordered as numbers are. The nil id is a valid one, and nothing comes after the last.
    let Some(first) = after.map_or(Some(0), |id| id.as_uuid().as_u128().checked_add(1)) else {
        return Ok(Vec::new());
    };
    let rows = within!(
        period,
        journal_with_names!()
            .filter(transfers::id.ge(StoredUuid(Uuid::from_u128(first))))
            .order(transfers::id)
            .limit(limit.min(JOURNAL_LIMIT_MAX).into())
    )
    .load::<RecordedRow>(connection)?;
    let currencies = CurrencyMap::read(connection)?;
    rows.into_iter().map(|row| recorded(row, &currencies)).collect()
}

/// Returns the transfers of an account, the oldest first, that left it with one of the [`JOURNAL_LIMIT_MAX`] versions
/// above `after` and were posted within the period.
///
/// An account's versions have no gaps, so a page of versions is a page of transfers, and a server reads no more than these.
pub(crate) fn page_of_account(
    connection: &mut DbConnection,
    account: AccountId,
    period: Period,
    after: AccountVersion,
) -> Result<Vec<RecordedTransfer>, BankError> {
    let (above, last) = (after.get(), last_of_page(after).get());
    let mut rows = within!(
        period,
        journal_with_names!()
            .filter(transfers::from_account_id.eq(account.get()))
            .filter(transfers::from_version.gt(above).and(transfers::from_version.le(last)))
    )
    .load::<RecordedRow>(connection)?;
    let credits = within!(
        period,
        journal_with_names!()
            .filter(transfers::to_account_id.eq(account.get()))
            .filter(transfers::to_version.gt(above).and(transfers::to_version.le(last)))
    )
    .load::<RecordedRow>(connection)?;
    rows.extend(credits);
    let currencies = CurrencyMap::read(connection)?;
    let mut page = rows.into_iter().map(|row| recorded(row, &currencies)).collect::<Result<Vec<_>, _>>()?;
    page.sort_unstable_by_key(|recorded| recorded.version_of(account));
    Ok(page)
}

/// Returns the last version of the page after a version.
pub(crate) fn last_of_page(after: AccountVersion) -> AccountVersion {
    AccountVersion::new(after.get().saturating_add(JOURNAL_LIMIT_MAX.into()))
}
