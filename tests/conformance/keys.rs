//! The journal's unique keys, without which nothing is posted.

use bank_domain::Outcome;
use bank_persistence::{AllOrNone, Bank, BankError, Invariant, JournalKey, PostingQueue, QueueSettings, Settings};
use bank_tests::fixtures::{open_many, post, posted, random_transfers};
use bank_tests::invariants::Ledger;
use bank_tests::plain::Plain;
use bank_tests::{TestBackend, TestDatabase};

/// Ways to lose the key on ids, and SQL that does each.
const LOSSES: [(&str, &str); 6] = [
    ("dropped", ""),
    ("partial", "CREATE UNIQUE INDEX other ON transfers (id) WHERE amount > 0"),
    ("on an expression", "CREATE UNIQUE INDEX other ON transfers ((id::text))"),
    ("wider", "CREATE UNIQUE INDEX other ON transfers (id, posted_at)"),
    ("not unique", "CREATE INDEX other ON transfers (id)"),
    ("on another table", "CREATE TABLE copies (LIKE transfers); CREATE UNIQUE INDEX other ON copies (id)"),
];

fn drop_key(plain: &mut Plain) {
    plain.execute("ALTER TABLE transfers DROP CONSTRAINT transfers_pkey");
}

fn add_key(plain: &mut Plain) {
    plain.execute("ALTER TABLE transfers ADD PRIMARY KEY (id)");
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, BankError>, key: JournalKey) {
    match result {
        Err(BankError::JournalKeyMissing { key: missing }) => assert_eq!(missing, key),
        other => panic!("JournalKeyMissing expected, got {other:?}"),
    }
}

/// Submits transfers in every way, and expects each to be refused.
fn refused_in_every_way(database: &TestDatabase, settings: &Settings, key: JournalKey) {
    let accounts: Vec<_> =
        Ledger::read(database).accounts.iter().map(|account| bank_domain::AccountId::new(account.id)).collect();
    let transfers = random_transfers(7, &accounts, 150, 1);
    let bank = || database.bank_with(settings.clone());
    let before = Ledger::read(database);
    refused(bank().post(&transfers[0]), key);
    refused(bank().post_batch(&transfers[..5]), key);
    refused(bank().post_batch(&transfers), key);
    refused(bank().post_all_or_none(&transfers[..5]), key);
    refused(bank().post_all_or_none(&transfers), key);
    let queue = PostingQueue::start(&bank(), QueueSettings::default()).unwrap();
    assert!(queue.post(transfers[0].clone()).is_err());
    assert_eq!(Ledger::read(database), before);
}

#[test]
fn nothing_is_posted_without_the_key_on_ids_however_it_was_lost() {
    for (loss, sql) in LOSSES {
        let database = TestBackend::Postgres.database();
        let accounts = open_many(&database.bank(), 4, 1000);
        let mut plain = database.plain();
        drop_key(&mut plain);
        if !sql.is_empty() {
            plain.execute(sql);
        }
        for settings in [Settings::default(), Settings::one_shot()] {
            refused_in_every_way(&database, &settings, JournalKey::Id);
        }
        let report = database.bank().audit().unwrap();
        assert_eq!(report.findings.len(), 1, "{loss}");
        assert_eq!(report.findings[0].offenders, ["the journal has no unique key on exactly (id)"], "{loss}");

        add_key(&mut plain);
        let bank = database.bank();
        for transfer in random_transfers(8, &accounts, 3, 1) {
            posted(post(&bank, &transfer));
        }
        assert!(bank.audit().unwrap().is_sound(), "{loss}");
    }
}

#[test]
fn nothing_is_posted_without_a_key_on_versions_and_any_form_of_the_key_counts() {
    let database = TestBackend::Postgres.database();
    open_many(&database.bank(), 4, 1000);
    let mut plain = database.plain();
    for (key, columns) in [
        (JournalKey::PayingVersion, ["from_account_id", "from_version"]),
        (JournalKey::ReceivingVersion, ["to_account_id", "to_version"]),
    ] {
        plain.execute(&format!("ALTER TABLE transfers DROP CONSTRAINT transfers_{}_{}_key", columns[0], columns[1]));
        refused_in_every_way(&database, &Settings::default(), key);
        // Columns in another order, and further ones that are only kept along.
        plain.execute(&format!("CREATE UNIQUE INDEX ON transfers ({}, {}) INCLUDE (memo)", columns[1], columns[0]));
        assert!(database.bank().audit().unwrap().is_sound());
    }
}

#[test]
fn a_key_that_vanishes_is_missed_by_the_next_large_batch() {
    let database = TestBackend::Postgres.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 300, 1000);
    let batches: Vec<_> = random_transfers(9, &accounts, 600, 1).chunks(200).map(<[_]>::to_vec).collect();
    assert!(bank.post_batch(&batches[0]).unwrap().iter().all(|outcome| matches!(outcome, Outcome::Posted(_))));
    // Each has looked a moment ago, and looks again only with its batch.
    let [fast, locked, together] = [0, 1, 2].map(|place| {
        let bank = database.bank();
        posted(post(&bank, &batches[2][place]));
        bank
    });
    let before = Ledger::read(&database);
    drop_key(&mut database.plain());
    refused(fast.post_batch(&batches[1]), JournalKey::Id);
    // A rejected transfer sends the batch the locked path.
    let mut with_rejection = batches[1].clone();
    with_rejection[0].to = with_rejection[0].from;
    refused(locked.post_batch(&with_rejection), JournalKey::Id);
    refused(together.post_all_or_none(&batches[1]), JournalKey::Id);
    assert_eq!(Ledger::read(&database), before);
    add_key(&mut database.plain());
    assert!(matches!(bank.post_all_or_none(&batches[2]), Ok(AllOrNone::Posted(_))));
}

