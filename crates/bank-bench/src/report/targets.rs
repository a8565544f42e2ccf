//! The goals for bank, and whether it has reached them. A missed goal is no failure: figures depend on the machine.

use bank_persistence::Backend::{Postgres, Sqlite};

use crate::measure::{BACKENDS, Contestant, Form, Ids, Load, Names, Spread, Work, many};
use crate::report::results::Results;

/// The most memory that `bank-cli batch` may use.
const MEGABYTES_MAX: f64 = 64.0;

/// The sizes of batches whose cost must not grow with the number of accounts.
const GROWTH_BATCHES: [u32; 3] = [100, 1_000, 8_190];

/// One goal and the figure for it.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) what: String,
    pub(crate) goal: Goal,
    /// `None` if a contestant that it needs was not measured.
    pub(crate) measured: Option<f64>,
}

/// A limit, and on which side of it the goal is reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Target {
    /// Returns whether the goal is reached, if that is known.
    pub(crate) fn is_reached(&self) -> Option<bool> {
        self.measured.map(|measured| match self.goal {
            Goal::AtLeast(least) => measured >= least,
            Goal::AtMost(most) => measured <= most,
        })
    }
}

/// Returns all goals.
pub(crate) fn all(results: &Results) -> Vec<Target> {
    let mut targets = Targets { results, list: Vec::new() };
    targets.batches();
    targets.queue();
    targets.singles();
    targets.files();
    targets.growth();
    // A run that breaks an invariant ends the program, so every check found that they hold.
    targets.add("Runs after which all invariants held", Goal::AtLeast(1.0), Some(f64::from(results.checks)));
    targets.list
}

/// Collects the goals from the results.
struct Targets<'a> {
    results: &'a Results,
    list: Vec<Target>,
}

