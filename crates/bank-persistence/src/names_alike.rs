//! Names that are the same text in different forms of Unicode, as ledgers of former versions may have them.

use std::collections::BTreeMap;

use bank_db::DbConnection;
use bank_domain::AccountName;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::audit::OFFENDERS_MAX;
use crate::error::BankError;
use crate::schema::account_names;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    account_id: i64,
}

const PAGE_SIZE: usize = 10_000;

/// Names with characters outside ASCII, page by page.
const POSTGRES_PAGE: &str = "
SELECT name, account_id FROM account_names WHERE name > $1 AND octet_length(name) <> char_length(name)
 ORDER BY name LIMIT 10000";
const SQLITE_PAGE: &str = "
SELECT name, account_id FROM account_names WHERE name > ? AND length(CAST(name AS BLOB)) <> length(name)
 ORDER BY name LIMIT 10000";

/// Returns sentences about accounts whose names differ in nothing but their form, at most ten.
pub(crate) fn find(connection: &mut DbConnection) -> Result<Vec<String>, BankError> {
    let mut alike: BTreeMap<AccountName, Vec<i64>> = BTreeMap::new();
    let (page, mut after) = match connection {
        DbConnection::Postgres(_) => (POSTGRES_PAGE, String::new()),
        DbConnection::Sqlite(_) => (SQLITE_PAGE, String::new()),
    };
    loop {
        let rows: Vec<Row> = diesel::sql_query(page).bind::<Text, _>(&after).load(connection)?;
        let is_last = rows.len() < PAGE_SIZE;
        // Nearly all names are composed, so few are kept.
        for Row { name, account_id } in rows {
            after.clone_from(&name);
            if let Some(composed) = AccountName::new(name).ok().and_then(|name| name.composed()) {
                alike.entry(composed).or_default().push(account_id);
            }
        }
        if is_last {
            break;
        }
    }
    let mut found = Vec::new();
    for (name, mut ids) in alike {
        let composed = account_names::table.find(name.as_str()).select(account_names::account_id);
        ids.extend(composed.get_result::<i64>(connection).optional()?);
        ids.sort_unstable();
        ids.dedup();
        if ids.len() > 1 && found.len() < OFFENDERS_MAX {
            let accounts: Vec<String> = ids.iter().map(ToString::to_string).collect();
            found.push(format!("`{name}` is the name of the accounts {}", accounts.join(" and ")));
        }
    }
    Ok(found)
}
