use std::time::Duration;

use bank_db::Place;
use bank_db::diagnosis::{
    Clock, Diagnosis, Encryption, Integrity, Kind, ServerFacts, SqliteFacts, Standby, Unknown, WriteSession,
};
use bank_persistence::{DatabaseUrl, Engine, Isolation, SchemaState, Settings};

use super::*;

const LOCAL: &str = "postgres://u@127.0.0.1:5432/bank";
const REMOTE: &str = "postgres://u@db.example.org:6432/bank";
const VERIFIED: &str = "postgres://u@db.example.org/bank?sslmode=verify-full";

/// A server without any problem.
fn healthy() -> ServerFacts {
    ServerFacts {
        engine: Ok(Engine::Postgres("15.18".to_owned())),
        citus: Ok(None),
        database: Ok("bank".to_owned()),
        user: Ok("u".to_owned()),
        encryption: Ok(Encryption::None),
        in_recovery: Ok(false),
        read_only_by_default: Ok(false),
        write_session: Ok(WriteSession {
            isolation: "read committed".to_owned(),
            statement_timeout: Ok("10s".to_owned()),
            lock_timeout: Ok("5s".to_owned()),
            idle_in_transaction_timeout: Ok("1min".to_owned()),
        }),
        clock: Ok(Clock { offset_microseconds: -120, uncertainty: Duration::from_micros(300) }),
        sessions_max: Ok(97),
        sessions: Ok(3),
        language: Ok("en_US.UTF-8".to_owned()),
        fsync: Ok("on".to_owned()),
        synchronous_commit: Ok("on".to_owned()),
        full_page_writes: Ok("on".to_owned()),
        synchronous_standby_names: Ok(String::new()),
        standbys: Ok(Vec::new()),
        shares_sessions: Ok(false),
        server_port: Ok(Some(5432)),
    }
}

fn judge_with(url: &str, settings: &Settings, change: impl FnOnce(&mut ServerFacts)) -> Vec<Check> {
    let mut facts = healthy();
    change(&mut facts);
    let url: DatabaseUrl = url.parse().unwrap();
    let diagnosis = Diagnosis {
        round_trips: Ok(vec![Duration::from_micros(150); 20]),
        schema: Ok(SchemaState::Current),
        kind: Kind::Server(Box::new(facts)),
    };
    judge(&diagnosis, &Requested { url: &url, settings })
}

/// Returns the judgement of this name after a change.
fn judgement(name: &str, url: &str, change: impl FnOnce(&mut ServerFacts)) -> Judgement {
    find(&judge_with(url, &Settings::one_shot(), change), name)
}

fn find(checks: &[Check], name: &str) -> Judgement {
    let found = checks.iter().find(|check| check.check == name);
    found.unwrap_or_else(|| panic!("there is no check {name}")).judgement.clone()
}

fn unknown<T>() -> Fact<T> {
    Err(Unknown::because("the server does not know"))
}

#[test]
fn a_healthy_server_needs_no_advice() {
    for Check { check, judgement } in judge_with(LOCAL, &Settings::one_shot(), |_| {}) {
        assert_eq!((judgement.status, &judgement.advice), (Status::Ok, &None), "{check}: {judgement:?}");
    }
}