impl Targets<'_> {
    fn add(&mut self, what: impl Into<String>, goal: Goal, measured: Option<f64>) {
        self.list.push(Target { what: what.into(), goal, measured });
    }

    /// Adds a lower limit for the rate of one contestant divided by that of another.
    fn add_ratio(&mut self, what: impl Into<String>, least: f64, one: Contestant, other: Contestant) {
        self.add(what, Goal::AtLeast(least), self.results.ratio(one, other));
    }

    fn batches(&mut self) {
        for (size, least) in [(8_190, 0.4), (50_000, 0.6)] {
            let what = format!("PostgreSQL, batches of {size} / raw COPY");
            self.add_ratio(what, least, Contestant::Batch(Postgres, size), Contestant::Rows(Postgres, size));
        }
        for names in Names::ALL {
            for size in [8_190, 50_000] {
                let what = format!("PostgreSQL, batches of {size} / the tutorial's loop, {names}");
                let batch = Contestant::Batch(Postgres, size);
                self.add_ratio(what, 100.0, batch, Contestant::Tutorial(names));
            }
        }
        for wanted in Form::ALL {
            let what = format!("PostgreSQL, batches of 8190 / pgledger's design {wanted}, at its best");
            let is_meant = |other| matches!(other, Contestant::Pgledger { form, .. } if form == wanted);
            let ratio = self.results.ratio_to_best(Contestant::Batch(Postgres, 8_190), is_meant);
            self.add(what, Goal::AtLeast(20.0), ratio);
        }
        let (batch, rows) = (Contestant::Batch(Sqlite, 8_190), Contestant::Rows(Sqlite, 8_190));
        self.add_ratio("SQLite, batches of 8190 / raw prepared inserts", 0.7, batch, rows);
    }

    fn queue(&mut self) {
        for (spread, threads, least) in
            [(Spread::Uniform, "64 threads", 5.0), (Spread::Hot, "64 threads, one hot account", 10.0)]
        {
            let queue = Contestant::Queue(Postgres, Load { threads: 64, spread });
            let is_meant = |other| matches!(other, Contestant::Pgbench(load) if load.spread == spread);
            let ratio = self.results.ratio_to_best(queue, is_meant);
            self.add(format!("Queue, {threads} / pgbench at its best"), Goal::AtLeast(least), ratio);
        }
        let load = Load { threads: 1, spread: Spread::Uniform };
        for backend in BACKENDS {
            let (queue, post) = (Contestant::Queue(backend, load), Contestant::Post(backend, load));
            self.add_ratio(format!("{backend}, 1 thread with the queue / without"), 0.9, queue, post);
        }
    }

    fn singles(&mut self) {
        for threads in [1, 16] {
            for spread in Spread::ALL {
                let load = Load { threads, spread };
                let what = format!("Singly, {}, {spread} / pgbench", many(threads, "thread"));
                self.add_ratio(what, 1.0, Contestant::Post(Postgres, load), Contestant::Pgbench(load));
            }
        }
        let load = Load { threads: 4, spread: Spread::Uniform };
        let (workload, post) = (Contestant::Workload(load), Contestant::Post(Postgres, load));
        self.add_ratio("bank-cli workload, 4 clients / Bank::post", 0.9, workload, post);
    }

    fn files(&mut self) {
        for (backend, ids) in Ids::on_each_backend() {
            let (file, lines) = (Contestant::File(backend, ids), Contestant::Lines(backend, ids));
            self.add_ratio(format!("{} / the library", file.name()), 0.8, file, lines);
        }
        for (backend, ids) in Ids::on_each_backend() {
            let file = Contestant::File(backend, ids);
            let memory = self.results.summary(file).and_then(|summary| summary.memory);
            // Exact: no process has 4 TiB.
            let kib = memory.and_then(|bytes| u32::try_from(bytes / 1024).ok());
            let megabytes = kib.map(|kib| f64::from(kib) * 1024.0 / 1e6);
            self.add(format!("{}, MB of memory", file.name()), Goal::AtMost(MEGABYTES_MAX), megabytes);
        }
        let killed = &self.results.killed;
        let half_way = killed.iter().filter(|killed| 0 < killed.posted && killed.posted < killed.lines).count();
        let half_way = u32::try_from(half_way).ok().filter(|_| !killed.is_empty()).map(f64::from);
        self.add("Files killed half-way and run again, nothing twice", Goal::AtLeast(4.0), half_way);
    }

    fn growth(&mut self) {
        for work in Work::all(&GROWTH_BATCHES) {
            let [few, many] = [10_000, 10_000_000].map(|accounts| Contestant::Growth(work, accounts));
            let cost = self.results.ratio(few, many);
            self.add(format!("{work}, cost at 10000000 accounts / at 10000"), Goal::AtMost(1.5), cost);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Sample;

    #[test]
    fn a_goal_is_reached_on_one_side_of_its_limit() {
        let reached = |goal, measured| Target { what: "x".to_owned(), goal, measured }.is_reached();
        assert_eq!(reached(Goal::AtLeast(0.4), Some(0.4)), Some(true));
        assert_eq!(reached(Goal::AtLeast(0.4), Some(0.3)), Some(false));
        assert_eq!(reached(Goal::AtMost(1.5), Some(1.6)), Some(false));
        assert_eq!(reached(Goal::AtMost(1.5), None), None);
    }

    #[test]
    fn growth_goals_compare_costs_and_queue_goals_the_best_pgbench_of_the_same_spread() {
        let mut results = Results::default();
        let load = |threads, spread| Load { threads, spread };
        for (contestant, rate) in [
            (Contestant::Growth(Work::Batch(Postgres, 100), 10_000), 300.0),
            (Contestant::Growth(Work::Batch(Postgres, 100), 10_000_000), 200.0),
            (Contestant::Growth(Work::Batch(Postgres, 1_000), 10_000_000), 9.0),
            (Contestant::Queue(Postgres, load(64, Spread::Uniform)), 100.0),
            (Contestant::Pgbench(load(4, Spread::Uniform)), 10.0),
            (Contestant::Pgbench(load(16, Spread::Uniform)), 20.0),
            (Contestant::Pgbench(load(64, Spread::Hot)), 90.0),
        ] {
            results.add(contestant, Sample::from_rate(rate));
        }
        let measured: Vec<(Goal, String)> = all(&results)
            .iter()
            .filter(|target| !target.what.starts_with("Runs after which"))
            .filter_map(|target| Some((target.goal, target.measured?.to_string())))
            .collect();
        assert_eq!(measured, [(Goal::AtLeast(5.0), "5".to_owned()), (Goal::AtMost(1.5), "1.5".to_owned())]);
    }
}
