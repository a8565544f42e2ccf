//! A server that speaks PostgreSQL's protocol.

use std::time::Duration;

use bank_db::diagnosis::{Fact, ServerFacts, WriteSession};
use bank_persistence::{Engine, Isolation};
use serde_json::json;

use super::check::Judged;
use super::{Judgement, Requested, connection, durability};

/// The oldest PostgreSQL whose features bank needs.
const POSTGRES_MIN: u32 = 11;

pub(super) fn judge<'a>(facts: &'a ServerFacts, requested: &Requested<'_>) -> Vec<(&'static str, Judged<'a>)> {
    vec![
        ("server", software(facts)),
        ("session", session(facts)),
        ("tls", connection::encryption(facts, requested)),
        ("writable", Ok(writable(facts))),
        ("isolation", isolation(facts, requested)),
        ("timeouts", timeouts(facts, requested)),
        ("durability", durability::disk(facts)),
        ("standbys", durability::standbys(facts)),
        ("connections", connections(facts, requested)),
        ("pooler", connection::pooler(facts, requested)),
        ("clock", connection::clock(facts)),
        ("language", language(facts)),
    ]
}

fn software(facts: &ServerFacts) -> Judged<'_> {
    let engine = facts.engine.as_ref()?;
    let citus = facts.citus.as_ref().ok().and_then(Option::as_ref);
    let judgement = match (engine, citus) {
        (Engine::Postgres(version), _) if major(version).is_some_and(|major| major < POSTGRES_MIN) => {
            Judgement::warn(engine, format!("bank is made for PostgreSQL {POSTGRES_MIN} and newer: upgrade"))
        }
        (_, Some(version)) => Judgement::ok(format!("{engine} with Citus {version}"))
            .advice("run `verify` while no client posts: Citus has no snapshot across its nodes"),
        _ => Judgement::ok(engine),
    };
    Ok(judgement.value(json!({ "software": engine.to_string(), "citus": citus })))
}

fn major(version: &str) -> Option<u32> {
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn session(facts: &ServerFacts) -> Judged<'_> {
    let (database, user) = (facts.database.as_ref()?, facts.user.as_ref()?);
    let judgement = Judgement::ok(format!("database {database}, user {user}"));
    Ok(judgement.value(json!({ "database": database, "user": user })))
}

fn writable(facts: &ServerFacts) -> Judgement {
    match (&facts.in_recovery, &facts.read_only_by_default, &facts.write_session) {
        (Ok(true), _, _) => Judgement::fail(
            "this server is a read-only replica",
            "name the primary in the URL, or all servers and target_session_attrs=read-write",
        ),
        (_, _, Err(reason)) => Judgement::fail(
            format!("no transaction that writes can begin: {reason}"),
            "check that the server is the primary and that the user may write",
        ),
        (_, Ok(true), Ok(_)) => Judgement::fail(
            "default_transaction_read_only is on: nothing can be posted",
            "ask who has frozen the database, perhaps to move it to another server, before you set it to off",
        ),
        (_, _, Ok(_)) => Judgement::ok("a transaction that writes can begin"),
    }
}

fn isolation<'a>(facts: &'a ServerFacts, requested: &Requested<'_>) -> Judged<'a> {
    let (name, rank) = match requested.settings.isolation {
        Isolation::ReadCommitted => ("read committed", 1),
        Isolation::RepeatableRead => ("repeatable read", 2),
        Isolation::Serializable => ("serializable", 3),
    };
    let WriteSession { isolation, .. } = facts.write_session.as_ref()?;
    let in_force = match isolation.as_str() {
        "read committed" => 1,
        "repeatable read" | "snapshot" => 2,
        "serializable" => 3,
        _ => 0,
    };
    let judgement = if isolation == name {
        Judgement::ok(format!("{isolation}, as asked for"))
    } else if in_force > rank {
        Judgement::ok(format!("{isolation}, which is stricter than {name}, as asked for"))
    } else {
        let finding = format!("{isolation}, but {name} was asked for");
        Judgement::fail(finding, "choose a level that the server has with --isolation")
    };
    Ok(judgement.value(json!({ "in_force": isolation, "asked_for": name })))
}

fn timeouts<'a>(facts: &'a ServerFacts, requested: &Requested<'_>) -> Judged<'a> {
    let (session, settings) = (facts.write_session.as_ref()?, requested.settings);
    let all = [
        ("statement", &session.statement_timeout, settings.statement_timeout),
        ("lock", &session.lock_timeout, settings.lock_timeout),
        ("idle in transaction", &session.idle_in_transaction_timeout, settings.idle_in_transaction_timeout),
    ];
    let shown = all.map(|(name, in_force, _)| format!("{name} {}", in_force.as_deref().unwrap_or("unknown")));
    let finding = format!("{}; answer {} s", shown.join(", "), settings.answer_timeout.as_secs_f64());
    let differs = |in_force: &Fact<String>, asked: Duration| {
        in_force.as_deref().ok().and_then(duration).is_some_and(|in_force| in_force != asked)
    };
    let ignored: Vec<&str> =
        all.iter().filter(|(_, in_force, asked)| differs(in_force, *asked)).map(|(name, ..)| *name).collect();
    Ok(if ignored.is_empty() {
        Judgement::ok(finding)
    } else {
        let advice = "check whether the server, or a pooler in front of it, changes the timeouts of a session";
        Judgement::warn(format!("{finding}; not as asked for: {}", ignored.join(", ")), advice)
    })
}

/// Reads a duration as PostgreSQL prints it: `10s`, `500ms`, `1min`, `0`. Other servers print bare milliseconds.
fn duration(text: &str) -> Option<Duration> {
    match text.parse() {
        Ok(milliseconds) => Some(Duration::from_millis(milliseconds)),
        Err(_) => humantime::parse_duration(text).ok(),
    }
}

/// The only errors that bank tells apart by their text are lock timeouts, deadlocks and transactions that were aborted.
fn language(facts: &ServerFacts) -> Judged<'_> {
    let language = facts.language.as_ref()?;
    let is_english = language.is_empty() || ["C", "POSIX", "en"].iter().any(|name| language.starts_with(name));
    Ok(if is_english {
        Judgement::ok(format!("lc_messages = {language}"))
    } else {
        let finding =
            format!("lc_messages = {language}: bank knows lock timeouts and deadlocks in eleven more languages only");
        Judgement::warn(finding, "set lc_messages = 'C' for the role: ALTER ROLE ... SET lc_messages = 'C'")
    }
    .value(json!({ "lc_messages": language })))
}

fn connections<'a>(facts: &'a ServerFacts, requested: &Requested<'_>) -> Judged<'a> {
    let pool = u64::from(requested.settings.pool_size);
    let (all, used) = (*facts.sessions_max.as_ref()?, *facts.sessions.as_ref()?);
    // One session in use is ours, and belongs to the pool.
    let left = all.saturating_add(1).saturating_sub(used);
    let finding = format!("{used} of {all} in use; a pool has up to {pool}");
    let judgement = if left < pool {
        Judgement::warn(finding, "raise max_connections, end idle sessions, or put a pooler in between")
    } else {
        Judgement::ok(finding)
    };
    Ok(judgement.value(json!({ "max": all, "in_use": used, "pool_size": pool })))
}
