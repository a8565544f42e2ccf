//! The audit finds every kind of damage and names the offender. So does the independent checker.

use bank_domain::{AccountId, Currency, CurrencyCode, Transfer};
use bank_persistence::{Bank, CurrencyTotals, Finding, Invariant};
use bank_tests::fixtures::{
    current, new_account, only_totals, open, open_many, open_with_limit, post, posted, random_transfers, transfer,
};
use bank_tests::invariants::{Ledger, assert_sound};
use bank_tests::{TestBackend, TestDatabase};

pub(crate) fn an_empty_database_is_sound(backend: TestBackend) {
    let database = backend.database();
    assert_sound(&database);
    let report = database.bank().audit().unwrap();
    assert_eq!((report.accounts, report.transfers, report.currencies), (0, 0, Vec::new()));
}

pub(crate) fn a_used_database_is_sound(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let accounts = open_many(&bank, 5, 1000);
    bank.post_batch(&random_transfers(4, &accounts, 100, 10)).unwrap();
    assert_sound(&database);
    let report = bank.audit().unwrap();
    assert_eq!((report.accounts, report.transfers, only_totals(&report.currencies)), (5, 100, (5000, 5000)));
}

pub(crate) fn a_changed_balance_is_found(backend: TestBackend) {
    let scene = Scene::new(backend);
    scene.damage("UPDATE accounts SET balance = balance + 1 WHERE name = 'Jessica'");
    let offender = scene.finding(Invariant::BalanceMatchesJournal).offenders[0].clone();
    assert!(offender.contains("Jessica"), "{offender}");
    let total = scene.finding(Invariant::ConservedTotal);
    assert!(total.offenders[0].contains("301") && total.offenders[0].contains("300"), "{total:?}");
    // It also differs from the balance after her last transfer.
    assert!(scene.finding(Invariant::ChainedBalances).offenders[0].contains("Jessica"));
    scene.assert_checker_says(&["I2: ", "I3: Jessica"]);
}

pub(crate) fn money_moved_behind_the_journal_is_found(backend: TestBackend) {
    let scene = Scene::new(backend);
    // The total stays right.
    scene.damage("UPDATE accounts SET balance = balance - 1 WHERE name = 'Jessica'");
    scene.damage("UPDATE accounts SET balance = balance + 1 WHERE name = 'John'");
    let finding = scene.finding(Invariant::BalanceMatchesJournal);
    assert_eq!(finding.count, 2);
    assert!(finding.offenders[0].contains("Jessica") && finding.offenders[1].contains("John"), "{finding:?}");
    assert!(!scene.broken().contains(&Invariant::ConservedTotal));
    scene.assert_checker_says(&["I3: Jessica", "I3: John"]);
}

pub(crate) fn a_deleted_transfer_is_found(backend: TestBackend) {
    let scene = Scene::new(backend);
    scene.damage("DELETE FROM transfers WHERE amount = 20");
    assert!(scene.finding(Invariant::UnbrokenVersions).offenders[0].contains("Jessica"));
    assert!(scene.finding(Invariant::BalanceMatchesJournal).offenders[0].contains("Jessica"));
    scene.assert_checker_says(&["I4: Jessica", "I3: Jessica"]);
}

pub(crate) fn a_changed_balance_after_is_found(backend: TestBackend) {
    let scene = Scene::new(backend);
    scene.damage("UPDATE transfers SET to_balance_after = to_balance_after + 1 WHERE amount = 20");
    let finding = scene.finding(Invariant::ChainedBalances);
    assert!(finding.offenders[0].contains("John") && finding.offenders[0].contains("version 2"), "{finding:?}");
    scene.assert_checker_says(&["I4: John"]);
}

pub(crate) fn a_changed_amount_is_found(backend: TestBackend) {
    let scene = Scene::new(backend);
    scene.damage("UPDATE transfers SET amount = 21 WHERE amount = 20");
    assert_eq!(scene.finding(Invariant::BalanceMatchesJournal).count, 2);
    assert_eq!(scene.finding(Invariant::ChainedBalances).count, 2);
    scene.assert_checker_says(&["I3: Jessica", "I3: John", "I4: Jessica", "I4: John"]);
}

