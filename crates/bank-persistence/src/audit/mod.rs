//! The audit: recomputing every balance from the journal and looking for anything that could not have happened.
//!
//! All in one snapshot and by set-based queries.

mod groups;
mod invariant;
mod queries;

pub(crate) use invariant::OFFENDERS_MAX;
pub use invariant::{Finding, Invariant};

use bank_db::DbConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::error::BankError;
use crate::journal_key::JournalKey;
use crate::schema::transfers;
use crate::totals::{self, CurrencyTotals, Totals};

/// What an audit saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// How many accounts there are.
    pub accounts: u64,
    /// How many transfers the journal has.
    pub transfers: u64,
    /// The totals of each currency that accounts have, in the order of the codes.
    pub currencies: Vec<CurrencyTotals>,
    /// The invariants that do not hold.
    pub findings: Vec<Finding>,
}

impl AuditReport {
    /// Returns whether every invariant holds.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Checks every invariant, given the keys that the journal lacks, if they are known. Call it within [`transaction::read`](bank_db::transaction::read), whose snapshot makes the
/// answers belong together.
pub(crate) fn audit(
    connection: &mut DbConnection,
    missing_keys: Option<&[JournalKey]>,
) -> Result<AuditReport, BankError> {
    let totals = totals::totals(connection)?;
    let transfers: i64 = transfers::table.count().get_result(connection)?;
    let mut findings = Vec::new();
    for invariant in Invariant::ALL {
        findings.extend(check(connection, invariant, &totals, missing_keys)?);
    }
    Ok(AuditReport {
        accounts: totals.accounts,
        transfers: transfers.unsigned_abs(),
        currencies: totals.currencies,
        findings,
    })
}

fn check(
    connection: &mut DbConnection,
    invariant: Invariant,
    totals: &Totals,
    missing_keys: Option<&[JournalKey]>,
) -> Result<Option<Finding>, BankError> {
    let offenders = match invariant {
        Invariant::UniqueIds => return unique_ids(connection, missing_keys),
        Invariant::ConservedTotal => return Ok(conserved_total(totals)),
        Invariant::WholeGroups => return groups::whole_groups(connection),
        Invariant::BalanceMatchesJournal => queries::balance_matches_journal(),
        Invariant::UnbrokenVersions => queries::UNBROKEN_VERSIONS.to_owned(),
        Invariant::ChainedBalances => queries::chained_balances(),
        Invariant::WithinLimit => queries::WITHIN_LIMIT.to_owned(),
        Invariant::NoOrphans => queries::no_orphans(connection),
        Invariant::OneCurrency => queries::one_currency(connection),
    };
    find(connection, invariant, &offenders)
}

fn find(connection: &mut DbConnection, invariant: Invariant, offenders: &str) -> Result<Option<Finding>, BankError> {
    let sql = format!("{offenders} LIMIT {OFFENDERS_MAX}");
    let rows: Vec<OffenderRow> = diesel::sql_query(sql).load(connection)?;
    Ok(rows.first().map(|row| row.total.unsigned_abs()).map(|count| Finding {
        invariant,
        count,
        offenders: rows.into_iter().map(|row| row.offender).collect(),
    }))
}

#[derive(QueryableByName)]
struct OffenderRow {
    #[diesel(sql_type = Text)]
    offender: String,
    #[diesel(sql_type = BigInt)]
    total: i64,
}

fn conserved_total(totals: &Totals) -> Option<Finding> {
    let differs = |of: &&CurrencyTotals| of.opening_balance != of.balance;
    let offenders: Vec<String> = totals.currencies.iter().filter(differs).map(wrong_total).collect();
    let count = u64::try_from(offenders.len()).unwrap_or(u64::MAX);
    let offenders: Vec<String> = offenders.into_iter().take(OFFENDERS_MAX).collect();
    (count > 0).then_some(Finding { invariant: Invariant::ConservedTotal, count, offenders })
}

fn wrong_total(of: &CurrencyTotals) -> String {
    let (balance, opening) = (of.currency.text(of.balance), of.currency.text(of.opening_balance));
    format!("the balances total {balance}, the opening balances {opening}")
}

/// Ids are looked for only where the key on them is not known to be there: that takes a pass over the whole journal.
fn unique_ids(
    connection: &mut DbConnection,
    missing_keys: Option<&[JournalKey]>,
) -> Result<Option<Finding>, BankError> {
    let missing = missing_keys.unwrap_or_default();
    let twice = if missing_keys.is_none() || missing.contains(&JournalKey::Id) {
        find(connection, Invariant::UniqueIds, &queries::ids_that_stand_twice(connection))?
    } else {
        None
    };
    let absent = missing.iter().map(|key| format!("the journal has no unique key on exactly {key}"));
    let twice_count = twice.as_ref().map_or(0, |finding| finding.count);
    let offenders: Vec<String> = absent.chain(twice.into_iter().flat_map(|finding| finding.offenders)).collect();
    let count = twice_count.saturating_add(u64::try_from(missing.len()).unwrap_or(u64::MAX));
    Ok((count > 0).then_some(Finding { invariant: Invariant::UniqueIds, count, offenders }))
}
