//! The queries that look for offenders. Each names them in the column `offender` and counts all in `total`.
//!
//! Sums and differences are taken over the upper and the lower 32 bits apart, so that no intermediate result can overflow, on
//! any database, whatever the rows contain.

use bank_db::DbConnection;

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

pub(super) fn balance_matches_journal() -> String {
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
pub(super) const UNBROKEN_VERSIONS: &str = "
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

pub(super) fn chained_balances() -> String {
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

pub(super) const WITHIN_LIMIT: &str = "
SELECT 'account ' || name || ' holds ' || CAST(balance AS TEXT) || ' with an overdraft limit of '
       || CAST(overdraft_limit AS TEXT) AS offender,
       count(*) OVER () AS total
  FROM accounts WHERE balance - held < -overdraft_limit ORDER BY id";

pub(super) fn ids_that_stand_twice(connection: &DbConnection) -> String {
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

pub(super) fn no_orphans(connection: &DbConnection) -> String {
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

pub(super) fn one_currency(connection: &DbConnection) -> String {
    let id = id_text(connection);
    format!(
        "WITH offenders AS (
            SELECT 'account ' || a.name || ' has the currency ' || a.currency || ', which the ledger does not have'
                   AS offender
              FROM accounts AS a
             WHERE NOT EXISTS (SELECT 1 FROM currencies AS c WHERE c.code = a.currency)
            UNION ALL
            SELECT 'transfer ' || {id} || ' goes from ' || f.name || ', which has ' || f.currency || ', to ' || r.name
                   || ', which has ' || r.currency
              FROM transfers AS t JOIN accounts AS f ON f.id = t.from_account_id
                                  JOIN accounts AS r ON r.id = t.to_account_id
             WHERE f.currency <> r.currency)
        SELECT offender, count(*) OVER () AS total FROM offenders ORDER BY offender"
    )
}
