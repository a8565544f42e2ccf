//! All samples, by contestant.

use crate::measure::{Contestant, Sample, Summary};

/// What has been measured so far.
#[derive(Debug, Default)]
pub(crate) struct Results {
    samples: Vec<(Contestant, Vec<Sample>)>,
    /// Number of checks of the invariants. Each found that they hold: a broken one ends the program.
    pub(crate) checks: u32,
    /// Files whose posting was killed and run again.
    pub(crate) killed: Vec<Killed>,
}

/// A file whose posting was killed and run again. Afterwards each line was posted once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Killed {
    pub(crate) contestant: Contestant,
    /// Number of lines that were posted before the kill.
    pub(crate) posted: u64,
    /// Number of lines in the file.
    pub(crate) lines: u64,
}

impl Results {
    /// Adds the sample of a run.
    pub(crate) fn add(&mut self, contestant: Contestant, sample: Sample) {
        match self.samples.iter_mut().find(|(known, _)| *known == contestant) {
            Some((_, samples)) => samples.push(sample),
            None => self.samples.push((contestant, vec![sample])),
        }
    }

    /// Returns the contestants in the order in which they first ran.
    pub(crate) fn contestants(&self) -> impl Iterator<Item = Contestant> + '_ {
        self.samples.iter().map(|(contestant, _)| *contestant)
    }

    /// Returns the summary of a contestant's runs.
    pub(crate) fn summary(&self, contestant: Contestant) -> Option<Summary> {
        let (_, samples) = self.samples.iter().find(|(known, _)| *known == contestant)?;
        Summary::from_samples(samples)
    }

    /// Returns a contestant's median rate.
    pub(crate) fn rate(&self, contestant: Contestant) -> Option<f64> {
        self.summary(contestant).map(|summary| summary.transfers_per_second)
    }

    /// Returns the rate of one contestant divided by that of another.
    pub(crate) fn ratio(&self, one: Contestant, other: Contestant) -> Option<f64> {
        Some(self.rate(one)? / self.rate(other)?)
    }

    /// Returns the contestant that this one is compared with: its floor, or the same work among the fewest accounts.
    pub(crate) fn reference(&self, contestant: Contestant) -> Option<Contestant> {
        let reference = match contestant {
            Contestant::Growth(work, _) => {
                self.contestants().find(|other| matches!(other, Contestant::Growth(same, _) if *same == work))
            }
            other => other.floor(),
        };
        reference.filter(|reference| *reference != contestant)
    }

    /// Returns the rate of one contestant divided by the best rate among those that the condition selects.
    pub(crate) fn ratio_to_best(&self, one: Contestant, is_meant: impl Fn(Contestant) -> bool) -> Option<f64> {
        let rates = self.contestants().filter(|other| is_meant(*other)).filter_map(|other| self.rate(other));
        Some(self.rate(one)? / rates.reduce(f64::max)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{Form, Names, Work};

    const TUTORIAL: Contestant = Contestant::Tutorial(Names::Scanned);

    #[test]
    fn ratios_divide_medians_and_the_best_rate_is_the_greatest() {
        let mut results = Results::default();
        for (contestant, rates) in [
            (TUTORIAL, [10.0, 900.0, 20.0]),
            (Contestant::Pgledger { form: Form::Function, clients: 1 }, [40.0, 41.0, 1.0]),
            (Contestant::Pgledger { form: Form::Function, clients: 4 }, [80.0, 70.0, 75.0]),
        ] {
            rates.into_iter().for_each(|rate| results.add(contestant, Sample::from_rate(rate)));
        }
        let ratio = results.ratio(Contestant::Pgledger { form: Form::Function, clients: 1 }, TUTORIAL);
        assert_eq!(ratio.unwrap().to_string(), "2");
        let is_meant = |other| matches!(other, Contestant::Pgledger { .. });
        assert_eq!(results.ratio_to_best(TUTORIAL, is_meant), Some(20.0 / 75.0));
        assert_eq!(results.ratio(TUTORIAL, Contestant::Pgledger { form: Form::Function, clients: 16 }), None);
    }

    #[test]
    fn many_accounts_are_compared_with_the_fewest_on_the_same_backend_in_batches_of_the_same_size() {
        let mut results = Results::default();
        for work in Work::all(&[5, 7]) {
            for accounts in [100, 1_000, 10_000] {
                let (contestant, fewest) = (Contestant::Growth(work, accounts), Contestant::Growth(work, 100));
                results.add(contestant, Sample::default());
                assert_eq!(results.reference(contestant), Some(fewest).filter(|fewest| *fewest != contestant));
            }
        }
        assert_eq!(results.reference(TUTORIAL), None);
    }
}
