//! Facts about an SQLite file.

use super::fact::{Fact, number, text};
use crate::connection::DbConnection;
use crate::deadline::CommitGate;
use crate::error::DbError;
use crate::settings::Settings;
use crate::transaction::{self, Decision};

/// What is known of an SQLite file.
#[derive(Clone, Debug)]
pub struct SqliteFacts {
    /// The version of SQLite.
    pub version: Fact<String>,
    /// `journal_mode`, such as `wal`.
    pub journal_mode: Fact<String>,
    /// `synchronous`: 0 off, 1 normal, 2 full, 3 extra.
    pub synchronous: Fact<i64>,
    /// Whether a transaction that writes can begin.
    pub writable: Fact<()>,
    /// The size of the file without its log, in bytes.
    pub size: Fact<u64>,
}

/// Asks everything.
pub(super) fn ask(connection: &mut DbConnection, settings: &Settings) -> SqliteFacts {
    SqliteFacts {
        version: text(connection, "SELECT sqlite_version() AS value"),
        journal_mode: text(connection, "SELECT journal_mode AS value FROM pragma_journal_mode"),
        synchronous: number(connection, "SELECT synchronous AS value FROM pragma_synchronous")
            .map(Option::unwrap_or_default),
        writable: writable(connection, settings),
        size: number(connection, "SELECT page_count * page_size AS value FROM pragma_page_count, pragma_page_size")
            .map(|size| size.unwrap_or_default().unsigned_abs()),
    }
}

/// Takes the lock of the only writer, and gives it back.
fn writable(connection: &mut DbConnection, settings: &Settings) -> Fact<()> {
    let nothing = |_: &mut DbConnection| Ok::<_, DbError>(Decision::<(), ()>::RollBack(()));
    transaction::write(&CommitGate::default(), connection, settings, nothing)?;
    Ok(())
}