#[test]
fn every_problem_comes_with_advice() {
    type Change = fn(&mut ServerFacts);
    let changes: [(&str, &str, Status, Change); 21] = [
        ("server", LOCAL, Status::Warn, |f| f.engine = Ok(Engine::Postgres("9.6.24".to_owned()))),
        ("tls", REMOTE, Status::Warn, |_| {}),
        ("tls", REMOTE, Status::Warn, |f| f.encryption = tls()),
        ("writable", LOCAL, Status::Fail, |f| f.in_recovery = Ok(true)),
        ("writable", LOCAL, Status::Fail, |f| f.read_only_by_default = Ok(true)),
        ("writable", LOCAL, Status::Fail, |f| f.write_session = unknown()),
        ("isolation", LOCAL, Status::Fail, |f| session(f).isolation = "read uncommitted".to_owned()),
        ("timeouts", LOCAL, Status::Warn, |f| session(f).lock_timeout = Ok("0".to_owned())),
        ("timeouts", LOCAL, Status::Warn, |f| session(f).statement_timeout = Ok("1ms".to_owned())),
        ("durability", LOCAL, Status::Fail, |f| f.fsync = Ok("off".to_owned())),
        ("durability", LOCAL, Status::Fail, |f| f.synchronous_commit = Ok("off".to_owned())),
        ("durability", LOCAL, Status::Warn, |f| f.full_page_writes = Ok("off".to_owned())),
        ("standbys", LOCAL, Status::Warn, |f| f.standbys = Ok(vec![standby("async")])),
        ("standbys", LOCAL, Status::Fail, |f| f.synchronous_standby_names = Ok("*".to_owned())),
        ("standbys", LOCAL, Status::Fail, |f| {
            f.synchronous_standby_names = Ok("s".to_owned());
            f.standbys = Ok(vec![standby("async")]);
        }),
        ("standbys", LOCAL, Status::Warn, |f| {
            f.synchronous_standby_names = Ok("s".to_owned());
            f.synchronous_commit = Ok("local".to_owned());
            f.standbys = Ok(vec![standby("sync")]);
        }),
        ("connections", LOCAL, Status::Warn, |f| f.sessions_max = Ok(2)),
        ("clock", LOCAL, Status::Warn, |f| f.clock = Ok(Clock { offset_microseconds: 1_100_000, uncertainty: SHORT })),
        ("clock", LOCAL, Status::Warn, |f| f.clock = Ok(Clock { offset_microseconds: i64::MIN, uncertainty: SHORT })),
        ("language", LOCAL, Status::Warn, |f| f.language = Ok("de_DE.UTF-8".to_owned())),
        ("pooler", LOCAL, Status::Ok, |f| f.shares_sessions = Ok(true)),
    ];
    for (name, url, status, change) in changes {
        let judgement = judgement(name, url, change);
        assert_eq!(judgement.status, status, "{name}: {judgement:?}");
        assert!(judgement.advice.is_some(), "{name}: {judgement:?}");
    }
}

const SHORT: Duration = Duration::from_millis(1);

fn tls() -> Fact<Encryption> {
    Ok(Encryption::Tls { version: "TLSv1.3".to_owned(), cipher: "TLS_AES_256_GCM_SHA384".to_owned() })
}

fn session(facts: &mut ServerFacts) -> &mut WriteSession {
    facts.write_session.as_mut().unwrap()
}

fn standby(sync_state: &str) -> Standby {
    Standby { name: "s".to_owned(), state: Some("streaming".to_owned()), sync_state: Some(sync_state.to_owned()) }
}

#[test]
fn other_healthy_settings_need_no_advice() {
    type Change = fn(&mut ServerFacts);
    let changes: [(&str, &str, Change); 7] = [
        ("tls", VERIFIED, |f| f.encryption = tls()),
        ("isolation", LOCAL, |f| session(f).isolation = "serializable".to_owned()),
        ("timeouts", LOCAL, |f| session(f).idle_in_transaction_timeout = Ok("60000".to_owned())),
        ("timeouts", LOCAL, |f| session(f).lock_timeout = unknown()),
        ("standbys", LOCAL, |f| {
            f.synchronous_standby_names = Ok("ANY 1 (*)".to_owned());
            f.standbys = Ok(vec![standby("quorum"), standby("quorum")]);
        }),
        // One of the three sessions in use is ours.
        ("connections", LOCAL, |f| f.sessions_max = Ok(3)),
        // The answer took too long to compare the clocks.
        ("clock", LOCAL, |f| {
            f.clock = Ok(Clock { offset_microseconds: 1_500_000, uncertainty: Duration::from_secs(1) });
        }),
    ];
    for (name, url, change) in changes {
        let judgement = judgement(name, url, change);
        assert_eq!((judgement.status, &judgement.advice), (Status::Ok, &None), "{name}: {judgement:?}");
    }
}

#[test]
fn a_weaker_isolation_level_than_asked_for_fails() {
    let settings = Settings { isolation: Isolation::Serializable, ..Settings::one_shot() };
    let isolation = find(&judge_with(LOCAL, &settings, |_| {}), "isolation");
    assert_eq!(isolation.status, Status::Fail);
}

