//! Whether each group has the members that its id names.

use bank_db::DbConnection;
use bank_db::sql_types::StoredUuid;
use bank_domain::{GroupId, TransferId};
use diesel::prelude::*;
use uuid::Uuid;

use super::invariant::{Finding, Invariant, OFFENDERS_MAX};
use crate::error::BankError;
use crate::schema::transfers;

/// More than a group has members, so that a page ends with at least one whole group.
const PAGE_SIZE: usize = 10_000;

/// Reads the ids of all members, page by page in the order of the groups, and computes the id of each group again.
pub(super) fn whole_groups(connection: &mut DbConnection) -> Result<Option<Finding>, BankError> {
    let (mut count, mut offenders) = (0_u64, Vec::new());
    let mut after = Uuid::nil();
    loop {
        let mut rows = page(connection, after)?;
        let is_last = rows.len() < PAGE_SIZE;
        if !is_last {
            // The last group may go on in the next page, unless it fills this one, which no whole group does.
            let last = rows.last().map(|(group, _)| *group);
            let begins = rows.iter().position(|(group, _)| Some(*group) == last).unwrap_or_default();
            if begins > 0 {
                rows.truncate(begins);
            }
        }
        for members in rows.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((group, _)) = members.first() else { continue };
            if GroupId::of(members.iter().map(|(_, id)| *id)) != GroupId::from_uuid(*group) {
                count = count.saturating_add(1);
                if offenders.len() < OFFENDERS_MAX {
                    offenders.push(format!(
                        "group {group} is there with {} transfers, which are not its members",
                        members.len()
                    ));
                }
            }
        }
        match rows.last() {
            Some((group, _)) if !is_last => after = *group,
            _ => break,
        }
    }
    Ok((count > 0).then_some(Finding { invariant: Invariant::WholeGroups, count, offenders }))
}

fn page(connection: &mut DbConnection, after: Uuid) -> QueryResult<Vec<(Uuid, TransferId)>> {
    let rows = transfers::table
        .filter(transfers::group_id.gt(StoredUuid(after)))
        .order((transfers::group_id, transfers::id))
        .limit(i64::try_from(PAGE_SIZE).unwrap_or(i64::MAX))
        .select((transfers::group_id.assume_not_null(), transfers::id))
        .load::<(StoredUuid, StoredUuid)>(connection)?;
    Ok(rows.into_iter().map(|(group, id)| (group.0, TransferId::from_uuid(id.0))).collect())
}
