//! All samples, by contestant.

use crate::measure::{Among, Contestant, Sample, Summary};

/// What has been measured so far.
#[derive(Debug, Default)]
pub(crate) struct Results {
    samples: Vec<(Contestant, Vec<Sample>)>,
    /// How often the invariants were checked, and held.
    pub(crate) checks: u32,
    /// Files whose posting was killed and run again.
    pub(crate) killed: Vec<Killed>,
}

/// A file whose posting was killed and run again, to a sound end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Killed {
    pub(crate) contestant: Contestant,
    /// Lines that were posted when it was killed.
    pub(crate) posted: u64,
    /// Lines of the file.
    pub(crate) lines: u64,
}

impl Results {
    /// Adds a run.
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
        Summary::of(samples)
    }

    /// Returns a contestant's median rate.
    pub(crate) fn rate(&self, contestant: Contestant) -> Option<f64> {
        self.summary(contestant).map(|summary| summary.transfers_per_second)
    }

    /// Returns how many times as fast the one is as the other.
    pub(crate) fn ratio(&self, one: Contestant, other: Contestant) -> Option<f64> {
        Some(self.rate(one)? / self.rate(other)?)
    }

    /// Returns what a contestant is to be compared with: its floor, or the same among the fewest accounts.
    pub(crate) fn reference(&self, contestant: Contestant) -> Option<Contestant> {
        let fewest = |is_same: &dyn Fn(Contestant) -> bool| self.contestants().find(|other| is_same(*other));
        let reference = match contestant {
            Contestant::AmongSingly(backend, _) => {
                fewest(&|other| matches!(other, Contestant::AmongSingly(of, _) if of == backend))
            }
            Contestant::AmongPipeline(among) => {
                fewest(&|other| matches!(other, Contestant::AmongPipeline(of) if of.batch == among.batch))
            }
            Contestant::AmongBatch(backend, Among { batch, .. }) => fewest(&|other| match other {
                Contestant::AmongBatch(of, among) => of == backend && among.batch == batch,
                _ => false,
            }),
            other => other.floor(),
        };
        reference.filter(|reference| *reference != contestant)
    }

    /// Returns the greatest median rate of those contestants that the condition selects.
    pub(crate) fn best(&self, is_meant: impl Fn(Contestant) -> bool) -> Option<f64> {
        self.contestants().filter(|contestant| is_meant(*contestant)).filter_map(|c| self.rate(c)).reduce(f64::max)
    }
}

#[cfg(test)]
mod tests {
    use bank_persistence::Backend;

    use super::*;
    use crate::measure::{Form, Names};

    const TUTORIAL: Contestant = Contestant::Tutorial(Names::Scanned);

    #[test]
    fn ratios_are_of_medians_and_the_best_is_the_greatest() {
        let mut results = Results::default();
        for (contestant, rates) in [
            (TUTORIAL, [10.0, 900.0, 20.0]),
            (Contestant::Pgledger { form: Form::Function, clients: 1 }, [40.0, 41.0, 1.0]),
            (Contestant::Pgledger { form: Form::Function, clients: 4 }, [80.0, 70.0, 75.0]),
        ] {
            rates.into_iter().for_each(|rate| results.add(contestant, Sample::of_rate(rate)));
        }
        let ratio = results.ratio(Contestant::Pgledger { form: Form::Function, clients: 1 }, TUTORIAL);
        assert_eq!(ratio.unwrap().to_string(), "2");
        let best = results.best(|contestant| matches!(contestant, Contestant::Pgledger { .. }));
        assert_eq!(best.unwrap().to_string(), "75");
        assert_eq!(results.ratio(TUTORIAL, Contestant::Pgledger { form: Form::Function, clients: 16 }), None);
    }

    #[test]
    fn many_accounts_are_compared_with_the_fewest_on_the_same_backend_in_batches_of_the_same_size() {
        let mut results = Results::default();
        for kind in [among_sqlite, among_postgres, among_pipeline] {
            for batch in [5, 7] {
                for accounts in [100, 1_000, 10_000] {
                    let (contestant, fewest) = (kind(accounts, batch), kind(100, batch));
                    results.add(contestant, Sample::default());
                    assert_eq!(results.reference(contestant), Some(fewest).filter(|fewest| *fewest != contestant));
                }
            }
        }
        assert_eq!(results.reference(TUTORIAL), None);
    }

    fn among_sqlite(accounts: u32, batch: u32) -> Contestant {
        Contestant::AmongBatch(Backend::Sqlite, Among { accounts, batch })
    }

    fn among_postgres(accounts: u32, batch: u32) -> Contestant {
        Contestant::AmongBatch(Backend::Postgres, Among { accounts, batch })
    }

    fn among_pipeline(accounts: u32, batch: u32) -> Contestant {
        Contestant::AmongPipeline(Among { accounts, batch })
    }
}
