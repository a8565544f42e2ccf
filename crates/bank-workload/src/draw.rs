//! Who pays whom how much: for each client a sequence that follows from the seed alone.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, Zipf};

use crate::plan::{Distribution, WorkloadPlan};

/// Small against the usual opening balances, so that most transfers are possible and some are rejected.
const AMOUNT_MAX: i64 = 100;

/// The exponent of the YCSB benchmark (Cooper et al., "Benchmarking Cloud Serving Systems with YCSB", 2010).
const ZIPF_EXPONENT: f64 = 0.99;

/// Two different places in the list of accounts, and an amount from 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Who pays.
    pub from: usize,
    /// Who receives.
    pub to: usize,
    /// How much.
    pub amount: i64,
}

/// Draws one client's transfers.
#[derive(Debug)]
pub struct Draw {
    random: ChaCha8Rng,
    accounts: usize,
    zipf: Option<Zipf<f64>>,
    /// How many accounts are hot, and in how many of a hundred transfers one of them takes part.
    hot: Option<(usize, u8)>,
}

impl Draw {
    /// Returns the sequence of a client; there must be at least two accounts.
    pub(crate) fn new(plan: &WorkloadPlan, client: u16, accounts: u32) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(plan.seed);
        random.set_stream(client.into());
        let zipf = match plan.distribution {
            Distribution::Uniform => None,
            Distribution::Zipfian => Zipf::new(f64::from(accounts), ZIPF_EXPONENT).ok(),
        };
        let index = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let hot = plan.hot.map(|hot| (index(hot.accounts.min(accounts)), hot.percent));
        Self { random, accounts: index(accounts), zipf, hot }
    }

    /// Returns the next transfer.
    pub(crate) fn next(&mut self) -> Drawn {
        let first = match self.hot {
            Some((count, percent)) if self.random.random_range(0..100) < percent => self.random.random_range(0..count),
            _ => self.account(),
        };
        let second = self.another(first);
        let (from, to) = if self.random.random() { (first, second) } else { (second, first) };
        Drawn { from, to, amount: self.random.random_range(1..=AMOUNT_MAX) }
    }

    fn another(&mut self, first: usize) -> usize {
        const DRAWS_MAX: u32 = 32;
        for _ in 0..DRAWS_MAX {
            let account = self.account();
            if account != first {
                return account;
            }
        }
        (first + 1) % self.accounts
    }

    fn account(&mut self) -> usize {
        match &self.zipf {
            None => self.random.random_range(0..self.accounts),
            Some(zipf) => rank(zipf.sample(&mut self.random)).clamp(1, self.accounts) - 1,
        }
    }
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
    use super::*;
    use crate::plan::HotAccounts;
    use crate::plan::tests::plan;

    fn first(plan: &WorkloadPlan, client: u16, count: usize) -> Vec<Drawn> {
        let mut draw = Draw::new(plan, client, 50);
        std::iter::repeat_with(|| draw.next()).take(count).collect()
    }

    #[test]
    fn the_seed_and_the_client_decide() {
        let same = plan();
        let other = WorkloadPlan { seed: 2, ..plan() };
        assert_eq!(first(&same, 1, 100), first(&same, 1, 100));
        assert_ne!(first(&same, 1, 100), first(&same, 2, 100));
        assert_ne!(first(&same, 1, 100), first(&other, 1, 100));
        // What a seed means is never to change: reports are compared across versions.
        assert_eq!(first(&same, 0, 2).iter().map(|drawn| drawn.amount).collect::<Vec<_>>(), [22, 29]);
    }

    #[test]
    fn nobody_pays_himself_and_no_amount_is_out_of_range() {
        for distribution in [Distribution::Uniform, Distribution::Zipfian] {
            for accounts in [2, 3, 50] {
                let mut draw = Draw::new(&WorkloadPlan { distribution, ..plan() }, 0, accounts);
                for drawn in std::iter::repeat_with(|| draw.next()).take(1000) {
                    let count = usize::try_from(accounts).unwrap();
                    assert!(drawn.from != drawn.to && drawn.from < count && drawn.to < count, "{drawn:?}");
                    assert!((1..=AMOUNT_MAX).contains(&drawn.amount));
                }
            }
        }
    }

    #[test]
    fn zipfian_prefers_the_first_and_hot_accounts_take_part_as_often_as_asked() {
        let touches = |plan: &WorkloadPlan, below: usize| {
            first(plan, 0, 10_000).iter().filter(|drawn| drawn.from < below || drawn.to < below).count()
        };
        let (uniform, zipfian) = (plan(), WorkloadPlan { distribution: Distribution::Zipfian, ..plan() });
        assert!(touches(&zipfian, 1) > 4 * touches(&uniform, 1));
        let hot = WorkloadPlan { hot: Some(HotAccounts { accounts: 2, percent: 80 }), ..plan() };
        assert!((7_900..8_500).contains(&touches(&hot, 2)), "{}", touches(&hot, 2));
    }
}
