//! The audit: recomputing every balance from the journal and looking for anything that could not have happened.
//!
//! All in one snapshot and by set-based queries. Sums and differences are taken over the upper and the lower 32 bits
//! apart, so that no intermediate result can overflow, on any database, whatever the rows contain.

use std::fmt;

use bank_db::DbConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::accounts::{self, Totals};
use crate::error::BankError;
use crate::journal_key::JournalKey;
use crate::schema::transfers;

/// The largest number of offenders that are named for an invariant.
pub(crate) const OFFENDERS_MAX: usize = 10;

/// What must hold in every database at every moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Invariant {
    /// The total of all balances is the total of all opening balances.
    ConservedTotal,
    /// Each balance is the opening balance plus credits minus debits.
    BalanceMatchesJournal,
    /// The transfers of each account are numbered from 1 to its version without a gap.
    UnbrokenVersions,
    /// Each transfer continues from the balance that the one before it left.
    ChainedBalances,
    /// No balance is below its limit.
    WithinLimit,
    /// Every transfer names accounts that exist.
    NoOrphans,
    /// The journal has its unique keys, and each id stands once.
    UniqueIds,
}

impl Invariant {
    /// All invariants, in the order in which they are checked.
    pub const ALL: [Self; 7] = [
        Self::ConservedTotal,
        Self::BalanceMatchesJournal,
        Self::UnbrokenVersions,
        Self::ChainedBalances,
        Self::WithinLimit,
        Self::NoOrphans,
        Self::UniqueIds,
    ];

    /// Returns the stable code of the invariant, for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ConservedTotal => "conserved_total",
            Self::BalanceMatchesJournal => "balance_matches_journal",
            Self::UnbrokenVersions => "unbroken_versions",
            Self::ChainedBalances => "chained_balances",
            Self::WithinLimit => "within_limit",
            Self::NoOrphans => "no_orphans",
            Self::UniqueIds => "unique_ids",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ConservedTotal => "the balances total what the accounts were opened with",
            Self::BalanceMatchesJournal => "each balance is its opening balance plus credits minus debits",
            Self::UnbrokenVersions => "the transfers of each account are numbered without a gap",
            Self::ChainedBalances => "each transfer continues from the balance before it",
            Self::WithinLimit => "no balance is below its limit",
            Self::NoOrphans => "every transfer names accounts that exist",
            Self::UniqueIds => "each id stands once, and the journal has its keys",
        })
    }
}

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The invariant.
    pub invariant: Invariant,
    /// How many accounts or transfers break it.
    pub count: u64,
    /// The first of them, at most 10, each in words.
    pub offenders: Vec<String>,
}

