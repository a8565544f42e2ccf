//! A server that speaks PostgreSQL's protocol.

use std::time::Duration;

use bank_db::diagnosis::{Fact, ServerFacts, WriteSession};
use bank_persistence::{Engine, Isolation};
use serde_json::json;

use super::{Check, Requested, connection, durability};

/// The oldest PostgreSQL whose features bank needs.
const POSTGRES_MIN: u32 = 11;

pub(super) fn judge(facts: &ServerFacts, requested: &Requested<'_>) -> Vec<Check> {
    vec![
        software(facts),
        session(facts),
        connection::encryption(facts, requested),
        writable(facts),
        isolation(facts, requested),
        timeouts(facts, requested),
        durability::disk(facts),
        durability::standbys(facts),
        connections(facts, requested),
        connection::pooler(facts, requested),
        connection::clock(facts),
    ]
}

fn software(facts: &ServerFacts) -> Check {
    const NAME: &str = "server";
    Check::from_fact(NAME, &facts.engine, |engine| {
        let citus = facts.citus.as_ref().ok().and_then(Option::as_ref);
        let value = json!({ "software": engine.to_string(), "citus": citus });
        let check = match (engine, citus) {
            (Engine::Postgres(version), _) if major(version).is_some_and(|major| major < POSTGRES_MIN) => {
                Check::warn(NAME, engine, format!("bank is made for PostgreSQL {POSTGRES_MIN} and newer: upgrade"))
            }
            (_, Some(version)) => Check::ok(NAME, format!("{engine} with Citus {version}"))
                .advice("run `verify` while no client posts: Citus has no snapshot across its nodes"),
            _ => Check::ok(NAME, engine),
        };
        check.value(value)
    })
}

fn major(version: &str) -> Option<u32> {
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn session(facts: &ServerFacts) -> Check {
    const NAME: &str = "session";
    match (&facts.database, &facts.user) {
        (Ok(database), Ok(user)) => Check::ok(NAME, format!("database {database}, user {user}"))
            .value(json!({ "database": database, "user": user })),
        (Err(unknown), _) | (_, Err(unknown)) => Check::unknown(NAME, unknown),
    }
}

fn writable(facts: &ServerFacts) -> Check {
    const NAME: &str = "writable";
    match (&facts.in_recovery, &facts.read_only_by_default, &facts.write_session) {
        (Ok(true), _, _) => Check::fail(
            NAME,
            "this server is a read-only replica",
            "name the primary in the URL, or all servers and target_session_attrs=read-write",
        ),
        (_, _, Err(reason)) => Check::fail(
            NAME,
            format!("no transaction that writes can begin: {reason}"),
            "check that the server is the primary and that the user may write",
        ),
        (_, Ok(true), Ok(_)) => {
            Check::ok(NAME, "default_transaction_read_only is on, but writing transactions of bank override it")
        }
        (_, _, Ok(_)) => Check::ok(NAME, "a transaction that writes can begin"),
    }
}

fn isolation(facts: &ServerFacts, requested: &Requested<'_>) -> Check {
    const NAME: &str = "isolation";
    let (name, rank) = match requested.settings.isolation {
        Isolation::ReadCommitted => ("read committed", 1),
        Isolation::RepeatableRead => ("repeatable read", 2),
        Isolation::Serializable => ("serializable", 3),
    };
    Check::from_fact(NAME, &facts.write_session, |WriteSession { isolation, .. }| {
        let in_force = match isolation.as_str() {
            "read committed" => 1,
            "repeatable read" | "snapshot" => 2,
            "serializable" => 3,
            _ => 0,
        };
        let check = if isolation == name {
            Check::ok(NAME, format!("{isolation}, as asked for"))
        } else if in_force > rank {
            Check::ok(NAME, format!("{isolation}, which is stricter than {name}, as asked for"))
        } else {
            Check::fail(
                NAME,
                format!("{isolation}, but {name} was asked for"),
                "choose a level that the server has with --isolation",
            )
        };
        check.value(json!({ "in_force": isolation, "asked_for": name }))
    })
}

fn timeouts(facts: &ServerFacts, requested: &Requested<'_>) -> Check {
    const NAME: &str = "timeouts";
    Check::from_fact(NAME, &facts.write_session, |session| {
        let settings = requested.settings;
        let all = [
            ("statement", &session.statement_timeout, settings.statement_timeout),
            ("lock", &session.lock_timeout, settings.lock_timeout),
            ("idle in transaction", &session.idle_in_transaction_timeout, settings.idle_in_transaction_timeout),
        ];
        let shown =
            all.iter().map(|(name, in_force, _)| format!("{name} {}", in_force.as_deref().unwrap_or("unknown")));
        let finding =
            format!("{}; answer {} s", shown.collect::<Vec<_>>().join(", "), settings.answer_timeout.as_secs_f64());
        let differs = |in_force: &Fact<String>, asked: Duration| {
            in_force.as_deref().ok().and_then(duration).is_some_and(|in_force| in_force != asked)
        };
        let ignored: Vec<&str> =
            all.iter().filter(|(_, in_force, asked)| differs(in_force, *asked)).map(|(name, ..)| *name).collect();
        if ignored.is_empty() {
            Check::ok(NAME, finding)
        } else {
            let advice = "check whether the server, or a pooler in front of it, changes the timeouts of a session";
            Check::warn(NAME, format!("{finding}; not as asked for: {}", ignored.join(", ")), advice)
        }
    })
}

/// Reads a duration as PostgreSQL prints it: `10s`, `500ms`, `1min`, `0`. Other servers print bare milliseconds.
fn duration(text: &str) -> Option<Duration> {
    match text.parse() {
        Ok(milliseconds) => Some(Duration::from_millis(milliseconds)),
        Err(_) => humantime::parse_duration(text).ok(),
    }
}

fn connections(facts: &ServerFacts, requested: &Requested<'_>) -> Check {
    const NAME: &str = "connections";
    let pool = u64::from(requested.settings.pool_size);
    let (all, used) = match (&facts.sessions_max, &facts.sessions) {
        (Ok(all), Ok(used)) => (*all, *used),
        (Err(unknown), _) | (_, Err(unknown)) => return Check::unknown(NAME, unknown),
    };
    // One session in use is ours, and belongs to the pool.
    let left = all.saturating_add(1).saturating_sub(used);
    let finding = format!("{used} of {all} in use; a pool has up to {pool}");
    let check = if left < pool {
        Check::warn(NAME, finding, "raise max_connections, end idle sessions, or put a pooler in between")
    } else {
        Check::ok(NAME, finding)
    };
    check.value(json!({ "max": all, "in_use": used, "pool_size": pool }))
}
