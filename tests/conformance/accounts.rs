//! Accounts: opening, finding, listing, counting.

use bank_domain::{
    Account, AccountName, AccountStatus, AccountVersion, Age, Balance, Country, Currency, Held, NewAccount,
    OverdraftLimit,
};
use bank_persistence::{Bank, BankError};
use bank_tests::TestBackend;
use bank_tests::fixtures::{name, new_account, only_totals, open, open_many, post, posted, transfer};

pub(crate) fn an_opened_account_is_found_with_every_field(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let (age, country) = (Some(Age::new(28).unwrap()), Some(Country::new("USA").unwrap()));
    let new = NewAccount::new(name("Jessica"), Balance::new(-5), OverdraftLimit::new(500).unwrap()).unwrap();
    let opened = bank.open_account(&new.with_age(age).with_country(country.clone())).unwrap();
    let expected = Account {
        id: opened.id,
        name: name("Jessica"),
        age,
        country,
        currency: Currency::NONE,
        status: AccountStatus::Open,
        opening_balance: Balance::new(-5),
        balance: Balance::new(-5),
        held: Held::default(),
        overdraft_limit: OverdraftLimit::new(500).unwrap(),
        version: AccountVersion::new(0),
    };
    assert_eq!(opened, expected);
    assert_eq!(bank.find_account(&name("Jessica")).unwrap(), Some(expected));
}

pub(crate) fn an_unknown_name_finds_nothing(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    open(&bank, "Jessica", 1);
    assert_eq!(bank.find_account(&name("Jessika")).unwrap(), None);
}

pub(crate) fn names_differ_in_case_and_accents(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    for (number, text) in ["Zoe", "zoe", "Zoë"].into_iter().enumerate() {
        open(&bank, text, i64::try_from(number).unwrap());
    }
    assert_eq!(bank.count_accounts().unwrap(), 3);
    assert_eq!(bank.find_account(&name("Zoë")).unwrap().unwrap().balance, Balance::new(2));
}

pub(crate) fn a_second_account_with_the_same_name_is_rejected(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    open(&bank, "Jessica", 1);
    match bank.open_account(&new_account("Jessica", 2)) {
        Err(BankError::AccountExists { name: taken }) => assert_eq!(taken, name("Jessica")),
        other => panic!("AccountExists expected, got {other:?}"),
    }
}

pub(crate) fn a_rejected_account_leaves_nothing_behind(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    open(&bank, "Jessica", 1);
    bank.open_account(&new_account("Jessica", 2)).unwrap_err();
    let totals = bank.totals().unwrap();
    assert_eq!((totals.accounts, only_totals(&totals.currencies)), (1, (1, 1)));
}

pub(crate) fn sql_in_a_name_stays_a_name(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let hostile = "Robert'); DROP TABLE accounts;--";
    let robert = open(&bank, hostile, 10);
    let other = open(&bank, "100%_\\\"'", 0);
    posted(post(&bank, transfer(robert.id, other.id, 3)));
    assert_eq!(bank.find_account(&name(hostile)).unwrap().unwrap().balance, Balance::new(7));
    assert_eq!(bank.find_account(&name("100%_\\\"'")).unwrap().unwrap().balance, Balance::new(3));
    assert_eq!(bank.count_accounts().unwrap(), 2);
    assert!(bank.similar_names(&name(hostile)).unwrap().contains(&name(hostile)));
}

pub(crate) fn names_of_64_characters_in_any_script_are_kept(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    for letter in ["a", "ü", "銀", "🏦"] {
        let text = letter.repeat(AccountName::MAX_CHARACTERS);
        open(&bank, &text, 1);
        assert_eq!(bank.find_account(&name(&text)).unwrap().unwrap().name.as_str(), text);
    }
}

