//! The connection to the database: its latency, its encryption, poolers and clocks.

use std::time::Duration;

use bank_db::diagnosis::{Clock, Encryption, Fact, ServerFacts};
use bank_persistence::{DatabaseUrl, Engine, Settings};
use serde_json::json;

use super::Judgement;
use super::check::Judged;

/// A transfer by `bank-cli` takes three round trips, so above this a connection posts fewer than twenty a second.
const ROUND_TRIP_MAX: Duration = Duration::from_millis(20);

/// Transfers have their times from the server and their ids from this machine.
const CLOCK_OFFSET_MAX: Duration = Duration::from_secs(1);

const VERIFY: &str = "add sslmode=verify-full&sslrootcert=system, or the CA's file, to the URL";

/// The database and the settings that the user asked for.
pub(crate) struct Requested<'a> {
    pub(crate) url: &'a DatabaseUrl,
    pub(crate) settings: &'a Settings,
}

/// Judges the latency of an empty statement.
pub(super) fn round_trip(taken: &Fact<Vec<Duration>>) -> Judged<'_> {
    let taken = taken.as_ref()?;
    let (Some(median), Some(longest)) = (taken.get(taken.len() / 2), taken.last()) else {
        return Ok(Judgement::ok("not measured"));
    };
    let finding = format!("p50 {}, longest {} of {}", readable(*median), readable(*longest), taken.len());
    let judgement = if *median > ROUND_TRIP_MAX {
        Judgement::warn(finding, "run bank-cli near the database, or post many transfers together with `batch`")
    } else {
        Judgement::ok(finding)
    };
    Ok(judgement.value(json!({
        "p50_microseconds": microseconds(*median),
        "longest_microseconds": microseconds(*longest),
        "count": taken.len(),
    })))
}

/// Judges whether others can read the traffic.
pub(super) fn encryption<'a>(facts: &'a ServerFacts, requested: &Requested<'_>) -> Judged<'a> {
    let is_remote = requested.url.is_remote();
    Ok(match facts.encryption.as_ref()? {
        Encryption::None if is_remote => Judgement::warn(
            "not encrypted, and the host is another machine: others can read and change everything",
            VERIFY,
        ),
        Encryption::None => Judgement::ok("not encrypted; the host is this machine"),
        Encryption::Tls { version, cipher } => {
            let finding = format!("{version}, {cipher}");
            let judgement = if requested.url.trusts_unverified_host() {
                Judgement::warn(format!("{finding}; the server's certificate is not verified"), VERIFY)
            } else if is_remote {
                Judgement::ok(format!("{finding}; the server's certificate is verified"))
            } else {
                Judgement::ok(finding)
            };
            judgement.value(json!({ "version": version, "cipher": cipher }))
        }
    })
}

/// Looks for a pooler or a proxy before the server.
pub(super) fn pooler<'a>(facts: &'a ServerFacts, requested: &Requested<'_>) -> Judged<'a> {
    if *facts.shares_sessions.as_ref()? {
        let finding = "a pooler in transaction mode is in between: two open connections share one session";
        return Ok(Judgement::ok(finding)
            .advice("bank-cli works with it; programs that use the library may need `session: Session::Pooled`"));
    }
    let ports = requested.url.ports();
    // Servers other than PostgreSQL may not report their port.
    let is_postgres = matches!(facts.engine, Ok(Engine::Postgres(_)));
    let cannot_tell = "a pooler in session mode would look the same";
    Ok(Judgement::ok(match &facts.server_port {
        Ok(Some(port)) if ports.iter().all(|typed| i64::from(*typed) != *port) && !ports.is_empty() => {
            format!("something is in between: the server was reached on its port {port}, which the URL does not name; a pooler, a proxy or a mapped port")
        }
        Ok(None) if requested.url.is_tcp() && is_postgres => {
            "something is in between: the server was reached over a Unix socket, the URL names a host; a pooler or a proxy".to_owned()
        }
        Ok(_) => format!("none seen: each connection has a session of its own; {cannot_tell}"),
        Err(_) => format!("cannot tell: each connection has a session of its own, but {cannot_tell}"),
    }))
}

/// Compares the server's clock with this machine's.
pub(super) fn clock(facts: &ServerFacts) -> Judged<'_> {
    let Clock { offset_microseconds, uncertainty } = facts.clock.as_ref()?;
    let offset = Duration::from_micros(offset_microseconds.unsigned_abs());
    let sense = if *offset_microseconds < 0 { "behind" } else { "ahead of" };
    let finding =
        format!("the server is {} {sense} this machine, give or take {}", readable(offset), readable(*uncertainty));
    let judgement = if offset.saturating_sub(*uncertainty) > CLOCK_OFFSET_MAX {
        Judgement::warn(finding, "synchronise the clocks of both machines: a transfer's time is the server's")
    } else {
        Judgement::ok(finding)
    };
    Ok(judgement.value(json!({
        "offset_microseconds": offset_microseconds,
        "uncertainty_microseconds": microseconds(*uncertainty),
    })))
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Returns a duration in a suitable unit. Written by hand, because humantime prints every unit down to nanoseconds.
fn readable(duration: Duration) -> String {
    if duration < Duration::from_millis(1) {
        format!("{} us", duration.as_micros())
    } else if duration < Duration::from_secs(1) {
        format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
    } else {
        format!("{:.2} s", duration.as_secs_f64())
    }
}