pub(crate) fn an_orphan_is_found(backend: TestBackend) {
    let scene = Scene::new(backend);
    scene.damage("UPDATE transfers SET to_account_id = 4000000000 WHERE amount = 30");
    let finding = scene.finding(Invariant::NoOrphans);
    assert_eq!(finding.count, 1);
    let id = scene.transfers[2].id.to_string();
    assert!(finding.offenders[0].contains(&id) && finding.offenders[0].contains("4000000000"), "{finding:?}");
    scene.assert_checker_says(&["I6: transfer"]);
}

pub(crate) fn a_balance_below_its_limit_is_found(backend: TestBackend) {
    let scene = Scene::new(backend);
    scene.drop_balance_check();
    scene.damage("UPDATE accounts SET balance = -1 WHERE name = 'John'");
    let finding = scene.finding(Invariant::WithinLimit);
    assert_eq!(finding.count, 1);
    assert!(finding.offenders[0].contains("John"), "{finding:?}");
    let totals = scene.database.bank().totals().unwrap();
    assert_eq!((totals.below_limit, totals.without_balance), (1, 0));
    scene.assert_checker_says(&["I5: John"]);
}

pub(crate) fn money_that_crossed_currencies_is_found(backend: TestBackend) {
    let scene = Scene::new(backend);
    scene.damage("INSERT INTO currencies (code, scale) VALUES ('EUR', 2)");
    scene.damage("UPDATE accounts SET currency = 'EUR' WHERE name = 'John'");
    let finding = scene.finding(Invariant::OneCurrency);
    assert_eq!((finding.count, finding.offenders.len()), (3, 3));
    let mut ids: Vec<String> = scene.transfers.iter().map(|transfer| transfer.id.to_string()).collect();
    ids.sort();
    for (offender, id) in finding.offenders.iter().zip(ids) {
        let expected = format!("transfer {id} goes from Jessica, which has XXX, to John, which has EUR");
        assert_eq!(*offender, expected);
    }
    // 60 went from one currency to the other, and the sum of both is right.
    let total = scene.finding(Invariant::ConservedTotal);
    let expected = [
        "the balances total 1.60 EUR, the opening balances 1.00 EUR",
        "the balances total 140, the opening balances 200",
    ];
    assert_eq!(total.offenders, expected);
    scene.assert_checker_says(&["I2: EUR", "I2: XXX", "I7: transfer"]);
}

pub(crate) fn an_account_of_an_unknown_currency_is_found(backend: TestBackend) {
    let scene = Scene::new(backend);
    scene.damage("UPDATE accounts SET currency = 'GONE' WHERE name = 'Mary'");
    let finding = scene.finding(Invariant::OneCurrency);
    assert_eq!(finding.offenders, ["account Mary has the currency GONE, which the ledger does not have"]);
}

pub(crate) fn totals_are_of_each_currency_by_itself(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let euros = CurrencyCode::new("EUR").unwrap();
    open(&bank, "plain", 7);
    for (account, balance) in [("rich", i64::MAX), ("richer", i64::MAX)] {
        bank.open_account(&new_account(account, balance).with_currency(Some(euros))).unwrap();
    }
    let poor = bank.open_account(&new_account("poor", 0).with_currency(Some(euros))).unwrap();
    posted(post(&bank, transfer(current(&bank, "rich").id, poor.id, 5)));
    let of = |currency, accounts, total| CurrencyTotals { currency, accounts, opening_balance: total, balance: total };
    let expected = [of(Currency::iso(euros).unwrap(), 3, 2 * i128::from(i64::MAX)), of(Currency::NONE, 1, 7)];
    assert_eq!(bank.audit().unwrap().currencies, expected);
    let totals = bank.totals().unwrap();
    assert_eq!((totals.accounts, totals.currencies.as_slice()), (4, expected.as_slice()));
    assert_sound(&database);
}

pub(crate) fn a_gap_in_the_versions_is_found(backend: TestBackend) {
    let scene = Scene::new(backend);
    scene.damage("UPDATE transfers SET from_version = 9 WHERE amount = 30");
    let finding = scene.finding(Invariant::UnbrokenVersions);
    assert!(finding.offenders[0].contains("Jessica"), "{finding:?}");
    scene.assert_checker_says(&["I4: Jessica"]);

    let scene = Scene::new(backend);
    scene.damage("UPDATE accounts SET version = version + 1 WHERE name = 'John'");
    assert!(scene.finding(Invariant::UnbrokenVersions).offenders[0].contains("John"));
    scene.assert_checker_says(&["I4: John"]);
}