#[test]
fn a_partitioned_journal_is_refused() {
    let database = TestBackend::Postgres.database();
    open_many(&database.bank(), 4, 1000);
    database.plain().execute(
        "ALTER TABLE transfers RENAME TO transfers_old; \
         CREATE TABLE transfers (LIKE transfers_old INCLUDING DEFAULTS, PRIMARY KEY (id, posted_at), \
         UNIQUE (from_account_id, from_version, posted_at), UNIQUE (to_account_id, to_version, posted_at)) \
         PARTITION BY RANGE (posted_at); \
         CREATE TABLE transfers_rest PARTITION OF transfers DEFAULT; DROP TABLE transfers_old",
    );
    refused_in_every_way(&database, &Settings::default(), JournalKey::Id);
    let facts = database.bank().inspect_tables();
    assert_eq!(facts.missing_keys.unwrap(), JournalKey::ALL);
    assert_eq!(facts.partitioned.unwrap(), ["transfers"]);
}

#[test]
fn ids_that_stand_twice_are_found() {
    for backend in [TestBackend::Postgres, TestBackend::Sqlite] {
        let database = backend.database();
        let bank = database.bank();
        let accounts = open_many(&bank, 3, 1000);
        let transfers = random_transfers(5, &accounts, 3, 1);
        bank.post_batch(&transfers).unwrap();
        let mut plain = database.plain();
        if database.is_sqlite() {
            // A program has copied the table without its keys.
            plain.execute("CREATE TABLE copy AS SELECT * FROM transfers; DROP TABLE transfers; ALTER TABLE copy RENAME TO transfers");
        } else {
            drop_key(&mut plain);
        }
        plain.execute(
            "INSERT INTO transfers (id, from_account_id, to_account_id, amount, from_version, to_version, \
             from_balance_after, to_balance_after, memo, posted_at, kind) SELECT id, from_account_id, to_account_id, amount, from_version + 100, to_version + 100, \
             from_balance_after, to_balance_after, memo, posted_at, kind FROM transfers ORDER BY id LIMIT 2",
        );
        let report = bank.audit().unwrap();
        let finding = report.findings.iter().find(|finding| finding.invariant == Invariant::UniqueIds).unwrap();
        let mut twice: Vec<_> = transfers.iter().map(|transfer| transfer.id).collect();
        twice.sort_unstable();
        for id in &twice[..2] {
            let expected = format!("transfer {id} stands 2 times in the journal");
            assert!(finding.offenders.contains(&expected), "{backend:?}: {finding:?}");
        }
        assert!(!finding.offenders.iter().any(|offender| offender.contains(&twice[2].to_string())));
    }
}

#[test]
fn a_database_that_does_not_say_which_keys_it_has_is_not_stopped() {
    let database = TestBackend::Postgres.database();
    let accounts = open_many(&database.bank(), 4, 1000);
    // A catalogue that answers otherwise: bank's own table comes first in the search path.
    database.plain().execute("CREATE SCHEMA odd; CREATE TABLE odd.pg_index (nothing INT)");
    let url = database.url_text();
    let separator = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{separator}options=-csearch_path%3Dodd%2Cpublic%2Cpg_catalog");
    let bank = Bank::connect(&url.parse().unwrap(), Settings::default()).unwrap();
    for transfer in random_transfers(8, &accounts, 3, 1) {
        posted(post(&bank, &transfer));
    }
    assert!(bank.post_batch(&random_transfers(9, &accounts, 150, 1)).is_ok());
    assert!(bank.audit().unwrap().is_sound());
}

#[test]
fn changes_of_the_tables_are_told() {
    let database = TestBackend::Postgres.database();
    let bank = database.bank();
    open_many(&bank, 3, 0);
    let facts = bank.inspect_tables();
    assert_eq!(facts.missing_keys.as_deref(), Ok(&[][..]));
    for names in [&facts.unlogged, &facts.partitioned, &facts.row_security, &facts.triggers] {
        assert_eq!(names.as_deref(), Ok(&[][..]));
    }
    assert_eq!((facts.encoding.as_deref(), facts.identity_behind), (Ok("UTF8"), Ok(None)));

    database.plain().execute(
        "ALTER TABLE transfers SET UNLOGGED; ALTER TABLE accounts ALTER COLUMN id RESTART WITH 1; \
         CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; \
         CREATE TRIGGER mine AFTER INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION nothing(); \
         ALTER TABLE batches ENABLE ROW LEVEL SECURITY; ALTER TABLE batches FORCE ROW LEVEL SECURITY; \
         CREATE ROLE looker LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker; \
         GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO looker",
    );
    let url = database.url_text().replace("://bank@", "://looker@");
    let facts = Bank::connect(&url.parse().unwrap(), Settings::default()).unwrap().inspect_tables();
    assert_eq!(facts.unlogged.as_deref(), Ok(&["transfers".to_owned()][..]));
    assert_eq!(facts.triggers.as_deref(), Ok(&["mine on accounts".to_owned()][..]));
    assert_eq!(facts.row_security.as_deref(), Ok(&["batches".to_owned()][..]));
    assert_eq!(facts.identity_behind.as_ref().unwrap().as_deref(), Some("3"));
}

#[test]
fn a_trigger_on_sqlite_is_told() {
    let database = TestBackend::Sqlite.database();
    database.plain().execute("CREATE TRIGGER mine AFTER INSERT ON accounts BEGIN SELECT 1; END");
    let facts = database.bank().inspect_tables();
    assert_eq!(facts.triggers.as_deref(), Ok(&["mine on accounts".to_owned()][..]));
    assert_eq!(facts.missing_keys.as_deref(), Ok(&[][..]));
}
