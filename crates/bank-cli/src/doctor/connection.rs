//! The connection to the database: its latency, its encryption, poolers and clocks.

use std::time::Duration;

use bank_db::diagnosis::{Clock, Encryption, Fact, ServerFacts};
use bank_persistence::{DatabaseUrl, Engine, Settings};
use serde_json::json;

use super::Check;

/// A transfer by `bank-cli` takes three round trips, so above this a connection posts fewer than twenty a second.
const ROUND_TRIP_MAX: Duration = Duration::from_millis(20);

/// Transfers have their times from the server and their ids from this machine.
const CLOCK_OFFSET_MAX_MICROSECONDS: i64 = 1_000_000;

const VERIFY: &str = "add sslmode=verify-full&sslrootcert=system, or the CA's file, to the URL";

/// The database and the settings that the user asked for.
pub(crate) struct Requested<'a> {
    pub(crate) url: &'a DatabaseUrl,
    pub(crate) settings: &'a Settings,
}

/// Judges the latency of an empty statement.
pub(super) fn round_trip(taken: &Fact<Vec<Duration>>) -> Check {
    const NAME: &str = "round trip";
    Check::from_fact(NAME, taken, |taken| {
        let (Some(median), Some(longest)) = (taken.get(taken.len() / 2), taken.last()) else {
            return Check::ok(NAME, "not measured");
        };
        let finding = format!("p50 {}, longest {} of {}", readable(*median), readable(*longest), taken.len());
        let check = if *median > ROUND_TRIP_MAX {
            Check::warn(NAME, finding, "run bank-cli near the database, or post many transfers together with `batch`")
        } else {
            Check::ok(NAME, finding)
        };
        check.value(json!({
            "p50_microseconds": microseconds(*median),
            "longest_microseconds": microseconds(*longest),
            "count": taken.len(),
        }))
    })
}

/// Judges whether others can read the traffic.
pub(super) fn encryption(facts: &ServerFacts, requested: &Requested<'_>) -> Check {
    const NAME: &str = "tls";
    let (is_remote, is_unverified) = (requested.url.is_remote(), requested.url.trusts_unverified_host());
    Check::from_fact(NAME, &facts.encryption, |encryption| match encryption {
        Encryption::None if is_remote => Check::warn(
            NAME,
            "not encrypted, and the host is another machine: others can read and change everything",
            VERIFY,
        ),
        Encryption::None => Check::ok(NAME, "not encrypted; the host is this machine"),
        Encryption::Tls { version, cipher } => {
            let finding = format!("{version}, {cipher}");
            let check = if is_unverified {
                Check::warn(NAME, format!("{finding}; the server's certificate is not verified"), VERIFY)
            } else if is_remote {
                Check::ok(NAME, format!("{finding}; the server's certificate is verified"))
            } else {
                Check::ok(NAME, finding)
            };
            check.value(json!({ "version": version, "cipher": cipher }))
        }
    })
}

/// Looks for a pooler or a proxy before the server.
pub(super) fn pooler(facts: &ServerFacts, requested: &Requested<'_>) -> Check {
    const NAME: &str = "pooler";
    let shares = match &facts.shares_sessions {
        Ok(shares) => *shares,
        Err(unknown) => return Check::unknown(NAME, unknown),
    };
    if shares {
        let finding = "a pooler in transaction mode is in between: two open connections share one session";
        return Check::ok(NAME, finding)
            .advice("bank-cli works with it; programs that use the library may need `session: Session::Pooled`");
    }
    let ports = requested.url.ports();
    // Servers other than PostgreSQL may not report their port.
    let is_postgres = matches!(facts.engine, Ok(Engine::Postgres(_)));
    let cannot_tell = "a pooler in session mode would look the same";
    let finding = match &facts.server_port {
        Ok(Some(port)) if ports.iter().all(|typed| i64::from(*typed) != *port) && !ports.is_empty() => {
            format!("something is in between: the server was reached on its port {port}, which the URL does not name; a pooler, a proxy or a mapped port")
        }
        Ok(None) if requested.url.is_tcp() && is_postgres => {
            "something is in between: the server was reached over a Unix socket, the URL names a host; a pooler or a proxy".to_owned()
        }
        Ok(_) => format!("none seen: each connection has a session of its own; {cannot_tell}"),
        Err(_) => format!("cannot tell: each connection has a session of its own, but {cannot_tell}"),
    };
    Check::ok(NAME, finding)
}

/// Compares the server's clock with this machine's.
pub(super) fn clock(facts: &ServerFacts) -> Check {
    const NAME: &str = "clock";
    Check::from_fact(NAME, &facts.clock, |Clock { offset_microseconds, uncertainty }| {
        let offset = Duration::from_micros(offset_microseconds.unsigned_abs());
        let sense = if *offset_microseconds < 0 { "behind" } else { "ahead of" };
        let finding =
            format!("the server is {} {sense} this machine, give or take {}", readable(offset), readable(*uncertainty));
        let surely = offset.saturating_sub(*uncertainty);
        let is_far = surely > Duration::from_micros(CLOCK_OFFSET_MAX_MICROSECONDS.unsigned_abs());
        let check = if is_far {
            Check::warn(NAME, finding, "synchronise the clocks of both machines: a transfer's time is the server's")
        } else {
            Check::ok(NAME, finding)
        };
        check.value(json!({
            "offset_microseconds": offset_microseconds,
            "uncertainty_microseconds": microseconds(*uncertainty),
        }))
    })
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