pub(crate) fn only_the_first_offenders_are_listed_and_all_are_counted(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    open_many(&bank, 25, 100);
    database.plain().execute("UPDATE accounts SET balance = balance + 1");
    let findings = bank.audit().unwrap().findings;
    let finding = find(&findings, Invariant::BalanceMatchesJournal);
    assert_eq!((finding.count, finding.offenders.len()), (25, 10));
}

pub(crate) fn totals_beyond_64_bits_are_audited(backend: TestBackend) {
    let database = backend.database();
    let bank = database.bank();
    let rich: Vec<AccountId> =
        (0..3).map(|n| open_with_limit(&bank, &format!("rich {n}"), i64::MAX, i64::MAX).id).collect();
    let poor = open(&bank, "poor", 0).id;
    for account in rich {
        // The sums of credits and of debits of one account exceed 64 bits.
        posted(post(&bank, transfer(account, poor, i64::MAX)));
        posted(post(&bank, transfer(poor, account, i64::MAX)));
    }
    assert_sound(&database);
    database.plain().execute("UPDATE accounts SET balance = balance - 1 WHERE name = 'rich 1'");
    let report = bank.audit().unwrap();
    let (opening, balance) = only_totals(&report.currencies);
    assert_eq!(opening - balance, 1);
    assert_eq!(find(&report.findings, Invariant::BalanceMatchesJournal).count, 1);
}

/// Jessica has paid John 10, 20 and 30; Mary has paid nothing. Each began with 100.
struct Scene {
    database: TestDatabase,
    bank: Bank,
    transfers: Vec<Transfer>,
}

impl Scene {
    fn new(backend: TestBackend) -> Self {
        let database = backend.database();
        let bank = database.bank();
        let (jessica, john) = (open(&bank, "Jessica", 100).id, open(&bank, "John", 100).id);
        open(&bank, "Mary", 100);
        let transfers: Vec<Transfer> = [10, 20, 30].map(|amount| transfer(jessica, john, amount)).into();
        for transfer in &transfers {
            posted(post(&bank, transfer));
        }
        assert_sound(&database);
        Self { database, bank, transfers }
    }

    fn damage(&self, sql: &str) {
        self.database.plain().execute(sql);
    }

    /// Drops the constraints, as a restored dump or a careless migration might.
    fn drop_balance_check(&self) {
        if self.database.is_sqlite() {
            self.damage(
                "PRAGMA writable_schema = ON;
                 UPDATE sqlite_master SET sql = replace(sql, 'CHECK (balance - held >= -overdraft_limit)', 'CHECK (1)')
                  WHERE name = 'accounts';
                 PRAGMA writable_schema = RESET;",
            );
        } else {
            let find =
                "SELECT conname AS value FROM pg_constraint WHERE conrelid = 'accounts'::regclass AND contype = 'c'";
            for name in self.database.plain().texts(find) {
                self.damage(&format!("ALTER TABLE accounts DROP CONSTRAINT {name}"));
            }
        }
    }

    fn broken(&self) -> Vec<Invariant> {
        self.bank.audit().unwrap().findings.iter().map(|finding| finding.invariant).collect()
    }

    fn finding(&self, invariant: Invariant) -> Finding {
        find(&self.bank.audit().unwrap().findings, invariant).clone()
    }

    /// Checks that the independent checker reports violations with these beginnings.
    fn assert_checker_says(&self, beginnings: &[&str]) {
        let violations = Ledger::read(&self.database).violations();
        for beginning in beginnings {
            assert!(violations.iter().any(|text| text.starts_with(beginning)), "{beginning} is not in {violations:?}");
        }
    }
}

fn find(findings: &[Finding], invariant: Invariant) -> &Finding {
    let found = findings.iter().find(|finding| finding.invariant == invariant);
    found.unwrap_or_else(|| panic!("{invariant:?} is not among {findings:?}"))
}
