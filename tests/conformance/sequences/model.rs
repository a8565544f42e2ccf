//! The model: wide arithmetic, linear searches, whole copies; nothing shared with the code under test.

use super::step::{Change, Key, Opening, Payment, Step};

/// An account of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ModelAccount {
    currency: usize,
    pub(super) status: &'static str,
    pub(super) balance: i128,
    pub(super) limit: i128,
    pub(super) version: i64,
    /// All names that it has had, the present one last: none yet is the name it was opened with.
    pub(super) names: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct ModelTransfer {
    key: Key,
    from: usize,
    to: usize,
    amount: i64,
    /// The keys of all members of its group.
    group: Option<Vec<Key>>,
}

/// A ledger of the model.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) accounts: Vec<ModelAccount>,
    journal: Vec<ModelTransfer>,
}

impl Model {
    pub(super) fn open(openings: &[Opening]) -> Self {
        let account = |opening: &Opening| ModelAccount {
            currency: opening.currency,
            status: "open",
            balance: opening.balance.into(),
            limit: opening.limit.into(),
            version: 0,
            names: Vec::new(),
        };
        Self { accounts: openings.iter().map(account).collect(), journal: Vec::new() }
    }

    pub(super) fn transfers(&self) -> usize {
        self.journal.len()
    }

    /// Takes a step and returns what becomes of it.
    pub(super) fn take(&mut self, step: &Step) -> Vec<&'static str> {
        match step {
            Step::Pay(payments) => payments.iter().map(|payment| self.pay(payment)).collect(),
            Step::PayTogether { before, group, after } => {
                let mut codes: Vec<_> = before.iter().map(|payment| self.pay(payment)).collect();
                codes.extend(self.pay_together(group));
                codes.extend(after.iter().map(|payment| self.pay(payment)));
                codes
            }
            Step::Reverse { key, force } => vec![self.reverse(*key, *force)],
            Step::Change { account, .. } if *account >= self.accounts.len() => vec!["no account"],
            Step::Change { account, change } => vec![self.change(*account, change)],
        }
    }

    fn pay(&mut self, payment: &Payment) -> &'static str {
        let Payment { key, from, to, amount, expected_version } = *payment;
        let expected = expected_version.map(|version| (version, self.version(from)));
        self.transfer(ModelTransfer { key, from, to, amount, group: None }, expected)
    }

    fn version(&self, account: usize) -> i64 {
        self.accounts.get(account).map_or(0, |account| account.version)
    }

    fn pay_together(&mut self, payments: &[Payment]) -> Vec<&'static str> {
        let group: Vec<Key> = payments.iter().map(|payment| payment.key).collect();
        let wanted = |payment: &Payment| {
            let Payment { key, from, to, amount, .. } = *payment;
            ModelTransfer { key, from, to, amount, group: Some(group.clone()) }
        };
        if payments.iter().all(|payment| self.journal.contains(&wanted(payment))) {
            return vec!["replayed"; payments.len()];
        }
        let mut copy = self.clone();
        let is_known = |payment: &&Payment| self.journal.iter().any(|posted| posted.key == payment.key);
        let differs = |payment: &&Payment| is_known(payment) && !self.journal.contains(&wanted(payment));
        let rejected = match payments.iter().find(differs).or_else(|| payments.iter().find(is_known)) {
            Some(known) => Some((known.key, "id_conflict")),
            None => payments.iter().find_map(|payment| {
                // The version before the whole group.
                let expected = payment.expected_version.map(|version| (version, self.version(payment.from)));
                let code = copy.transfer(wanted(payment), expected);
                (code != "posted").then_some((payment.key, code))
            }),
        };
        match rejected {
            None => {
                *self = copy;
                vec!["posted"; payments.len()]
            }
            Some((key, code)) => {
                payments.iter().map(|payment| if payment.key == key { code } else { "group_rejected" }).collect()
            }
        }
    }

    fn reverse(&mut self, key: Key, force: bool) -> &'static str {
        let Some(original) = self.journal.iter().find(|transfer| transfer.key == key) else {
            return "no transfer";
        };
        if key.1 > 0 && !force {
            return "reversal_of_reversal";
        }
        let ModelTransfer { from, to, amount, .. } = *original;
        self.transfer(ModelTransfer { key: (key.0, key.1 + 1), from: to, to: from, amount, group: None }, None)
    }

    /// Expected is a version, and the one that it is compared with.
    fn transfer(&mut self, wanted: ModelTransfer, expected: Option<(i64, i64)>) -> &'static str {
        if let Some(posted) = self.journal.iter().find(|posted| posted.key == wanted.key) {
            return if *posted == wanted { "replayed" } else { "id_conflict" };
        }
        if wanted.from == wanted.to {
            return "same_account";
        }
        let mut after = self.accounts.clone();
        for (account, sign) in [(wanted.from, -1), (wanted.to, 1)] {
            let Some(account) = after.get_mut(account) else { return "account_not_found" };
            account.balance += sign * i128::from(wanted.amount);
            account.version += 1;
        }
        for account in [&after[wanted.from], &after[wanted.to]] {
            match account.status {
                "frozen" => return "account_frozen",
                "closed" => return "account_closed",
                _ => {}
            }
        }
        let payer = &after[wanted.from];
        if payer.currency != after[wanted.to].currency {
            return "currency_mismatch";
        }
        if expected.is_some_and(|(expected, version)| expected != version) {
            return "version_mismatch";
        }
        if payer.balance + payer.limit < 0 {
            return "insufficient_funds";
        }
        if after.iter().any(|account| account.balance > i64::MAX.into()) {
            return "balance_overflow";
        }
        self.accounts = after;
        self.journal.push(wanted);
        "posted"
    }

    fn change(&mut self, account: usize, change: &Change) -> &'static str {
        let is_taken = |name: usize| {
            let others = self.accounts.iter().enumerate().filter(|(other, _)| *other != account);
            others.flat_map(|(_, other)| &other.names).any(|taken| *taken == name)
        };
        let renaming_to_a_taken_name = matches!(change, Change::Rename(name) if is_taken(*name));
        let account = &mut self.accounts[account];
        match (change, account.status) {
            (Change::Freeze, "open") => account.status = "frozen",
            (Change::Freeze, "frozen") | (Change::Close, "closed") => return "already_so",
            (Change::Unfreeze, "frozen") => account.status = "open",
            (Change::Unfreeze, "open") => return "not_frozen",
            (Change::Close, _) if account.balance != 0 => return "account_has_money",
            (Change::Close, _) => account.status = "closed",
            (Change::Rename(name), _) if account.names.last() == Some(name) => return "name_unchanged",
            (Change::Rename(_), _) if renaming_to_a_taken_name => return "name_taken",
            (Change::Rename(name), _) => account.names.push(*name),
            (_, "closed") => return "account_closed",
            (Change::Limit(limit), _) if account.limit == i128::from(*limit) => return "limit_unchanged",
            (Change::Limit(limit), _) if account.balance + i128::from(*limit) < 0 => return "limit_in_use",
            (Change::Limit(limit), _) => account.limit = i128::from(*limit),
            (Change::Freeze | Change::Unfreeze, other) => panic!("there is no status {other}"),
        }
        "changed"
    }
}