pub(crate) fn accounts_are_found_by_many_names_in_one_call(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    open_many(&bank, 50, 1);
    let names: Vec<AccountName> = (0..2500).map(|number| name(&format!("a{number}"))).collect();
    let references: Vec<&AccountName> = names.iter().collect();
    let mut found = bank.find_accounts(&references).unwrap();
    found.sort_by_key(|(_, account)| account.id);
    assert!(found.iter().all(|(name, account)| *name == account.name));
    assert_eq!(found.iter().map(|(name, _)| name).collect::<Vec<_>>(), references[..50]);
    assert!(bank.find_accounts(&[]).unwrap().is_empty());
}

pub(crate) fn the_list_is_ordered_and_complete_over_several_pages(backend: TestBackend) {
    const ACCOUNTS: u64 = 2345;
    let database = backend.database();
    let bank = database.bank();
    insert_accounts(&bank, ACCOUNTS);
    let accounts = list(&bank, None);
    assert_eq!(u64::try_from(accounts.len()).unwrap(), ACCOUNTS);
    assert!(accounts.is_sorted_by(|left, right| left.id < right.id), "the list is ordered by id without repetitions");
    assert_eq!(bank.count_accounts().unwrap(), ACCOUNTS);
}

pub(crate) fn the_list_stops_at_its_limit(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    insert_accounts(&bank, 2100);
    let all = list(&bank, None);
    for limit in [0_u16, 1, 999, 1000, 1001, 2000, 2099, 2100] {
        assert_eq!(list(&bank, Some(limit.into())), all[..limit.into()], "limit {limit}");
    }
    assert_eq!(list(&bank, Some(u64::MAX)), all);
}

pub(crate) fn the_list_stops_when_its_reader_fails(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    open_many(&bank, 3, 1);
    let mut seen = 0;
    let stopped: Result<(), BankError> = bank.list_accounts(None, |_| {
        seen += 1;
        Err(BankError::AccountExists { name: name("stop") })
    });
    assert!(matches!(stopped, Err(BankError::AccountExists { .. })), "{stopped:?}");
    assert_eq!(seen, 1);
    assert_eq!(bank.count_accounts().unwrap(), 3, "the connection is still of use");
}

pub(crate) fn the_list_is_one_snapshot(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    insert_accounts(&bank, 1500);
    let ids: Vec<_> = list(&bank, None).iter().map(|account| account.id).collect();
    let (first, last) = (ids[0], ids[ids.len() - 1]);
    let mut total = 0;
    let listed: Result<(), BankError> = bank.list_accounts(None, |account| {
        if account.id == first {
            // Between the first page and the second, money moves from the second page to the first.
            posted(post(&bank, transfer(last, first, 100)));
        }
        total += account.balance.get();
        Ok(())
    });
    listed.unwrap();
    assert_eq!(total, 1500 * 100);
}

pub(crate) fn counts_and_totals_exceed_64_bits(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    for number in 0..3 {
        open(&bank, &format!("rich {number}"), i64::MAX);
    }
    let totals = bank.totals().unwrap();
    assert_eq!(totals.accounts, 3);
    let total = 3 * i128::from(i64::MAX);
    assert_eq!(only_totals(&totals.currencies), (total, total));
}

pub(crate) fn similar_names_include_the_nearest(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    insert_accounts(&bank, 1100);
    open(&bank, "Jessica", 1);
    for typed in ["Jesica", "jessica", "JESSICA", "Jessicaa"] {
        let similar = bank.similar_names(&name(typed)).unwrap();
        assert!(similar.contains(&name("Jessica")), "{typed}: Jessica is not among {} names", similar.len());
        assert!(similar.len() < 2000, "the number of candidates is bounded");
    }
}

fn list(bank: &Bank, limit: Option<u64>) -> Vec<Account> {
    let mut accounts = Vec::new();
    let listed: Result<(), BankError> = bank.list_accounts(limit, |account| {
        accounts.push(account);
        Ok(())
    });
    listed.unwrap();
    accounts
}

/// Opens many accounts with 100 each, in one transaction.
fn insert_accounts(bank: &Bank, count: u64) {
    bank.write("opening many accounts", move |connection| {
        for number in 0..count {
            let new = new_account(&format!("a{number:05}"), 100);
            bank_persistence::accounts::open(connection, &new)?;
        }
        Ok(())
    })
    .unwrap();
}
