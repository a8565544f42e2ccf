//! The unique keys of the journal, which posting relies on: without them the same transfer could be posted twice.
//!
//! A key can be lost in a restore or by partitioning the table. A batch on a server does not look for ids before it writes,
//! and no path looks for ids that another transaction is posting under other accounts: the key finds both.

use std::time::{Duration, Instant};

use bank_db::{DbConnection, Retryable, transaction};
use bank_domain::Outcome;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use parking_lot::Mutex;

use crate::error::BankError;
use crate::journal_key::JournalKey;

#[derive(QueryableByName)]
struct IndexRow {
    #[diesel(sql_type = Nullable<Text>)]
    columns: Option<String>,
}

/// A key counts if it is on the table that rows are written to, unique, valid, not partial, without expressions, and has
/// exactly these columns. Columns are listed in the order of the alphabet, with commas between.
const POSTGRES_KEYS: &str = "
SELECT (SELECT string_agg(a.attname::text, ', ' ORDER BY a.attname::text) FROM pg_attribute AS a
         WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])) AS columns
  FROM pg_index AS i
 WHERE i.indrelid = 'transfers'::regclass AND i.indisunique AND i.indisvalid AND i.indisready
   AND i.indpred IS NULL AND i.indexprs IS NULL";

const SQLITE_KEYS: &str = "
SELECT (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY name)) AS columns
  FROM pragma_index_list('transfers') AS l WHERE l.\"unique\" = 1 AND l.partial = 0";

/// Returns the keys that the journal lacks.
pub(crate) fn missing(connection: &mut DbConnection) -> Result<Vec<JournalKey>, BankError> {
    let rows: Vec<IndexRow> = match connection {
        DbConnection::Postgres(postgres) => diesel::sql_query(POSTGRES_KEYS).load(postgres)?,
        DbConnection::Sqlite(sqlite) => diesel::sql_query(SQLITE_KEYS).load(sqlite)?,
    };
    let is_there = |key: &JournalKey| rows.iter().any(|row| row.columns.as_deref() == Some(key.columns()));
    Ok(JournalKey::ALL.into_iter().filter(|key| !is_there(key)).collect())
}

/// From this number of transfers on, a look at the keys goes along with the transaction.
const BATCH_MIN: usize = 100;

/// How long a look is good for submissions of fewer transfers.
const GOOD_FOR: Duration = Duration::from_secs(60);

/// Looks at the keys: in each transaction of a large batch, after its first write, so that the table's lock keeps the key
/// from vanishing before COMMIT; for smaller ones once a minute, because a look costs as much as a transfer.
///
/// Where the database does not answer, nothing is looked at: another engine's catalogue must not stop its postings. SQLite
/// needs no look either: there every posting looks for its ids, and holds the only write lock while it does.
#[derive(Debug)]
pub(crate) struct KeyCheck(Mutex<Known>);

#[derive(Clone, Copy, Debug)]
enum Known {
    /// Not looked yet.
    Nothing,
    /// The keys were there.
    Good(Instant),
    /// The database does not say.
    NeverMind,
}

impl KeyCheck {
    /// Returns a check for a database that relies on the keys, or one that never looks.
    pub(crate) const fn new(relies_on_keys: bool) -> Self {
        Self(Mutex::new(if relies_on_keys { Known::Nothing } else { Known::NeverMind }))
    }

    /// Looks at the keys outside of a transaction, if that is due before this number of transfers is posted.
    pub(crate) fn before(&self, connection: &mut DbConnection, transfers: usize) -> Result<(), BankError> {
        let is_due = match *self.0.lock() {
            Known::Nothing => true,
            Known::Good(at) => transfers < BATCH_MIN && at.elapsed() >= GOOD_FOR,
            Known::NeverMind => false,
        };
        if !is_due {
            return Ok(());
        }
        match transaction::query(connection, missing) {
            Ok(missing) => self.note(&missing),
            Err(error) if error.transient().is_some() => Err(error),
            Err(error) => {
                tracing::info!(%error, "the database does not say which keys the journal has");
                *self.0.lock() = Known::NeverMind;
                Ok(())
            }
        }
    }

    /// Looks at the keys in the transaction that has written the transfers, if they are many.
    pub(crate) fn within(&self, connection: &mut DbConnection, outcomes: &[Outcome]) -> Result<(), BankError> {
        let has_posted = || outcomes.iter().any(|outcome| matches!(outcome, Outcome::Posted(_)));
        if outcomes.len() < BATCH_MIN || matches!(*self.0.lock(), Known::NeverMind) || !has_posted() {
            return Ok(());
        }
        self.note(&missing(connection)?)
    }

    fn note(&self, missing: &[JournalKey]) -> Result<(), BankError> {
        let known = if missing.is_empty() { Known::Good(Instant::now()) } else { Known::Nothing };
        *self.0.lock() = known;
        match missing {
            [] => Ok(()),
            [key, ..] => Err(BankError::JournalKeyMissing { key: *key }),
        }
    }
}