/// What an audit saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// How many accounts there are.
    pub accounts: u64,
    /// How many transfers the journal has.
    pub transfers: u64,
    /// The sum of all opening balances.
    pub opening_total: i128,
    /// The sum of all balances.
    pub balance_total: i128,
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
    let totals = accounts::totals(connection)?;
    let transfers: i64 = transfers::table.count().get_result(connection)?;
    let mut findings = Vec::new();
    for invariant in Invariant::ALL {
        findings.extend(check(connection, invariant, &totals, missing_keys)?);
    }
    Ok(AuditReport {
        accounts: totals.accounts,
        transfers: transfers.unsigned_abs(),
        opening_total: totals.opening_balance,
        balance_total: totals.balance,
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
        Invariant::BalanceMatchesJournal => balance_matches_journal(),
        Invariant::UnbrokenVersions => UNBROKEN_VERSIONS.to_owned(),
        Invariant::ChainedBalances => chained_balances(),
        Invariant::WithinLimit => WITHIN_LIMIT.to_owned(),
        Invariant::NoOrphans => no_orphans(connection),
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
    let Totals { opening_balance, balance, .. } = totals;
    (opening_balance != balance).then(|| Finding {
        invariant: Invariant::ConservedTotal,
        count: 1,
        offenders: vec![format!("the balances total {balance}, the opening balances {opening_balance}")],
    })
}

/// Every transfer twice: as the debit of one account and as the credit of another.
const ENTRIES: &str = "
SELECT from_account_id AS account_id, from_version AS version, -amount AS delta, from_balance_after AS balance_after
  FROM transfers
UNION ALL
SELECT to_account_id, to_version, amount, to_balance_after FROM transfers WHERE to_version IS NOT NULL";

const LOW_BITS: &str = "4294967295";

/// The condition that a number, given as its upper and lower 32 bits, each with any carry, is not zero.
fn is_not_zero(high: &str, low: &str) -> String {
    format!("(({low}) & {LOW_BITS}) <> 0 OR ({high}) + (({low}) >> 32) <> 0")
}

fn balance_matches_journal() -> String {
    let differs = is_not_zero("high", "low");
    format!(
        "WITH entries AS ({ENTRIES}),
        sums AS (
            SELECT account_id, CAST(sum(delta >> 32) AS BIGINT) AS high,
                   CAST(sum(delta & {LOW_BITS}) AS BIGINT) AS low
              FROM entries GROUP BY account_id),
        compared AS (
            SELECT a.id, a.name, a.balance, a.opening_balance,
                   (a.balance >> 32) - (a.opening_balance >> 32) - coalesce(s.high, 0) AS high,
                   (a.balance & {LOW_BITS}) - (a.opening_balance & {LOW_BITS}) - coalesce(s.low, 0) AS low
              FROM accounts AS a LEFT JOIN sums AS s ON s.account_id = a.id)
        SELECT 'account ' || name || ' holds ' || CAST(balance AS TEXT) || ', which is not its opening balance of '
               || CAST(opening_balance AS TEXT) || ' plus credits minus debits' AS offender,
               count(*) OVER () AS total
          FROM compared WHERE {differs} ORDER BY id"
    )
}

/// An account's n-th transfer must have version n, and the last one the account's own.
const UNBROKEN_VERSIONS: &str = "
WITH entries AS (
    SELECT from_account_id AS account_id, from_version AS version FROM transfers
    UNION ALL
    SELECT to_account_id, to_version FROM transfers WHERE to_version IS NOT NULL),
numbered AS (
    SELECT account_id, version, row_number() OVER (PARTITION BY account_id ORDER BY version) AS place FROM entries),
counted AS (
    SELECT account_id, count(*) AS transfers, sum(CASE WHEN version = place THEN 0 ELSE 1 END) AS misplaced
      FROM numbered GROUP BY account_id)
SELECT 'account ' || a.name || ' has version ' || CAST(a.version AS TEXT) || ' and '
       || CAST(coalesce(c.transfers, 0) AS TEXT) || ' transfers, of which '
       || CAST(coalesce(c.misplaced, 0) AS TEXT) || ' are out of sequence' AS offender,
       count(*) OVER () AS total
  FROM accounts AS a LEFT JOIN counted AS c ON c.account_id = a.id
 WHERE a.version <> coalesce(c.transfers, 0) OR coalesce(c.misplaced, 0) > 0
 ORDER BY a.id";

fn chained_balances() -> String {
    let differs = is_not_zero("high", "low");
    format!(
        "WITH entries AS ({ENTRIES}),
        chained AS (
            SELECT a.id, a.name, e.version, e.balance_after, e.delta, a.balance, a.version AS last_version,
                   coalesce(lag(e.balance_after) OVER (PARTITION BY e.account_id ORDER BY e.version),
                            a.opening_balance) AS balance_before
              FROM entries AS e JOIN accounts AS a ON a.id = e.account_id),
        compared AS (
            SELECT chained.*,
                   (balance_after >> 32) - (balance_before >> 32) - (delta >> 32) AS high,
                   (balance_after & {LOW_BITS}) - (balance_before & {LOW_BITS}) - (delta & {LOW_BITS}) AS low
              FROM chained)
        SELECT 'account ' || name || ' held ' || CAST(balance_before AS TEXT) || ' before version '
               || CAST(version AS TEXT) || ', which changed it by ' || CAST(delta AS TEXT) || ' and left '
               || CAST(balance_after AS TEXT)
               || CASE WHEN version = last_version THEN '; it holds ' || CAST(balance AS TEXT) ELSE '' END AS offender,
               count(*) OVER () AS total
          FROM compared
         WHERE {differs} OR (version = last_version AND balance_after <> balance)
         ORDER BY id, version"
    )
}

const WITHIN_LIMIT: &str = "
SELECT 'account ' || name || ' holds ' || CAST(balance AS TEXT) || ' with an overdraft limit of '
       || CAST(overdraft_limit AS TEXT) AS offender,
       count(*) OVER () AS total
  FROM accounts WHERE balance - held < -overdraft_limit ORDER BY id";

/// Ids are looked for only where the key on them is not known to be there: that takes a pass over the whole journal.
fn unique_ids(
    connection: &mut DbConnection,
    missing_keys: Option<&[JournalKey]>,
) -> Result<Option<Finding>, BankError> {
    let missing = missing_keys.unwrap_or_default();
    let twice = if missing_keys.is_none() || missing.contains(&JournalKey::Id) {
        find(connection, Invariant::UniqueIds, &ids_that_stand_twice(connection))?
    } else {
        None
    };
    let absent = missing.iter().map(|key| format!("the journal has no unique key on exactly {key}"));
    let twice_count = twice.as_ref().map_or(0, |finding| finding.count);
    let offenders: Vec<String> = absent.chain(twice.into_iter().flat_map(|finding| finding.offenders)).collect();
    let count = twice_count.saturating_add(u64::try_from(missing.len()).unwrap_or(u64::MAX));
    Ok((count > 0).then_some(Finding { invariant: Invariant::UniqueIds, count, offenders }))
}

fn ids_that_stand_twice(connection: &DbConnection) -> String {
    let id = id_text(connection);
    format!(
        "SELECT 'transfer ' || {id} || ' stands ' || CAST(t.times AS TEXT) || ' times in the journal' AS offender,
               count(*) OVER () AS total
          FROM (SELECT id, count(*) AS times FROM transfers GROUP BY id HAVING count(*) > 1) AS t ORDER BY t.id"
    )
}

/// Returns how SQL prints an id. SQLite has no UUIDs, and so no way of its own to print one.
const fn id_text(connection: &DbConnection) -> &'static str {
    match connection {
        DbConnection::Postgres(_) => "CAST(t.id AS TEXT)",
        DbConnection::Sqlite(_) => {
            "substr(lower(hex(t.id)), 1, 8) || '-' || substr(lower(hex(t.id)), 9, 4) || '-' || \
             substr(lower(hex(t.id)), 13, 4) || '-' || substr(lower(hex(t.id)), 17, 4) || '-' || \
             substr(lower(hex(t.id)), 21)"
        }
    }
}

fn no_orphans(connection: &DbConnection) -> String {
    let id = id_text(connection);
    format!(
        "SELECT 'transfer ' || {id} || ' names account ' || CAST(t.account_id AS TEXT) || ', which does not exist'
               AS offender,
               count(*) OVER () AS total
          FROM (SELECT id, from_account_id AS account_id FROM transfers
                UNION ALL SELECT id, to_account_id FROM transfers) AS t
         WHERE NOT EXISTS (SELECT 1 FROM accounts AS a WHERE a.id = t.account_id)
         ORDER BY t.id"
    )
}
