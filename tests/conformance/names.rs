//! Names that Unicode can write in several ways.

use bank_domain::{AccountChange, AccountName};
use bank_persistence::{BankError, ChangeOutcome};
use bank_tests::TestBackend;
use bank_tests::fixtures::{name, new_account, open, post, posted, transfer};
use bank_tests::invariants::assert_sound;

const COMPOSED: &str = "Jos\u{e9}";
const DECOMPOSED: &str = "Jose\u{301}";

pub(crate) fn a_name_is_found_in_either_form(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    // As some systems write the names of files.
    let jose = open(&bank, DECOMPOSED, 10);
    assert_eq!(jose.name.as_str(), COMPOSED);
    let anna = open(&bank, "Anna", 0);
    let forms = [name(COMPOSED), name(DECOMPOSED)];
    for form in &forms {
        assert_eq!(bank.find_account(form).unwrap().unwrap().id, jose.id);
        assert!(matches!(bank.open_account(&new_account(form.as_str(), 1)), Err(BankError::AccountExists { .. })));
    }
    let mut found = bank.find_accounts(&[&forms[0], &forms[1], &anna.name, &name("Nobody")]).unwrap();
    found.sort_by_key(|(name, _)| name.clone());
    let found: Vec<(AccountName, _)> = found.into_iter().map(|(name, account)| (name, account.id)).collect();
    let [composed, decomposed] = forms;
    assert_eq!(found, [(name("Anna"), anna.id), (decomposed, jose.id), (composed, jose.id)]);
    assert_eq!(bank.inspect_tables().names_alike.unwrap(), [""; 0]);
}

pub(crate) fn names_of_an_old_ledger_that_look_the_same_are_two_accounts(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (composed, other) = (open(&bank, COMPOSED, 10), open(&bank, "other", 0));
    database.plain().execute(&format!(
        "UPDATE accounts SET name = '{DECOMPOSED}' WHERE id = {id};
         UPDATE account_names SET name = '{DECOMPOSED}' WHERE account_id = {id}",
        id = other.id
    ));
    for (form, id) in [(COMPOSED, composed.id), (DECOMPOSED, other.id)] {
        assert_eq!(bank.find_account(&name(form)).unwrap().unwrap().id, id, "{form:?}");
    }
    let expected = format!("`{COMPOSED}` is the name of the accounts {} and {}", composed.id, other.id);
    assert_eq!(bank.inspect_tables().names_alike.unwrap(), [expected]);
    posted(post(&bank, transfer(composed.id, other.id, 1)));
    assert_sound(&database);
}

pub(crate) fn no_new_name_looks_like_that_of_another_account(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (old, anna) = (open(&bank, "old", 0), open(&bank, "Anna", 0));
    database.plain().execute(&format!("UPDATE account_names SET name = '{DECOMPOSED}' WHERE account_id = {}", old.id));
    for form in [COMPOSED, DECOMPOSED] {
        assert!(matches!(bank.open_account(&new_account(form, 1)), Err(BankError::AccountExists { .. })));
        let renamed = bank.change_account(&anna.name, AccountChange::Rename(name(form)), None).unwrap().unwrap();
        match renamed {
            ChangeOutcome::Refused { reason, .. } => assert_eq!(reason.code(), "name_taken"),
            ChangeOutcome::Changed { after, .. } => panic!("{after:?}"),
        }
    }
}
