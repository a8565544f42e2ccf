//! Judges facts about a database: is it healthy, and if not, what should the user do? Sends no queries.

mod check;
mod connection;
mod durability;
mod server;
mod sqlite;
#[cfg(test)]
mod tests;

pub(crate) use check::{Check, Status};
pub(crate) use connection::Requested;

use bank_db::diagnosis::{Diagnosis, Fact, Kind};
use bank_persistence::SchemaState;
use serde_json::json;

use crate::args::Location;
use crate::failure::Failure;

/// Reports which database is used and what named it.
pub(crate) fn location(location: &Location) -> Check {
    Check::ok("database", format!("{}, from {}", location.url, location.source))
        .value(json!({ "url": location.url.to_string(), "from": location.source.to_string() }))
}

/// Reports why there is no connection.
pub(crate) fn unreachable(failure: &Failure) -> Check {
    Check::fail("connection", failure.message(), failure.hint_line().unwrap_or_default())
}

/// Judges every fact.
pub(crate) fn judge(diagnosis: &Diagnosis, requested: &Requested<'_>) -> Vec<Check> {
    let mut checks = match &diagnosis.kind {
        Kind::Server(facts) => server::judge(facts, requested),
        Kind::Sqlite(facts) => sqlite::judge(facts),
    };
    checks.push(schema(&diagnosis.schema));
    checks.push(connection::round_trip(&diagnosis.round_trips));
    checks
}

fn schema(state: &Fact<SchemaState>) -> Check {
    const NAME: &str = "migrations";
    match state {
        Err(unknown) => Check::unknown(NAME, unknown),
        Ok(SchemaState::Current) => Check::ok(NAME, "none pending"),
        Ok(state @ SchemaState::Newer { .. }) => {
            Check::fail(NAME, state, "use the newer bank-cli that set this database up")
        }
        Ok(state @ SchemaState::NotSetUp) => Check::fail(NAME, state, "run `bank-cli setup`"),
        Ok(state) => Check::fail(NAME, state, "run `bank-cli setup`, which keeps all data"),
    }
}
