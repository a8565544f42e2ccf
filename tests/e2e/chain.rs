//! The main commands from setup to verify, on both backends, twice in a row.

use bank_tests::TestBackend;
use bank_tests::invariants::assert_sound;
use snapbox::str;

use crate::sandbox;

#[test]
fn the_whole_chain_works_on_sqlite_twice_in_a_row() {
    run_chain(TestBackend::Sqlite);
}

#[test]
fn the_whole_chain_works_on_postgres_twice_in_a_row() {
    run_chain(TestBackend::Postgres);
}

fn run_chain(backend: TestBackend) {
    let database = backend.empty_database();
    let cli = sandbox().database_url(database.url_text());

    cli.run(&["setup"]).expect(
        0,
        str![[r#"
Connected to [..], database [..].
Created the tables.
Created account Jessica with balance 10000.
Created account John with balance 9000.

"#]],
        "",
    );
    cli.run(&["list"]).expect(
        0,
        str![[r#"
name = Jessica, age = 28, country = USA, balance = 10000
name = John, age = 28, country = Canada, balance = 9000

"#]],
        "",
    );
    transfer_and_look(&cli, ["9200", "9800"], 1);

    cli.run(&["setup"]).expect(
        0,
        str![[r#"
Connected to [..], database [..].
The schema is up to date.
Account Jessica was already there.
Account John was already there.

"#]],
        "",
    );
    transfer_and_look(&cli, ["8400", "10600"], 2);
    assert_sound(&database);
}

/// Transfers 800 and checks the output of every command that shows it.
fn transfer_and_look(cli: &bank_tests::cli::Sandbox, [jessica, john]: [&str; 2], version: usize) {
    let arguments = ["transfer", "--from", "Jessica", "--to", "John", "--amount", "800"];
    let posted = format!(
        "Transferred 800 between accounts.\nid     = [..]\nstatus = posted\n\
         from   = Jessica, balance = {jessica}\nto     = John, balance = {john}\n"
    );
    cli.run(&arguments).expect(0, posted, "transfer id: [..]\n");

    let list = format!(
        "name = Jessica, age = 28, country = USA, balance = {jessica}\n\
         name = John, age = 28, country = Canada, balance = {john}\n"
    );
    cli.run(&["list"]).expect(0, list, "");

    let history = cli.stdout(&["history", "Jessica", "--output", "lines"]);
    assert_eq!(history.lines().count(), version, "{history}");
    let newest = format!("version = {version}, time = [..], to = John, amount = -800, balance = {jessica}, id = [..]");
    snapbox::Assert::new().eq(history.lines().next().unwrap(), newest);

    let verified = format!(
        "accounts      = 2\ntransfers     = {version}\nopening total = 19000\nbalance total = 19000\n{}",
        "ok      [..]\n".repeat(9)
    );
    cli.run(&["verify"]).expect(0, verified, "");
}

#[test]
fn two_concurrent_setups_both_succeed() {
    for backend in [TestBackend::Sqlite, TestBackend::Postgres] {
        for _ in 0..5 {
            let database = backend.empty_database();
            let cli = sandbox().database_url(database.url_text());
            let running: Vec<_> = (0..2).map(|_| cli.command(&["setup"]).spawn().unwrap()).collect();
            for child in running {
                let output = child.wait_with_output().unwrap();
                assert_eq!(output.status.code(), Some(0), "{output:?}");
            }
            assert_eq!(cli.stdout(&["list"]).lines().count(), 2);
            assert_sound(&database);
        }
    }
}
