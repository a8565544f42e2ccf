//! Who pays whom how much: for each client a sequence that follows from the seed alone.

use bank_domain::{AccountId, Amount, Transfer, TransferId};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, Zipf};

use crate::plan::{Distribution, HotAccounts, Mix};

/// Small against the usual opening balances, so that most transfers are possible and some are rejected.
const AMOUNT_MAX: i64 = 100;

/// The exponent of the YCSB benchmark (Cooper et al., "Benchmarking Cloud Serving Systems with YCSB", 2010).
const ZIPF_EXPONENT: f64 = 0.99;

/// Draws the transfers of one client: two different accounts, and an amount from 1 to 100.
#[derive(Clone, Debug)]
pub struct Draw {
    random: ChaCha8Rng,
    accounts: usize,
    zipf: Option<Zipf<f64>>,
    /// The number of hot accounts, and the percentage of transfers that touch one of them.
    hot: Option<(usize, u8)>,
    /// Decides about groups, apart from the rest, so that the sequence of transfers is that of payments alone.
    grouping: ChaCha8Rng,
    mix: Mix,
}

/// The largest number of members of a group.
const MEMBERS_MAX: u64 = 4;

impl Draw {
    /// Returns the sequence of a client; it needs at least two accounts. The same seed gives each client the same
    /// sequence in every version.
    #[must_use]
    pub fn new(accounts: u32, distribution: Distribution, seed: u64, client: u16) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(client.into());
        let zipf = match distribution {
            Distribution::Uniform => None,
            Distribution::Zipfian => Zipf::new(f64::from(accounts), ZIPF_EXPONENT).ok(),
        };
        let mut grouping = ChaCha8Rng::seed_from_u64(seed);
        // Behind the streams of all clients.
        grouping.set_stream(u64::from(client) + (1 << 32));
        Self { random, accounts: index(accounts), zipf, hot: None, grouping, mix: Mix::default() }
    }

    /// Lets some of what is drawn be groups.
    #[must_use]
    pub fn with_mix(self, mix: Mix) -> Self {
        Self { mix, ..self }
    }

    /// Returns how many transfers, at most as many as are left, take effect together next.
    pub fn members(&mut self, left: u64) -> u64 {
        let is_group = self.mix.groups() > 0 && self.grouping.random_range(0..100) < self.mix.groups();
        if is_group && left >= 2 { self.grouping.random_range(2..=MEMBERS_MAX).min(left) } else { 1 }
    }

    /// Lets a few accounts, the first ones, take part in most transfers.
    #[must_use]
    pub fn with_hot_accounts(self, hot: Option<HotAccounts>) -> Self {
        let hot = hot.map(|hot| (index(hot.accounts).min(self.accounts), hot.percent));
        Self { hot, ..self }
    }

    /// Returns the next transfer, under this id; `account` returns the account at a place that counts from 0.
    pub fn transfer(&mut self, id: TransferId, account: impl Fn(usize) -> AccountId) -> Transfer {
        let first = match self.hot {
            Some((count, percent)) if self.random.random_range(0..100) < percent => self.random.random_range(0..count),
            _ => self.account(),
        };
        let second = self.another(first);
        let (from, to) = if self.random.random() { (first, second) } else { (second, first) };
        let amount = Amount::new(self.random.random_range(1..=AMOUNT_MAX)).unwrap_or(Amount::MIN);
        Transfer::new(id, account(from), account(to), amount)
    }

    fn another(&mut self, first: usize) -> usize {
        const DRAWS_MAX: u32 = 32;
        let drawn = (0..DRAWS_MAX).map(|_| self.account()).find(|account| *account != first);
        drawn.unwrap_or((first + 1) % self.accounts)
    }

    fn account(&mut self) -> usize {
        match &self.zipf {
            None => self.random.random_range(0..self.accounts),
            Some(zipf) => rank(zipf.sample(&mut self.random)).clamp(1, self.accounts) - 1,
        }
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole number >= 1"
)]
fn rank(sample: f64) -> usize {
    sample as usize
}

#[cfg(test)]
mod tests {
    use bank_persistence::new_transfer_id;

    use super::*;
    use crate::plan::Distribution::{Uniform, Zipfian};

    /// Returns the places of both accounts and the amount, for the first transfers of a sequence.
    fn first(mut draw: Draw, count: usize) -> Vec<(i64, i64, i64)> {
        let mut next = || {
            let transfer = draw.transfer(new_transfer_id(), |index| AccountId::new(index.try_into().unwrap()));
            (transfer.from.get(), transfer.to.get(), transfer.amount.get())
        };
        std::iter::repeat_with(&mut next).take(count).collect()
    }

    #[test]
    fn the_seed_and_the_client_decide() {
        let draw = |seed, client| first(Draw::new(50, Uniform, seed, client), 100);
        assert_eq!(draw(1, 1), draw(1, 1));
        assert_ne!(draw(1, 1), draw(1, 2));
        assert_ne!(draw(1, 1), draw(2, 1));
        // The meaning of a seed must never change: reports are compared across versions.
        assert_eq!(draw(1, 0).iter().map(|(_, _, amount)| *amount).take(2).collect::<Vec<_>>(), [22, 29]);
    }

    #[test]
    fn no_account_pays_itself_and_no_amount_is_out_of_range() {
        for distribution in [Uniform, Zipfian] {
            for accounts in [2, 3, 50] {
                for (from, to, amount) in first(Draw::new(accounts, distribution, 1, 0), 1000) {
                    let range = 0..i64::from(accounts);
                    assert!(from != to && range.contains(&from) && range.contains(&to), "{from} to {to}");
                    assert!((1..=AMOUNT_MAX).contains(&amount));
                }
            }
        }
    }

    #[test]
    fn zipfian_prefers_the_first_and_hot_accounts_take_part_as_often_as_asked() {
        let touches = |draw, below| first(draw, 10_000).iter().filter(|(from, to, _)| from.min(to) < &below).count();
        let (uniform, zipfian) = (Draw::new(50, Uniform, 1, 0), Draw::new(50, Zipfian, 1, 0));
        assert!(touches(zipfian, 1) > 4 * touches(uniform.clone(), 1));
        let hot = touches(uniform.with_hot_accounts(Some(HotAccounts { accounts: 2, percent: 80 })), 2);
        assert!((7_900..8_500).contains(&hot), "{hot}");
    }
}
