//! The tables: they match `schema.rs`, and their constraints reject bad rows.

use bank_tests::fixtures::{open, open_with_limit, post, posted, transfer};
use bank_tests::{TestBackend, TestDatabase};

/// A column: table, name, type as in `schema.rs`, and whether it may be NULL.
type Column = (String, String, String, bool);

pub(crate) fn the_tables_are_those_of_schema_rs(backend: TestBackend) {
    let database = backend.database();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/bank-persistence/src/schema.rs");
    let described = described_columns(&std::fs::read_to_string(path).unwrap());
    assert!(described.len() > 15, "schema.rs was read: {described:?}");
    let is_sqlite = database.is_sqlite();
    let expected: Vec<Column> = described
        .into_iter()
        .map(|(table, column, sql_type, nullable)| (table, column, native(&sql_type, is_sqlite).to_owned(), nullable))
        .collect();
    assert_eq!(live_columns(&database), expected);
}

pub(crate) fn the_database_rejects_what_the_domain_rejects(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (a, b) = (open(&bank, "a", 100).id, open_with_limit(&bank, "b", 0, 50).id);
    posted(post(&bank, transfer(a, b, 10)));
    let mut plain = database.plain();
    for sql in [
        "UPDATE accounts SET balance = -1 WHERE name = 'a'",
        "UPDATE accounts SET balance = -51 WHERE name = 'b'",
        "UPDATE accounts SET overdraft_limit = -1 WHERE name = 'a'",
        "UPDATE accounts SET balance = NULL WHERE name = 'a'",
        "UPDATE accounts SET balance = 'much' WHERE name = 'a'",
        "UPDATE accounts SET balance = 9223372036854775807 WHERE name = 'a';
         UPDATE accounts SET balance = balance + 1 WHERE name = 'a'",
        "UPDATE transfers SET amount = 0",
        "UPDATE transfers SET amount = -1",
        "UPDATE transfers SET amount = NULL",
        "INSERT INTO transfers SELECT id, from_account_id, to_account_id, amount, 7, 7, 0, 0, memo, posted_at, 1 FROM transfers",
        "UPDATE accounts SET held = -1 WHERE name = 'a'",
        "UPDATE accounts SET held = 91 WHERE name = 'a'",
        "UPDATE accounts SET currency = NULL WHERE name = 'a'",
        "UPDATE transfers SET to_version = NULL",
        "UPDATE transfers SET to_balance_after = NULL",
        "UPDATE transfers SET kind = 3",
        "INSERT INTO account_names (name, account_id) VALUES ('a', 2)",
        "INSERT INTO currencies (code, scale) VALUES ('A19', 19)",
        "INSERT INTO ledger (id, default_currency, state) VALUES (2, 'XXX', 'ready')",
    ] {
        plain.execute("BEGIN");
        let refused = plain.try_execute(sql);
        plain.execute("ROLLBACK");
        assert!(refused.is_err(), "not rejected: {sql}");
    }
    // Two transfers that were decided on the same state of an account.
    for columns in ["from_version, to_version + 1", "from_version + 1, to_version"] {
        let id =
            if database.is_sqlite() { "zeroblob(16)" } else { "CAST('00000000-0000-0000-0000-000000000000' AS UUID)" };
        let sql = format!(
            "INSERT INTO transfers (id, from_account_id, to_account_id, amount, from_version, to_version, \
             from_balance_after, to_balance_after, kind) \
             SELECT {id}, from_account_id, to_account_id, amount, {columns}, 0, 0, 1 FROM transfers"
        );
        assert!(plain.try_execute(&sql).is_err(), "not rejected: {sql}");
    }
    // A program of the first schema does not know the kinds.
    let first_schema = "INSERT INTO transfers (id, from_account_id, to_account_id, amount, from_version, to_version, \
                        from_balance_after, to_balance_after) \
                        SELECT id, from_account_id, to_account_id, amount, 7, 7, 0, 0 FROM transfers";
    assert!(plain.try_execute(first_schema).is_err_and(|error| error.contains("kind")));
    plain.execute("UPDATE accounts SET balance = -50 WHERE name = 'b'");
}

/// Reads the `table!` macros.
fn described_columns(schema: &str) -> Vec<Column> {
    let mut columns = Vec::new();
    let mut table = String::new();
    for line in schema.lines().map(str::trim) {
        if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with(") {")) {
            table = name.to_owned();
        } else if let Some((name, sql_type)) = line.split_once(" -> ") {
            let sql_type = sql_type.trim_end_matches(',');
            let inner = sql_type.strip_prefix("Nullable<").and_then(|rest| rest.strip_suffix('>'));
            columns.push((table.clone(), name.to_owned(), inner.unwrap_or(sql_type).to_owned(), inner.is_some()));
        }
    }
    columns
}

fn native(sql_type: &str, is_sqlite: bool) -> &'static str {
    match (sql_type, is_sqlite) {
        ("Int8", false) => "bigint",
        ("Int2", false) => "smallint",
        ("Int8" | "Int2", true) => "INTEGER",
        ("Text", false) => "text",
        ("Text" | "Timestamptz" | "Date", true) => "TEXT",
        ("Uuid", false) => "uuid",
        ("Bytea", false) => "bytea",
        ("Uuid" | "Bytea", true) => "BLOB",
        ("Date", false) => "date",
        ("Timestamptz", false) => "timestamp with time zone",
        _ => panic!("{sql_type} is no type of the portable schema"),
    }
}

fn live_columns(database: &TestDatabase) -> Vec<Column> {
    let sql = if database.is_sqlite() {
        "SELECT m.name || ',' || c.name || ',' || c.type || ',' || CASE c.\"notnull\" WHEN 1 THEN 'NO' ELSE 'YES' END
                AS value
           FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c
          WHERE m.name IN ('account_changes', 'account_names', 'accounts', 'batches', 'currencies', 'holds', 'ledger',
                          'transfers') ORDER BY m.name, c.cid"
    } else {
        "SELECT concat_ws(',', table_name, column_name, data_type, is_nullable) AS value
           FROM information_schema.columns
          WHERE table_name IN ('account_changes', 'account_names', 'accounts', 'batches', 'currencies', 'holds', 'ledger',
                          'transfers') AND table_schema = current_schema()
          ORDER BY table_name, ordinal_position"
    };
    let rows = database.plain().texts(sql);
    rows.iter()
        .map(|row| match row.split(',').collect::<Vec<_>>()[..] {
            [table, column, sql_type, nullable] => {
                (table.to_owned(), column.to_owned(), sql_type.to_owned(), nullable == "YES")
            }
            _ => panic!("{row}"),
        })
        .collect()
}
