//! Judges whether acknowledged transfers survive a crash of the server, a crash of its machine, and the loss of the machine.

use bank_db::diagnosis::{ServerFacts, Standby};
use serde_json::json;

use super::Judgement;
use super::check::Judged;

/// Judges whether a crash of the server or of its machine can lose transfers.
pub(super) fn disk(facts: &ServerFacts) -> Judged<'_> {
    let fsync = facts.fsync.as_ref()?;
    let commit = facts.synchronous_commit.as_ref()?;
    let pages = facts.full_page_writes.as_ref()?;
    let shown = format!("fsync = {fsync}, synchronous_commit = {commit}, full_page_writes = {pages}");
    let judgement = if fsync == "off" {
        let finding =
            format!("{shown}: a crash of the server's machine can lose acknowledged transfers and break the database");
        Judgement::fail(finding, "set fsync = on")
    } else if commit == "off" {
        let finding = format!("{shown}: a crash of the server can lose acknowledged transfers");
        Judgement::fail(finding, "set synchronous_commit = on, for the role or the database if not for the server")
    } else if pages == "off" {
        let finding = format!("{shown}: a crash of the server's machine can break pages that were being written");
        Judgement::warn(finding, "set full_page_writes = on, unless the file system never tears a page")
    } else {
        Judgement::ok(shown)
    };
    Ok(judgement.value(json!({ "fsync": fsync, "synchronous_commit": commit, "full_page_writes": pages })))
}

/// Judges whether a failover can lose transfers.
pub(super) fn standbys(facts: &ServerFacts) -> Judged<'_> {
    let (wanted, followers) = (facts.synchronous_standby_names.as_ref()?, facts.standbys.as_ref()?);
    let judgement = if wanted.is_empty() && followers.is_empty() {
        Judgement::ok("none; if this server is lost, so is its data")
    } else if wanted.is_empty() {
        let finding = format!("{} asynchronously: a failover can lose acknowledged transfers", follow(followers));
        Judgement::warn(finding, "set synchronous_standby_names, for example 'ANY 1 (*)'")
    } else {
        synchronous(wanted, followers, facts.synchronous_commit.as_deref().unwrap_or_default())
    };
    let listed: Vec<_> = followers
        .iter()
        .map(|standby| json!({ "name": standby.name, "state": standby.state, "sync_state": standby.sync_state }))
        .collect();
    Ok(judgement.value(json!({ "synchronous_standby_names": wanted, "standbys": listed })))
}

fn synchronous(wanted: &str, followers: &[Standby], commit: &str) -> Judgement {
    let is_synchronous = |standby: &&Standby| matches!(standby.sync_state.as_deref(), Some("sync" | "quorum"));
    let synchronous = followers.iter().filter(is_synchronous).count();
    let is_hidden = !followers.is_empty() && followers.iter().all(|standby| standby.sync_state.is_none());
    if matches!(commit, "local" | "off") {
        let finding =
            format!("synchronous_commit = {commit} waits for no standby: a failover can lose acknowledged transfers");
        Judgement::warn(finding, "set synchronous_commit = on")
    } else if is_hidden {
        Judgement::ok(format!("{}; this user may not see which are synchronous", follow(followers)))
            .advice("grant the role pg_monitor to see more")
    } else if synchronous == 0 {
        let finding = format!("no synchronous standby follows, and commits wait for one ({wanted})");
        Judgement::fail(finding, "start the standby, or take it out of synchronous_standby_names")
    } else {
        Judgement::ok(format!("{}, {synchronous} of them synchronously ({wanted})", follow(followers)))
    }
}

fn follow(followers: &[Standby]) -> String {
    match followers {
        [one] => format!("1 standby ({}) follows", one.name),
        many => format!("{} standbys follow", many.len()),
    }
}
