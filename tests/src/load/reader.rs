//! Readers that sum all balances while the clients post.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use bank_persistence::{Bank, BankError, DatabaseUrl, RetryPolicy, Settings};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::LoadPlan;

/// One statement, so one snapshot at every isolation level.
const SUMS: &str = "SELECT CAST(coalesce(sum(balance), 0) AS BIGINT) AS total, count(*) AS accounts, \
                    CAST(coalesce(sum(CASE WHEN balance >= 0 THEN 0 ELSE 1 END), 0) AS BIGINT) AS bad FROM accounts";

#[derive(QueryableByName, PartialEq, Eq)]
struct Sums {
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = BigInt)]
    accounts: i64,
    /// Balances that are negative or missing.
    #[diesel(sql_type = BigInt)]
    bad: i64,
}

/// A reader, and the violations that it has seen.
#[derive(Debug)]
pub(super) struct Reader {
    bank: Bank,
    accounts: i64,
    total: i64,
    pub(super) reads: u64,
    pub(super) violations: Vec<String>,
    pub(super) connection_losses: u64,
}

impl Reader {
    pub(super) fn connect(url: &DatabaseUrl, plan: LoadPlan) -> Self {
        // One attempt for each read: while the server is away, the reader only counts.
        let retry = RetryPolicy { attempts_max: 1, ..RetryPolicy::default() };
        let settings =
            Settings { pool_size: 1, connection_timeout: Duration::from_secs(2), retry, ..Settings::default() };
        let bank = Bank::connect(url, settings).expect("the database can be reached before the damage");
        let accounts = i64::try_from(plan.accounts).expect("few accounts");
        let total = accounts * plan.opening_balance;
        Self { bank, accounts, total, reads: 0, violations: Vec::new(), connection_losses: 0 }
    }

    pub(super) fn read_until(mut self, stopped: &AtomicBool) -> Self {
        while !stopped.load(Ordering::SeqCst) {
            match self.sums() {
                Ok(sums) => self.look_at(&sums),
                Err(BankError::RetriesExhausted { .. }) => self.connection_losses += 1,
                Err(error) => self.violations.push(format!("I7: a read failed: {error:?}")),
            }
            // Readers should see many states without keeping a core busy.
            thread::sleep(Duration::from_millis(5));
        }
        self
    }

    fn sums(&self) -> Result<Sums, BankError> {
        self.bank.read("summing", |connection| Ok(diesel::sql_query(SUMS).get_result(connection)?))
    }

    fn look_at(&mut self, sums: &Sums) {
        self.reads += 1;
        let Sums { total, accounts, bad } = *sums;
        if (total, accounts, bad) != (self.total, self.accounts, 0) {
            let expected = format!("{} in {}", self.total, self.accounts);
            let seen = format!("{total} in {accounts} accounts, {bad} of them negative or missing");
            self.violations.push(format!("I7: a reader saw {seen}, in place of {expected}"));
        }
    }
}
