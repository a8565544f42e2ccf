//! The facts that `doctor` checks.

use bank_db::diagnosis::{Kind, ROUND_TRIPS};
use bank_persistence::{Isolation, SchemaState, Settings};
use bank_tests::TestBackend;
use bank_tests::fixtures::open;
use bank_tests::invariants::Ledger;

pub(crate) fn a_diagnosis_describes_the_database_and_the_connection(backend: TestBackend) {
    let database = backend.database();
    for (isolation, name) in [
        (Isolation::ReadCommitted, "read committed"),
        (Isolation::RepeatableRead, "repeatable read"),
        (Isolation::Serializable, "serializable"),
    ] {
        let bank = database.bank_with(Settings { isolation, ..Settings::one_shot() });
        let diagnosis = bank.diagnose().unwrap();
        let round_trips = diagnosis.round_trips.unwrap();
        assert!(round_trips.len() == ROUND_TRIPS && round_trips.is_sorted(), "{round_trips:?}");
        assert_eq!(diagnosis.schema, Ok(SchemaState::Current));
        match diagnosis.kind {
            Kind::Sqlite(facts) => {
                assert_eq!((facts.journal_mode.as_deref(), facts.synchronous), (Ok("wal"), Ok(2)));
                assert_eq!(facts.writable, Ok(()));
                assert!(facts.size.unwrap() > 0 && facts.version.unwrap().starts_with('3'));
            }
            Kind::Server(facts) => {
                assert_eq!(facts.engine.unwrap(), bank.database().engine().unwrap());
                assert_eq!(facts.database.unwrap(), bank.database().name().unwrap());
                assert_ne!(facts.user.unwrap(), "");
                // An additional server may use a stricter level, and may not report the rest.
                let in_force = facts.write_session.unwrap().isolation;
                assert!(in_force == name || backend == TestBackend::Extra, "{in_force}, not {name}");
                if backend == TestBackend::Postgres {
                    assert_eq!((facts.in_recovery, facts.shares_sessions), (Ok(false), Ok(false)));
                    assert_eq!((facts.fsync.as_deref(), facts.citus), (Ok("off"), Ok(None)));
                    assert!(facts.sessions.unwrap() < facts.sessions_max.unwrap());
                    assert!(facts.clock.unwrap().offset_microseconds.abs() < 1_000_000);
                }
            }
        }
    }
}

pub(crate) fn a_diagnosis_changes_nothing_and_gives_its_connection_back(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank_with(Settings::one_shot());
    open(&bank, "a", 5);
    let before = Ledger::read(&database);
    // The pool has a single connection.
    for _ in 0..3 {
        bank.diagnose().unwrap();
    }
    assert_eq!(bank.count_accounts().unwrap(), 1);
    assert_eq!(Ledger::read(&database), before);
}

pub(crate) fn a_diagnosis_reports_missing_tables(backend: TestBackend) {
    let database = backend.empty_database();
    assert_eq!(database.bank().diagnose().unwrap().schema, Ok(SchemaState::NotSetUp));
}
