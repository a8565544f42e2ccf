//! The rules of posting against an independent, naive model.

use bank_domain::{
    AccountState, AccountStatus, AccountVersion, CurrencyCode, Outcome, PostRequest, PostedTransfer, apply_batch,
};
use proptest::prelude::*;

use crate::{account, transfer};

/// The model: wide arithmetic, linear searches, whole copies; nothing shared with the code under test.
#[derive(Clone, Default)]
struct Model {
    /// Id, balance, limit, version, currency, and 0 if it is open.
    accounts: Vec<(i64, i128, i128, i64, usize, usize)>,
    journal: Vec<(u128, i64, i64, i64)>,
}

/// Id, paying and receiving account, amount, expected version.
type Row = (u128, i64, i64, i64, Option<i64>);

impl Model {
    fn apply(&mut self, (id, from, to, amount, expected): Row) -> &'static str {
        if let Some(row) = self.journal.iter().find(|row| row.0 == id) {
            return if *row == (id, from, to, amount) { "replayed" } else { "id_conflict" };
        }
        let mut after = self.accounts.clone();
        let mut found = [false, false];
        for row in &mut after {
            if row.0 == from {
                found[0] = true;
                row.1 -= i128::from(amount);
                row.3 += 1;
            }
            if row.0 == to {
                found[1] = true;
                row.1 += i128::from(amount);
                row.3 += 1;
            }
        }
        if from == to {
            return "same_account";
        }
        if found != [true, true] {
            return "account_not_found";
        }
        let of = |id| after.iter().find(|row| row.0 == id).copied().unwrap();
        let (payer, payee) = (of(from), of(to));
        if payer.5 + payee.5 > 0 {
            return if payer.5 == 1 || (payer.5 == 0 && payee.5 == 1) { "account_frozen" } else { "account_closed" };
        }
        if payer.4 != payee.4 {
            return "currency_mismatch";
        }
        // `after` counts the transfer itself.
        if after.iter().any(|row| row.0 == from && expected.is_some_and(|version| version + 1 != row.3)) {
            return "version_mismatch";
        }
        if after.iter().any(|row| row.0 == from && row.1 < -row.2) {
            return "insufficient_funds";
        }
        if after.iter().any(|row| row.1 > i128::from(i64::MAX)) {
            return "balance_overflow";
        }
        self.accounts = after;
        self.journal.push((id, from, to, amount));
        "posted"
    }
}

fn code(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Rejected(rejection) => rejection.code(),
        other => other.status(),
    }
}

prop_compose! {
    fn any_balance()(
        balance in prop_oneof![0..1_000i64, Just(i64::MAX), Just(i64::MAX - 500), Just(-50)],
        limit in prop_oneof![Just(50i64), 50..200i64, Just(i64::MAX)],
    ) -> (i64, i64) { (balance, limit) }
}

proptest! {
    #[test]
    fn any_split_of_any_input_agrees_with_the_model(
        balances in prop::collection::vec((any_balance(), 0..3usize, prop_oneof![6 => Just(0usize), 1 => 1..3usize]), 2..6),
        rows in prop::collection::vec(
            (
                1..12u128,
                1..6i64,
                1..6i64,
                prop_oneof![1..300i64, Just(i64::MAX)],
                prop_oneof![Just(None), (0..6i64).prop_map(Some)],
            ),
            0..60,
        ),
        split in 0..60usize,
    ) {
        let mut model = Model::default();
        let mut accounts = Vec::new();
        let currencies = ["XXX", "EUR", "USD"].map(|code| CurrencyCode::new(code).unwrap());
        for (id, ((balance, limit), currency, status)) in (1..).zip(&balances) {
            model.accounts.push((id, i128::from(*balance), i128::from(*limit), 0, *currency, *status));
            let (currency, status) = (currencies[*currency], AccountStatus::ALL[*status]);
            accounts.push(AccountState { currency, status, ..account(id, *balance, *limit) });
        }
        let total: i128 = model.accounts.iter().map(|a| a.1).sum();
        let order = |row: &Row| PostRequest {
            expected_version: row.4.map(AccountVersion::new),
            ..transfer(row.0, row.1, row.2, row.3)
        };
        let transfers: Vec<_> = rows.iter().map(order).collect();
        let (head, tail) = transfers.split_at(split.min(transfers.len()));

        let first = apply_batch(accounts.clone(), vec![], head);
        for now in &first.changed {
            *accounts.iter_mut().find(|a| a.id == now.id).unwrap() = *now;
        }
        let posted = |outcomes: &[Outcome]| -> Vec<PostedTransfer> {
            outcomes.iter().filter(|o| o.status() == "posted").filter_map(|o| o.posted().cloned()).collect()
        };
        let second = apply_batch(accounts.clone(), posted(&first.outcomes), tail);
        for now in &second.changed {
            *accounts.iter_mut().find(|a| a.id == now.id).unwrap() = *now;
        }

        let expected: Vec<_> = rows.iter().map(|row| model.apply(*row)).collect();
        let actual: Vec<_> = first.outcomes.iter().chain(&second.outcomes).map(code).collect();
        prop_assert_eq!(actual, expected);
        for (now, (id, balance, _, version, ..)) in accounts.iter().zip(&model.accounts) {
            prop_assert_eq!(now.id.get(), *id);
            prop_assert_eq!(i128::from(now.balance.get()), *balance);
            prop_assert_eq!(now.version.get(), *version);
        }
        prop_assert_eq!(accounts.iter().map(|a| i128::from(a.balance.get())).sum::<i128>(), total);
        let in_order = posted(&first.outcomes).into_iter().chain(posted(&second.outcomes));
        prop_assert_eq!(in_order.count(), model.journal.len());
    }
}
