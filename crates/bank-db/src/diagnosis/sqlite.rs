//! Facts about an SQLite file.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::fact::{Fact, number, text};
use crate::connection::DbConnection;
use crate::deadline::CommitGate;
use crate::error::{DbError, WithCauses};
use crate::retry::Obstacle;
use crate::settings::Settings;
use crate::sqlite_file::Place;
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
    /// Where the file is.
    pub place: Place,
    /// The type of its file system, if other machines may use that, too.
    pub network_file_system: Option<String>,
    /// Whether the file is damaged.
    pub integrity: Fact<Integrity>,
}

/// What `PRAGMA quick_check` says of a file. It reads every page, but does not compare the indexes with their tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// It found nothing.
    Sound,
    /// It found this first.
    Damaged(Vec<String>),
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
        place: Place::Ordinary,
        network_file_system: None,
        integrity: integrity(connection),
    }
}

fn integrity(connection: &mut DbConnection) -> Fact<Integrity> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        quick_check: String,
    }
    // After five problems the rest would be the same again.
    let found = diesel::sql_query("PRAGMA quick_check(5)").load::<Row>(connection).map_err(DbError::from);
    match found.map(|rows| rows.into_iter().map(|row| row.quick_check).collect::<Vec<_>>()) {
        Ok(found) if found == ["ok"] => Ok(Integrity::Sound),
        Ok(found) => Ok(Integrity::Damaged(found)),
        // The damage is where the check itself has to read first.
        Err(error) if matches!(error.obstacle(), Obstacle::Malformed | Obstacle::NotADatabase) => {
            Ok(Integrity::Damaged(vec![WithCauses(&error).to_string()]))
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes the lock of the only writer, writes something, and rolls it back: a file that may only be read can be locked.
fn writable(connection: &mut DbConnection, settings: &Settings) -> Fact<()> {
    let something = |connection: &mut DbConnection| {
        connection.batch_execute("PRAGMA user_version = 1")?;
        Ok::<_, DbError>(Decision::<(), ()>::RollBack(()))
    };
    transaction::write(&CommitGate::default(), connection, settings, something)?;
    Ok(())
}
