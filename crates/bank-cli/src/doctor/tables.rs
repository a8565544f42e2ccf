//! Bank's tables: their keys, and what somebody has changed on them.

use bank_persistence::{Backend, TableFacts};
use serde_json::json;

use super::check::Judged;
use super::{Check, Judgement};

/// Judges the facts about the tables of a database that is set up.
pub(crate) fn judge(facts: &TableFacts, backend: Backend) -> Vec<Check> {
    let mut judged = vec![("keys", keys(facts)), ("tables", tables(facts)), ("names", names(facts))];
    if backend == Backend::Postgres {
        judged.extend([("encoding", encoding(facts)), ("identity", identity(facts))]);
    }
    judged.into_iter().map(|(name, judged)| Check::new(name, judged)).collect()
}

/// Returns what is to be said of the encoding when a database is set up, if anything is.
pub(crate) fn encoding_note(facts: &TableFacts) -> Option<String> {
    let judgement = encoding(facts).ok()?;
    judgement.advice.map(|advice| format!("{}; {advice}", judgement.finding))
}

fn keys(facts: &TableFacts) -> Judged<'_> {
    let missing = facts.missing_keys.as_ref()?;
    let columns: Vec<&str> = missing.iter().map(|key| key.columns()).collect();
    let judgement = match missing.first() {
        None => Judgement::ok("the journal has its three unique keys"),
        Some(first) => {
            let all: Vec<String> = missing.iter().map(ToString::to_string).collect();
            let finding = format!(
                "the journal has no unique key on exactly {}: a transfer could be posted twice",
                all.join(" nor on ")
            );
            Judgement::fail(
                finding,
                format!(
                    "look for ids that stand twice with `bank-cli verify`, then CREATE UNIQUE INDEX ON transfers {first}"
                ),
            )
        }
    };
    Ok(judgement.value(json!({ "missing": columns })))
}

fn tables(facts: &TableFacts) -> Judged<'_> {
    let (unlogged, partitioned) = (facts.unlogged.as_ref()?, facts.partitioned.as_ref()?);
    let (hidden, triggers) = (facts.row_security.as_ref()?, facts.triggers.as_ref()?);
    let judgement = if !unlogged.is_empty() {
        Judgement::fail(
            format!("{} UNLOGGED: a crash of the server empties them", are(unlogged)),
            "ALTER TABLE ... SET LOGGED",
        )
    } else if !hidden.is_empty() {
        Judgement::fail(
            format!("row-level security hides rows of {} from this user", hidden.join(", ")),
            "connect as the owner of the tables, or as a role with BYPASSRLS, to verify and export",
        )
    } else if !triggers.is_empty() {
        Judgement::warn(
            format!("triggers of another program: {}", triggers.join(", ")),
            "bank has none; make sure that they neither change nor keep back rows",
        )
    } else if !partitioned.is_empty() {
        Judgement::warn(
            format!(
                "{} partitioned: a unique key then needs the partition's column, and ids can stand twice",
                are(partitioned)
            ),
            "do not partition bank's tables",
        )
    } else {
        Judgement::ok("as bank has made them")
    };
    let value = json!({
        "unlogged": unlogged, "row_security": hidden, "triggers": triggers, "partitioned": partitioned
    });
    Ok(judgement.value(value))
}

fn are(names: &[String]) -> String {
    format!("{} {}", names.join(", "), if names.len() == 1 { "is" } else { "are" })
}

fn encoding(facts: &TableFacts) -> Judged<'_> {
    let encoding = facts.encoding.as_ref()?;
    let judgement = if ["UTF8", "UTF-8"].contains(&encoding.as_str()) {
        Judgement::ok(encoding)
    } else {
        Judgement::warn(
            format!("the encoding of the database is {encoding}: names and memos with other characters are refused"),
            "copy the ledger to a database made with ENCODING 'UTF8'",
        )
    };
    Ok(judgement.value(json!({ "encoding": encoding })))
}

fn names(facts: &TableFacts) -> Judged<'_> {
    let alike = facts.names_alike.as_ref()?;
    let judgement = match alike.as_slice() {
        [] => Judgement::ok("no two accounts have names that look the same"),
        _ => Judgement::warn(
            format!("names that look the same, in different forms of Unicode: {}", alike.join("; ")),
            "each is reached by its exact bytes; copy one from `bank-cli list --output jsonl`, and give it another name with \
             `bank-cli account rename`",
        ),
    };
    Ok(judgement.value(json!({ "alike": alike })))
}

fn identity(facts: &TableFacts) -> Judged<'_> {
    Ok(match facts.identity_behind.as_ref()? {
        None => Judgement::ok("the sequence of account ids is ahead of all accounts"),
        Some(greatest) => Judgement::fail(
            format!(
                "account {greatest} exists, and the sequence of accounts.id has not come so far: no account can be opened"
            ),
            "SELECT setval(pg_get_serial_sequence('accounts', 'id'), (SELECT max(id) FROM accounts))",
        ),
    })
}

#[cfg(test)]
mod tests {
    use bank_persistence::JournalKey;

    use super::super::Status;
    use super::*;

    fn healthy() -> TableFacts {
        TableFacts {
            missing_keys: Ok(Vec::new()),
            unlogged: Ok(Vec::new()),
            partitioned: Ok(Vec::new()),
            row_security: Ok(Vec::new()),
            triggers: Ok(Vec::new()),
            encoding: Ok("UTF8".to_owned()),
            identity_behind: Ok(None),
            names_alike: Ok(Vec::new()),
        }
    }

    fn find(facts: &TableFacts, name: &str) -> Judgement {
        judge(facts, Backend::Postgres).into_iter().find(|check| check.check == name).unwrap().judgement
    }

    #[test]
    fn healthy_tables_need_no_advice() {
        assert_eq!(judge(&healthy(), Backend::Sqlite).len(), 3);
        for Check { check, judgement } in judge(&healthy(), Backend::Postgres) {
            assert_eq!((judgement.status, &judgement.advice), (Status::Ok, &None), "{check}");
        }
        assert_eq!(encoding_note(&healthy()), None);
    }

    #[test]
    fn every_change_of_the_tables_comes_with_advice() {
        type Change = fn(&mut TableFacts);
        let changes: [(&str, Status, Change); 8] = [
            ("keys", Status::Fail, |f| f.missing_keys = Ok(vec![JournalKey::Id, JournalKey::PayingVersion])),
            ("tables", Status::Fail, |f| f.unlogged = Ok(vec!["transfers".to_owned()])),
            ("tables", Status::Fail, |f| f.row_security = Ok(vec!["transfers".to_owned()])),
            ("tables", Status::Warn, |f| f.triggers = Ok(vec!["t on transfers".to_owned()])),
            ("tables", Status::Warn, |f| f.partitioned = Ok(vec!["transfers".to_owned()])),
            ("names", Status::Warn, |f| f.names_alike = Ok(vec!["`José` is the name of two".to_owned()])),
            ("encoding", Status::Warn, |f| f.encoding = Ok("LATIN1".to_owned())),
            ("identity", Status::Fail, |f| f.identity_behind = Ok(Some("7".to_owned()))),
        ];
        for (name, status, change) in changes {
            let mut facts = healthy();
            change(&mut facts);
            let judgement = find(&facts, name);
            assert_eq!((judgement.status, judgement.advice.is_some()), (status, true), "{name}: {judgement:?}");
        }
    }
}
