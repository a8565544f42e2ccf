//! Judges facts about a database: is it healthy, and if not, what should the user do? Sends no queries.

mod check;
mod connection;
mod durability;
mod server;
mod sqlite;
mod tables;
#[cfg(test)]
mod tests;

pub(crate) use check::{Check, Judgement, Status};
pub(crate) use connection::Requested;
pub(crate) use tables::{encoding_note, judge as judge_tables};

use bank_db::diagnosis::{Diagnosis, Fact, Kind};
use bank_persistence::SchemaState;
use serde_json::json;

use crate::args::{Location, location};
use crate::failure::{Failure, OWN_PLACE};
use check::Judged;

/// Reports which database is used and what named it.
pub(crate) fn location(location: &Location) -> Check {
    let (url, source) = (location.url.to_string(), location::what_named(&location.source));
    let judgement = Judgement::ok(format!("{url}, from {source}")).value(json!({ "url": url, "from": source }));
    Check::new("database", Ok(judgement))
}

/// Reports why there is no connection.
pub(crate) fn unreachable(failure: &Failure) -> Check {
    Check::new("connection", Ok(Judgement::fail(failure.message(), failure.hint_line().unwrap_or_default())))
}

/// Judges every fact.
pub(crate) fn judge(diagnosis: &Diagnosis, requested: &Requested<'_>) -> Vec<Check> {
    let mut judged = match &diagnosis.kind {
        Kind::Server(facts) => server::judge(facts, requested),
        Kind::Sqlite(facts) => sqlite::judge(facts),
    };
    judged.push(("migrations", schema(&diagnosis.schema)));
    judged.push(("round trip", connection::round_trip(&diagnosis.round_trips)));
    judged.into_iter().map(|(name, judged)| Check::new(name, judged)).collect()
}

fn schema(state: &Fact<SchemaState>) -> Judged<'_> {
    Ok(match state.as_ref()? {
        SchemaState::Current => Judgement::ok("none pending"),
        state @ SchemaState::Newer { .. } => Judgement::fail(state, "use the newer bank-cli that set this database up"),
        state @ SchemaState::Foreign { .. } => Judgement::fail(state, OWN_PLACE),
        state @ SchemaState::NotSetUp => Judgement::fail(state, "run `bank-cli setup`"),
        state => Judgement::fail(state, "run `bank-cli setup`, which keeps all data"),
    })
}
