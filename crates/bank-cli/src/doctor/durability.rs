//! Judges whether acknowledged transfers survive a crash of the server, a crash of its machine, and the loss of the machine.

use bank_db::diagnosis::{Fact, ServerFacts, Standby};
use serde_json::json;

use super::Check;

/// Judges whether a crash of the server or of its machine can lose transfers.
pub(super) fn disk(facts: &ServerFacts) -> Check {
    const NAME: &str = "durability";
    let is_off = |setting: &Fact<String>| setting.as_ref().is_ok_and(|value| value == "off");
    let settings = [
        ("fsync", &facts.fsync),
        ("synchronous_commit", &facts.synchronous_commit),
        ("full_page_writes", &facts.full_page_writes),
    ];
    if let Some(unknown) = settings.iter().find_map(|(_, setting)| setting.as_ref().err()) {
        return Check::unknown(NAME, unknown);
    }
    let shown: Vec<String> =
        settings.iter().map(|(name, setting)| format!("{name} = {}", setting.as_deref().unwrap_or_default())).collect();
    let shown = shown.join(", ");
    let value = json!({
        "fsync": facts.fsync.as_deref().ok(),
        "synchronous_commit": facts.synchronous_commit.as_deref().ok(),
        "full_page_writes": facts.full_page_writes.as_deref().ok(),
    });
    let check = if is_off(&facts.fsync) {
        let finding =
            format!("{shown}: a crash of the server's machine can lose acknowledged transfers and break the database");
        Check::fail(NAME, finding, "set fsync = on")
    } else if is_off(&facts.synchronous_commit) {
        let finding = format!("{shown}: a crash of the server can lose acknowledged transfers");
        Check::fail(NAME, finding, "set synchronous_commit = on, for the role or the database if not for the server")
    } else if is_off(&facts.full_page_writes) {
        let finding = format!("{shown}: a crash of the server's machine can break pages that were being written");
        Check::warn(NAME, finding, "set full_page_writes = on, unless the file system never tears a page")
    } else {
        Check::ok(NAME, shown)
    };
    check.value(value)
}

/// Judges whether a failover can lose transfers.
pub(super) fn standbys(facts: &ServerFacts) -> Check {
    const NAME: &str = "standbys";
    let (wanted, followers) = match (&facts.synchronous_standby_names, &facts.standbys) {
        (Ok(wanted), Ok(followers)) => (wanted.as_str(), followers.as_slice()),
        (Err(unknown), _) | (_, Err(unknown)) => return Check::unknown(NAME, unknown),
    };
    let check = if wanted.is_empty() && followers.is_empty() {
        Check::ok(NAME, "none; if this server is lost, so is its data")
    } else if wanted.is_empty() {
        let finding = format!("{} asynchronously: a failover can lose acknowledged transfers", follow(followers));
        Check::warn(NAME, finding, "set synchronous_standby_names, for example 'ANY 1 (*)'")
    } else {
        synchronous(NAME, wanted, followers, facts.synchronous_commit.as_deref().unwrap_or_default())
    };
    let listed: Vec<_> = followers
        .iter()
        .map(|standby| json!({ "name": standby.name, "state": standby.state, "sync_state": standby.sync_state }))
        .collect();
    check.value(json!({ "synchronous_standby_names": wanted, "standbys": listed }))
}

fn synchronous(name: &'static str, wanted: &str, followers: &[Standby], commit: &str) -> Check {
    let is_synchronous = |standby: &&Standby| matches!(standby.sync_state.as_deref(), Some("sync" | "quorum"));
    let synchronous = followers.iter().filter(is_synchronous).count();
    let is_hidden = !followers.is_empty() && followers.iter().all(|standby| standby.sync_state.is_none());
    if matches!(commit, "local" | "off") {
        let finding =
            format!("synchronous_commit = {commit} waits for no standby: a failover can lose acknowledged transfers");
        Check::warn(name, finding, "set synchronous_commit = on")
    } else if is_hidden {
        Check::ok(name, format!("{}; this user may not see which are synchronous", follow(followers)))
            .advice("grant the role pg_monitor to see more")
    } else if synchronous == 0 {
        let finding = format!("no synchronous standby follows, and commits wait for one ({wanted})");
        Check::fail(name, finding, "start the standby, or take it out of synchronous_standby_names")
    } else {
        Check::ok(name, format!("{}, {synchronous} of them synchronously ({wanted})", follow(followers)))
    }
}

fn follow(followers: &[Standby]) -> String {
    match followers {
        [one] => format!("1 standby ({}) follows", one.name),
        many => format!("{} standbys follow", many.len()),
    }
}
