//! Facts about bank's tables for finding the cause of trouble: keys, and what somebody has changed on the tables. Judges
//! nothing.

use bank_db::DbConnection;
use bank_db::diagnosis::{Fact, Unknown};
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::bank::Bank;
use crate::error::BankError;
use crate::journal_key::JournalKey;
use crate::keys;
use crate::names_alike;

/// What is known about bank's tables. Each fact is asked for by itself; what a kind of database cannot have is empty.
#[derive(Clone, Debug)]
pub struct TableFacts {
    /// The keys that the journal lacks.
    pub missing_keys: Fact<Vec<JournalKey>>,
    /// Tables that a crash of the server empties.
    pub unlogged: Fact<Vec<String>>,
    /// Tables that are partitioned.
    pub partitioned: Fact<Vec<String>>,
    /// Tables of which row-level security may hide rows from this user.
    pub row_security: Fact<Vec<String>>,
    /// Triggers, none of which is bank's.
    pub triggers: Fact<Vec<String>>,
    /// The encoding of the database.
    pub encoding: Fact<String>,
    /// An account's id that the sequence for new accounts has not reached, if there is one.
    pub identity_behind: Fact<Option<String>>,
    /// Accounts whose names are the same text in different forms of Unicode, each group in words, at most ten.
    pub names_alike: Fact<Vec<String>>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    value: String,
}

/// Tables of bank on PostgreSQL with a property.
macro_rules! tables {
    ($condition:literal) => {
        concat!(
            "SELECT c.relname::text AS value FROM pg_class AS c WHERE c.oid IN ('accounts'::regclass, ",
            "'account_names'::regclass, 'account_changes'::regclass, 'batches'::regclass, 'currencies'::regclass, ",
            "'holds'::regclass, 'ledger'::regclass, 'transfers'::regclass) AND ",
            $condition,
            " ORDER BY 1"
        )
    };
}

const TRIGGERS: &str = "
SELECT t.tgname::text || ' on ' || c.relname::text AS value
  FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
 WHERE NOT t.tgisinternal
   AND t.tgrelid IN ('accounts'::regclass, 'account_names'::regclass, 'account_changes'::regclass, 'batches'::regclass,
                     'currencies'::regclass, 'holds'::regclass, 'ledger'::regclass, 'transfers'::regclass)
 ORDER BY 1";

const SQLITE_TRIGGERS: &str = "
SELECT name || ' on ' || tbl_name AS value FROM sqlite_schema
 WHERE type = 'trigger' AND tbl_name IN ('accounts', 'account_names', 'account_changes', 'batches',
       'currencies', 'holds', 'ledger', 'transfers') ORDER BY 1";

const IDENTITY_BEHIND: &str = "
SELECT max(id)::text AS value FROM accounts
HAVING max(id) > coalesce(pg_sequence_last_value(pg_get_serial_sequence('accounts', 'id')::regclass), 0)";

impl Bank {
    /// Asks the database what it knows about bank's tables, which must be there; changes nothing.
    #[must_use]
    pub fn inspect_tables(&self) -> TableFacts {
        let is_server = !self.database().capabilities().one_writer;
        let on_server = |sql: &'static str| if is_server { self.texts(sql) } else { Ok(Vec::new()) };
        TableFacts {
            missing_keys: self.missing_keys().map_err(unknown),
            unlogged: on_server(tables!("c.relpersistence <> 'p'")),
            partitioned: on_server(tables!("c.relkind = 'p'")),
            row_security: on_server(tables!("row_security_active(c.oid)")),
            triggers: self.texts(if is_server { TRIGGERS } else { SQLITE_TRIGGERS }),
            encoding: if is_server {
                first(self.texts("SELECT current_setting('server_encoding')::text AS value"))
            } else {
                first(self.texts("SELECT encoding AS value FROM pragma_encoding"))
            },
            names_alike: self.query("comparing names", names_alike::find).map_err(unknown),
            identity_behind: on_server(IDENTITY_BEHIND).map(|found| found.into_iter().next()),
        }
    }

    /// Returns the keys that the journal lacks.
    pub(crate) fn missing_keys(&self) -> Result<Vec<JournalKey>, BankError> {
        self.query("looking at the journal's keys", keys::missing)
    }

    fn texts(&self, sql: &'static str) -> Fact<Vec<String>> {
        let read = move |connection: &mut DbConnection| -> Result<Vec<String>, BankError> {
            let rows: Vec<Row> = diesel::sql_query(sql).load(connection)?;
            Ok(rows.into_iter().map(|row| row.value).collect())
        };
        self.query("looking at the tables", read).map_err(unknown)
    }
}

fn first(texts: Fact<Vec<String>>) -> Fact<String> {
    texts?.into_iter().next().ok_or_else(|| Unknown::because("the database does not say"))
}

fn unknown(error: BankError) -> Unknown {
    match error {
        BankError::Database(error) => error.into(),
        other => Unknown::because(other.to_string()),
    }
}
