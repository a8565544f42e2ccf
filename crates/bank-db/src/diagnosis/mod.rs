//! Facts about a database and the way to it, for finding the cause of trouble. Judges nothing.
//!
//! Each fact is asked for by itself: what one server does not know is [`Unknown`], and the others are asked all the same.

mod fact;
mod server;
mod sqlite;

use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use parking_lot::Mutex;

use crate::connection::DbConnection;
use crate::migrate::Migrations;
use crate::schema_state::SchemaState;
use crate::settings::Settings;
use crate::sqlite_file::{Place, network_file_system};
use crate::url::DatabaseUrl;

pub use fact::{Fact, Unknown};
pub use server::{Clock, Encryption, ServerFacts, Standby, WriteSession};
pub use sqlite::{Integrity, SqliteFacts};

/// How many times the way to the database and back is measured.
pub const ROUND_TRIPS: usize = 20;

/// What is known about a database.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// What each statement that does nothing took, there and back, the shortest first.
    pub round_trips: Fact<Vec<Duration>>,
    /// The state of the tables.
    pub schema: Fact<SchemaState>,
    /// What only one kind of database has.
    pub kind: Kind,
}

/// What only one kind of database has.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A server that speaks PostgreSQL's protocol.
    Server(Box<ServerFacts>),
    /// An SQLite file.
    Sqlite(SqliteFacts),
}

impl Diagnosis {
    /// Returns a diagnosis in which nothing is known yet.
    pub(crate) fn unknown(kind: Kind) -> Self {
        Self { round_trips: Err(Unknown::not_asked()), schema: Err(Unknown::not_asked()), kind }
    }
}

/// Asks an SQLite file everything.
pub(crate) fn probe_sqlite(
    connection: &mut DbConnection,
    settings: &Settings,
    migrations: &Migrations,
    place: Place,
    path: Option<&Path>,
) -> Diagnosis {
    let network_file_system = path.and_then(network_file_system);
    let facts = SqliteFacts { place, network_file_system, ..sqlite::ask(connection, settings) };
    let (round_trips, schema) = probe_any(connection, migrations);
    Diagnosis { round_trips, schema, kind: Kind::Sqlite(facts) }
}

/// Asks a server everything, one question after the other, and notes each answer immediately, because the caller may stop
/// waiting.
pub(crate) fn probe_server(
    connection: &mut DbConnection,
    url: &DatabaseUrl,
    settings: &Settings,
    migrations: &Migrations,
    found: &Mutex<Diagnosis>,
) {
    let note = |set: &mut dyn FnMut(&mut ServerFacts)| {
        if let Kind::Server(facts) = &mut found.lock().kind {
            set(facts);
        }
    };
    server::ask_who(connection, &note);
    let (round_trips, schema) = probe_any(connection, migrations);
    {
        let mut found = found.lock();
        (found.round_trips, found.schema) = (round_trips, schema);
    }
    server::ask_how(connection, url, settings, &note);
}

/// Asks what every kind of database knows.
fn probe_any(connection: &mut DbConnection, migrations: &Migrations) -> (Fact<Vec<Duration>>, Fact<SchemaState>) {
    (round_trips(connection), migrations.state(connection).map_err(Unknown::from))
}

fn round_trips(connection: &mut DbConnection) -> Fact<Vec<Duration>> {
    let mut taken = Vec::with_capacity(ROUND_TRIPS);
    for _ in 0..ROUND_TRIPS {
        let started = Instant::now();
        // Sent as it is, without being prepared first, and so in one round trip.
        connection.batch_execute("SELECT 1")?;
        taken.push(started.elapsed());
    }
    taken.sort_unstable();
    Ok(taken)
}
