//! What a client may do with a ledger, and any sequence of it.

use proptest::prelude::*;

/// How many accounts a sequence has at most.
pub(super) const ACCOUNTS_MAX: usize = 5;
/// The currencies of the accounts.
pub(super) const CURRENCIES: [&str; 3] = ["XXX", "EUR", "POINTS"];
/// How many payments have ids of their own.
pub(super) const PAYMENTS: usize = 20;
/// How many names accounts are renamed to.
const NAMES: usize = 6;

/// An account to be opened.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    /// An index of [`CURRENCIES`].
    pub(super) currency: usize,
    pub(super) balance: i64,
    pub(super) limit: i64,
}

/// Names a transfer: the number of a payment, and how often it is reversed.
pub(super) type Key = (usize, u8);

/// A payment between two of the accounts; one of them may not exist.
#[derive(Clone, Debug)]
pub(super) struct Payment {
    pub(super) key: Key,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) amount: i64,
    pub(super) expected_version: Option<i64>,
}

/// A change of an account.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Freeze,
    Unfreeze,
    Close,
    Limit(i64),
    /// To one of a few names, so that names are taken, given up and wanted back.
    Rename(usize),
}

/// One call.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Payments in one batch.
    Pay(Vec<Payment>),
    /// In one batch: payments, payments that take effect together or not at all, each with an id of its own, and payments.
    PayTogether {
        before: Vec<Payment>,
        group: Vec<Payment>,
        after: Vec<Payment>,
    },
    Reverse {
        key: Key,
        force: bool,
    },
    Change {
        account: usize,
        change: Change,
    },
}

prop_compose! {
    fn opening()(
        currency in prop_oneof![6 => Just(0_usize), 2 => Just(1_usize), 1 => Just(2_usize)],
        balance in prop_oneof![4 => 300..1_000_i64, 1 => Just(i64::MAX - 500), 1 => Just(-50_i64), 1 => Just(0_i64)],
        limit in prop_oneof![Just(50_i64), 50..200_i64],
    ) -> Opening {
        Opening { currency, balance, limit }
    }
}

/// Accounts to begin with.
pub(super) fn openings() -> impl Strategy<Value = Vec<Opening>> {
    prop::collection::vec(opening(), 4..=ACCOUNTS_MAX)
}

prop_compose! {
    fn payment()(
        id in 0..PAYMENTS,
        from in 0..ACCOUNTS_MAX,
        to in 0..ACCOUNTS_MAX,
        amount in prop_oneof![5 => 1..300_i64, 1 => Just(i64::MAX)],
        expected_version in prop_oneof![4 => Just(None), 1 => (0..6_i64).prop_map(Some)],
    ) -> Payment {
        Payment { key: (id, 0), from, to, amount, expected_version }
    }
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        2 => Just(Change::Freeze),
        4 => Just(Change::Unfreeze),
        1 => Just(Change::Close),
        2 => (0..300_i64).prop_map(Change::Limit),
        2 => (0..NAMES).prop_map(Change::Rename),
    ]
}

fn together() -> impl Strategy<Value = Vec<Payment>> {
    let keys = prop::sample::subsequence((0..PAYMENTS).collect::<Vec<_>>(), 2..5);
    (keys, prop::collection::vec(payment(), 4)).prop_map(|(keys, payments)| {
        keys.into_iter().zip(payments).map(|(number, payment)| Payment { key: (number, 0), ..payment }).collect()
    })
}

/// One call of any kind.
pub(super) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::collection::vec(payment(), 1..5).prop_map(Step::Pay),
        3 => (prop::collection::vec(payment(), 0..3), together(), prop::collection::vec(payment(), 0..3))
            .prop_map(|(before, group, after)| Step::PayTogether { before, group, after }),
        2 => (0..PAYMENTS, 0..2_u8, any::<bool>()).prop_map(|(id, times, force)| Step::Reverse { key: (id, times), force }),
        2 => (0..ACCOUNTS_MAX, change()).prop_map(|(account, change)| Step::Change { account, change }),
    ]
}
