//! A scratch database for the demo, which is removed when the demo ends.

use std::fmt::Display;

use bank_persistence::{Backend, Bank, BankError, DatabaseUrl, Settings, new_transfer_id};

use crate::failure::{ExitCode, Failure};
use crate::output::Messages;

/// Runs `body` in a scratch database on the same engine, and removes the database even if `body` fails.
pub(crate) fn with_scratch_database(
    bank: &Bank,
    url: &DatabaseUrl,
    settings: Settings,
    messages: Messages,
    body: impl FnOnce(&Bank) -> Result<(), Failure>,
) -> Result<(), Failure> {
    match url.backend() {
        Backend::Sqlite => {
            // A directory, because SQLite creates further files next to the database.
            let directory = tempfile::tempdir().map_err(|error| no_scratch_database("a temporary file", error))?;
            messages.note("this database is not empty: the demo works in a temporary file instead");
            let url = DatabaseUrl::sqlite_file(&directory.path().join("demo.db"));
            let scratch = Bank::create_or_connect(&url, settings)?;
            let played = body(&scratch);
            // Some systems remove a directory only after its files are closed.
            drop(scratch);
            if let Err(error) = directory.close() {
                messages.note(&format!("cannot remove the temporary file: {error}"));
            }
            played
        }
        Backend::Postgres => {
            let schema = format!("bank_demo_{}", new_transfer_id().as_uuid().simple());
            bank.database().create_schema(&schema).map_err(|error| {
                no_scratch_database("a scratch schema", Failure::from(BankError::from(error)).message())
            })?;
            let note = format!("this database is not empty: the demo works in the scratch schema {schema} instead");
            messages.note(&note);
            let scratch = Bank::connect(&url.with_search_path(&schema), settings);
            let played = scratch.map_err(Failure::from).and_then(|scratch| body(&scratch));
            if let Err(error) = bank.database().drop_schema(&schema) {
                messages.note(&format!("cannot drop the scratch schema {schema}; drop it by hand: {error}"));
            }
            played
        }
    }
}

fn no_scratch_database(what: &str, reason: impl Display) -> Failure {
    let message = format!("this database is not empty, and {what} cannot be created: {reason}");
    Failure::new(ExitCode::Other, "no_scratch_database", message)
        .hint("run the demo elsewhere: `bank-cli demo --database-url sqlite:demo.db`")
}
