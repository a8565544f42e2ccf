//! An SQLite file.

use bank_db::diagnosis::SqliteFacts;
use serde_json::json;

use super::Check;

pub(super) fn judge(facts: &SqliteFacts) -> Vec<Check> {
    vec![
        Check::from_fact("server", &facts.version, |version| {
            let check = Check::ok("server", format!("SQLite {version}"));
            check.value(json!({ "engine": "SQLite", "version": version }))
        }),
        Check::from_fact("size", &facts.size, |size| {
            Check::ok("size", format!("{size} bytes without the log")).value(json!({ "bytes": size }))
        }),
        writable(facts),
        journal(facts),
        durability(facts),
    ]
}

fn writable(facts: &SqliteFacts) -> Check {
    const NAME: &str = "writable";
    match &facts.writable {
        Ok(()) => Check::ok(NAME, "a transaction that writes can begin"),
        Err(reason) => Check::fail(
            NAME,
            format!("no transaction that writes can begin: {reason}"),
            "check the permissions of the file and its directory, and whether another program has locked the file",
        ),
    }
}

fn journal(facts: &SqliteFacts) -> Check {
    const NAME: &str = "journal";
    Check::from_fact(NAME, &facts.journal_mode, |mode| match mode.as_str() {
        "wal" | "memory" => Check::ok(NAME, format!("journal_mode is {mode}")),
        _ => Check::warn(
            NAME,
            format!("journal_mode is {mode}: readers and the writer wait for each other"),
            "run `bank-cli setup`, which switches the file to wal and keeps all data",
        ),
    })
}

fn durability(facts: &SqliteFacts) -> Check {
    const NAME: &str = "durability";
    Check::from_fact(NAME, &facts.synchronous, |level| match level {
        2 => Check::ok(NAME, "synchronous is full: every commit is on the disk"),
        3.. => Check::ok(NAME, "synchronous is extra: every commit is on the disk"),
        _ => Check::fail(
            NAME,
            format!("synchronous is {level}: a power failure can lose acknowledged transfers"),
            "do not change `synchronous` in this connection",
        ),
    })
}
