//! `bank-cli demo`: prints the tutorial's transcript, and never touches existing data.

use bank_tests::TestBackend;
use bank_tests::invariants::{Ledger, assert_sound};

use crate::{Scene, sandbox};

fn transcript(engine: &str) -> String {
    format!(
        "\
>>>> Successfully connected to {engine}!
>>>> Successfully created table accounts.
>>>> Selecting accounts:
name = Jessica, age = 28, country = USA, balance = 10000
name = John, age = 28, country = Canada, balance = 9000
>>>> Transferred 800 between accounts.
>>>> Selecting accounts:
name = Jessica, age = 28, country = USA, balance = 9200
name = John, age = 28, country = Canada, balance = 9800
"
    )
}

#[test]
fn the_demo_needs_no_setup_and_prints_the_transcript() {
    let cli = sandbox();
    cli.run(&["demo"]).expect(0, transcript("SQLite"), "");
    assert_eq!(cli.stdout(&["list"]).lines().count(), 2);
}

#[test]
fn the_demo_names_the_server_that_it_uses() {
    let database = TestBackend::Postgres.empty_database();
    let version = database.plain().texts("SELECT split_part(version(), ' ', 2) AS value").remove(0);
    let cli = sandbox().database_url(database.url_text());
    cli.run(&["demo"]).expect(0, transcript(&format!("PostgreSQL {version}")), "");
    assert_sound(&database);
}

#[test]
fn the_demo_never_touches_existing_accounts() {
    for (backend, engine) in [(TestBackend::Sqlite, "SQLite"), (TestBackend::Postgres, "PostgreSQL [..]")] {
        let scene = Scene::on(backend);
        scene.cli.stdout(&["transfer", "--from", "Jessica", "--to", "John", "--amount", "5"]);
        let before = Ledger::read(&scene.database);
        for _ in 0..2 {
            let note = "note: this database is not empty: the demo works in [..] instead\n";
            scene.cli.run(&["demo"]).expect(0, transcript(engine), note);
        }
        assert_eq!(Ledger::read(&scene.database), before);
        if backend == TestBackend::Postgres {
            let leftovers = "SELECT count(*) AS value FROM pg_namespace WHERE nspname LIKE 'bank_demo%'";
            assert_eq!(scene.database.plain().number(leftovers), 0);
        }
    }
}
