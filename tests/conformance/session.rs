//! The session of a transaction on a server.

use std::time::Duration;

use bank_persistence::{BankError, Settings};
use bank_tests::TestBackend;
use diesel::prelude::*;
use diesel::sql_types::Text;

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    value: String,
}

#[test]
fn a_transaction_that_writes_has_the_limits_of_the_settings() {
    let database = TestBackend::Postgres.database();
    let seconds = Duration::from_secs;
    let bank = database.bank_with(Settings {
        statement_timeout: seconds(7),
        lock_timeout: seconds(3),
        idle_in_transaction_timeout: seconds(11),
        ..Settings::default()
    });
    let names = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"];
    let limits = bank.write("reading the limits", move |connection| {
        let read = |name: &str| -> Result<String, BankError> {
            let query = format!("SELECT current_setting('{name}') AS value");
            Ok(diesel::sql_query(query).get_result::<Setting>(connection)?.value)
        };
        names.into_iter().map(read).collect::<Result<Vec<_>, _>>()
    });
    assert_eq!(limits.unwrap(), ["7s", "3s", "11s"]);
}