#[test]
fn reports_a_pooler_or_a_proxy_only_if_it_shows() {
    let finding = |url: &str, change: fn(&mut ServerFacts)| judgement("pooler", url, change).finding;
    assert!(finding(LOCAL, |_| {}).starts_with("none seen"));
    assert!(finding(LOCAL, |f| f.shares_sessions = Ok(true)).starts_with("a pooler in transaction mode"));
    assert!(finding(REMOTE, |_| {}).starts_with("something is in between: the server was reached on its port 5432"));
    assert!(finding(VERIFIED, |_| {}).starts_with("none seen"), "the URL names no port");
    assert!(finding(REMOTE, |f| f.server_port = Ok(None)).contains("Unix socket"));
    assert!(finding(LOCAL, |f| f.server_port = unknown()).starts_with("cannot tell"));
}

#[test]
fn a_server_that_reports_nothing_fails_only_the_check_of_writing() {
    let checks = judge_with(LOCAL, &Settings::one_shot(), |facts| *facts = ServerFacts::default());
    for check in checks.iter().filter(|check| !["migrations", "round trip"].contains(&check.check)) {
        let expected = if check.check == "writable" { Status::Fail } else { Status::Unknown };
        assert_eq!(check.judgement.status, expected, "{check:?}");
    }
}

#[test]
fn tables_that_are_not_current_fail() {
    for state in [
        SchemaState::NotSetUp,
        SchemaState::Older { pending: 2 },
        SchemaState::Foreign { version: "20210304000000".to_owned() },
        SchemaState::Newer { version: "20991231000001".to_owned() },
    ] {
        let state = Ok(state);
        let judgement = schema(&state).unwrap();
        assert_eq!((judgement.status, judgement.advice.is_some()), (Status::Fail, true));
    }
}

#[test]
fn warns_of_a_long_round_trip() {
    let far = connection::round_trip(&Ok(vec![Duration::from_millis(30); 20])).unwrap();
    assert_eq!((far.status, far.value["p50_microseconds"].as_u64()), (Status::Warn, Some(30_000)));
    assert_eq!(connection::round_trip(&Ok(Vec::new())).unwrap().status, Status::Ok);
}

#[test]
fn an_sqlite_file_is_judged_by_its_journal_and_its_writer() {
    let facts = |journal: &str, synchronous: i64| SqliteFacts {
        version: Ok("3.50.4".to_owned()),
        journal_mode: Ok(journal.to_owned()),
        synchronous: Ok(synchronous),
        writable: Ok(()),
        size: Ok(4096),
        place: Place::Ordinary,
        network_file_system: None,
        integrity: Ok(Integrity::Sound),
    };
    let status = |facts: &SqliteFacts, name: &str| {
        let judged = sqlite::judge(facts).into_iter().find(|(check, _)| *check == name);
        judged.unwrap().1.unwrap().status
    };
    assert!(sqlite::judge(&facts("wal", 2)).into_iter().all(|(_, judged)| judged.unwrap().status == Status::Ok));
    assert_eq!(status(&facts("delete", 2), "journal"), Status::Warn);
    assert_eq!(status(&facts("wal", 1), "durability"), Status::Fail);
    let damaged =
        SqliteFacts { integrity: Ok(Integrity::Damaged(vec!["row 1 missing".to_owned()])), ..facts("wal", 2) };
    assert_eq!(status(&damaged, "integrity"), Status::Fail);
    let elsewhere = |place| SqliteFacts { place, ..facts("delete", 2) };
    assert_eq!(status(&elsewhere(Place::MountedByItself), "writable"), Status::Fail);
    let medium = elsewhere(Place::Unchanging);
    assert_eq!((status(&medium, "writable"), status(&medium, "journal")), (Status::Fail, Status::Ok));
    let network = SqliteFacts { network_file_system: Some("nfs4".to_owned()), ..facts("wal", 2) };
    assert_eq!(status(&network, "journal"), Status::Fail);
    let locked = SqliteFacts { writable: unknown(), ..facts("wal", 3) };
    assert_eq!((status(&locked, "writable"), status(&locked, "durability")), (Status::Fail, Status::Ok));
}
