//! An SQLite file.

use bank_db::Place;
use bank_db::diagnosis::{Integrity, SqliteFacts};
use serde_json::json;

use super::Judgement;
use super::check::Judged;

pub(super) fn judge(facts: &SqliteFacts) -> Vec<(&'static str, Judged<'_>)> {
    vec![
        ("server", software(facts)),
        ("size", size(facts)),
        ("integrity", integrity(facts)),
        ("writable", Ok(writable(facts))),
        ("journal", journal(facts)),
        ("durability", durability(facts)),
    ]
}

fn software(facts: &SqliteFacts) -> Judged<'_> {
    let version = facts.version.as_ref()?;
    Ok(Judgement::ok(format!("SQLite {version}")).value(json!({ "engine": "SQLite", "version": version })))
}

fn size(facts: &SqliteFacts) -> Judged<'_> {
    let size = facts.size.as_ref()?;
    Ok(Judgement::ok(format!("{size} bytes without the log")).value(json!({ "bytes": size })))
}

fn integrity(facts: &SqliteFacts) -> Judged<'_> {
    Ok(match facts.integrity.as_ref()? {
        Integrity::Sound => Judgement::ok("quick_check has read every page and found no damage"),
        Integrity::Damaged(found) => Judgement::fail(
            format!("the file is damaged: {}", found.join("; ")),
            "stop every program that uses the file, keep a copy of it and its log, and restore a backup into a new file",
        )
        .value(json!({ "found": found })),
    })
}

fn writable(facts: &SqliteFacts) -> Judgement {
    match (facts.place, &facts.writable) {
        (Place::MountedByItself, _) => Judgement::fail(
            "the file is mounted by itself: its log is elsewhere, and nothing is recorded here",
            "mount its directory instead of the file",
        ),
        (Place::Unchanging, _) => {
            Judgement::fail("the file is on a read-only medium", "copy it to post to it; reading works")
        }
        (Place::Ordinary, Ok(())) => Judgement::ok("a transaction that writes can begin"),
        (Place::Ordinary, Err(reason)) => Judgement::fail(
            format!("no transaction that writes can begin: {reason}"),
            "check the permissions of the file and its directory, and whether another program has locked the file",
        ),
    }
}

fn journal(facts: &SqliteFacts) -> Judged<'_> {
    if let Some(file_system) = &facts.network_file_system {
        return Ok(Judgement::fail(
            format!(
                "the file is on {file_system}: programs on two machines do not see each other's log and destroy it"
            ),
            "move the file to a local disk, and use it on one machine only",
        ));
    }
    Ok(match facts.journal_mode.as_ref()?.as_str() {
        _ if facts.place == Place::Unchanging => Judgement::ok("not needed on a read-only medium"),
        mode @ ("wal" | "memory") => Judgement::ok(format!("journal_mode is {mode}")),
        mode => Judgement::warn(
            format!("journal_mode is {mode}: readers and the writer wait for each other"),
            "run `bank-cli setup`, which switches the file to wal and keeps all data",
        ),
    })
}

fn durability(facts: &SqliteFacts) -> Judged<'_> {
    Ok(match facts.synchronous.as_ref()? {
        2 => Judgement::ok("synchronous is full: every commit is on the disk"),
        3.. => Judgement::ok("synchronous is extra: every commit is on the disk"),
        level => Judgement::fail(
            format!("synchronous is {level}: a power failure can lose acknowledged transfers"),
            "do not change `synchronous` in this connection",
        ),
    })
}
