//! What bank is to reach, and what it has reached. Nothing fails because of it: figures depend on the machine.

use bank_persistence::Backend::{Postgres, Sqlite};

use crate::measure::{Among, Contestant, Form, Ids, Load, Names, Spread, many};
use crate::report::results::Results;

/// The largest peak memory of `bank-cli batch`, in bytes.
const MEMORY_MAX: f64 = 64e6;

/// The sizes of batches whose cost is not to grow with the accounts.
const GROWTH_BATCHES: [u32; 3] = [100, 1_000, 8_190];

/// One goal and the figure for it.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) what: String,
    pub(crate) goal: Goal,
    /// `None` if what it takes was not measured.
    pub(crate) measured: Option<f64>,
}

/// On which side of a figure the good ones are.
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
    let groups: [fn(&Results) -> Vec<Target>; 7] = [batches, queue, singles, workload, files, growth, invariants];
    groups.into_iter().flat_map(|group| group(results)).collect()
}

fn target(what: impl Into<String>, goal: Goal, measured: Option<f64>) -> Target {
    Target { what: what.into(), goal, measured }
}

fn batches(results: &Results) -> Vec<Target> {
    let of_rows = |backend, size| results.ratio(Contestant::Batch(backend, size), Contestant::Rows(backend, size));
    let beside = |size, other: Option<f64>| Some(results.rate(Contestant::Batch(Postgres, size))? / other?);
    let pgledger =
        |wanted| results.best(|contestant| matches!(contestant, Contestant::Pgledger { form, .. } if form == wanted));
    let mut targets = vec![
        target("PostgreSQL, batches of 8190 / raw COPY", Goal::AtLeast(0.4), of_rows(Postgres, 8_190)),
        target("PostgreSQL, batches of 50000 / raw COPY", Goal::AtLeast(0.6), of_rows(Postgres, 50_000)),
    ];
    let loops = Names::ALL.into_iter().flat_map(|names| [8_190, 50_000].map(|size| (names, size)));
    targets.extend(loops.map(|(names, size)| {
        let what = format!("PostgreSQL, batches of {size} / the tutorial's loop, {names}");
        target(what, Goal::AtLeast(100.0), beside(size, results.rate(Contestant::Tutorial(names))))
    }));
    targets.extend(Form::ALL.map(|form| {
        let what = format!("PostgreSQL, batches of 8190 / pgledger's design {form}, at its best");
        target(what, Goal::AtLeast(20.0), beside(8_190, pgledger(form)))
    }));
    let inserts = of_rows(Sqlite, 8_190);
    targets.push(target("SQLite, batches of 8190 / raw prepared inserts", Goal::AtLeast(0.7), inserts));
    targets
}

fn queue(results: &Results) -> Vec<Target> {
    let beside_best = |spread| {
        let queue = results.rate(Contestant::Queue(Postgres, Load { threads: 64, spread }))?;
        let is_meant = |contestant| matches!(contestant, Contestant::Pgbench(load) if load.spread == spread);
        Some(queue / results.best(is_meant)?)
    };
    let alone = |backend| {
        let load = Load { threads: 1, spread: Spread::Uniform };
        results.ratio(Contestant::Queue(backend, load), Contestant::Post(backend, load))
    };
    vec![
        target("Queue, 64 threads / pgbench at its best", Goal::AtLeast(5.0), beside_best(Spread::Uniform)),
        target(
            "Queue, 64 threads, one hot account / pgbench at its best",
            Goal::AtLeast(10.0),
            beside_best(Spread::Hot),
        ),
        target("PostgreSQL, 1 thread with the queue / without", Goal::AtLeast(0.9), alone(Postgres)),
        target("SQLite, 1 thread with the queue / without", Goal::AtLeast(0.9), alone(Sqlite)),
    ]
}

fn singles(results: &Results) -> Vec<Target> {
    let loads = [1, 16].into_iter().flat_map(|threads| [Spread::Uniform, Spread::Hot].map(|s| (threads, s)));
    let targets = loads.map(|(threads, spread)| {
        let load = Load { threads, spread };
        let ratio = results.ratio(Contestant::Post(Postgres, load), Contestant::Pgbench(load));
        target(format!("Singly, {}, {spread} / pgbench", many(threads, "thread")), Goal::AtLeast(1.0), ratio)
    });
    targets.collect()
}

fn workload(results: &Results) -> Vec<Target> {
    let load = Load { threads: 4, spread: Spread::Uniform };
    let ratio = results.ratio(Contestant::Workload(load), Contestant::Post(Postgres, load));
    vec![target("bank-cli workload, 4 clients / Bank::post", Goal::AtLeast(0.9), ratio)]
}

fn files(results: &Results) -> Vec<Target> {
    let kinds = || [Postgres, Sqlite].into_iter().flat_map(|backend| Ids::ALL.map(|ids| (backend, ids)));
    let name = |backend, ids| Contestant::File(backend, ids).name();
    let rates = kinds().map(|(backend, ids)| {
        let ratio = results.ratio(Contestant::File(backend, ids), Contestant::Lines(backend, ids));
        target(format!("{} / the library", name(backend, ids)), Goal::AtLeast(0.8), ratio)
    });
    let memory = kinds().map(|(backend, ids)| {
        let memory = results.summary(Contestant::File(backend, ids)).and_then(|summary| summary.memory);
        // Exact: no process has four thousand million KiB.
        let bytes = memory.and_then(|bytes| u32::try_from(bytes / 1024).ok()).map(|kib| f64::from(kib) * 1024.0);
        let megabytes = bytes.map(|bytes| bytes / 1e6);
        target(format!("{}, MB of memory", name(backend, ids)), Goal::AtMost(MEMORY_MAX / 1e6), megabytes)
    });
    let killed = results.killed.iter().filter(|killed| 0 < killed.posted && killed.posted < killed.lines).count();
    let killed = u32::try_from(killed).ok().filter(|_| !results.killed.is_empty()).map(f64::from);
    let halves = target("Files killed half-way and run again, nothing twice", Goal::AtLeast(4.0), killed);
    rates.chain(memory).chain([halves]).collect()
}

fn growth(results: &Results) -> Vec<Target> {
    let cost = |what: String, among: &dyn Fn(u32) -> Contestant| {
        let ratio = results.ratio(among(10_000), among(10_000_000));
        target(format!("{what}, cost at 10000000 accounts / at 10000"), Goal::AtMost(1.5), ratio)
    };
    let mut targets = Vec::new();
    for backend in [Postgres, Sqlite] {
        targets.push(cost(format!("{backend}, singly"), &|accounts| Contestant::AmongSingly(backend, accounts)));
        targets.extend(GROWTH_BATCHES.map(|batch| {
            cost(format!("{backend}, batches of {batch}"), &|accounts| {
                Contestant::AmongBatch(backend, Among { accounts, batch })
            })
        }));
    }
    targets.extend(GROWTH_BATCHES.map(|batch| {
        cost(format!("PostgreSQL, batches of {batch} in a pipeline"), &|accounts| {
            Contestant::AmongPipeline(Among { accounts, batch })
        })
    }));
    targets
}

/// A run that breaks an invariant ends the program, so all that were checked held.
fn invariants(results: &Results) -> Vec<Target> {
    vec![target("Runs after which all invariants held", Goal::AtLeast(1.0), Some(f64::from(results.checks)))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Sample;

    #[test]
    fn a_goal_has_a_side() {
        let reached = |goal, measured| target("x", goal, measured).is_reached();
        assert_eq!(reached(Goal::AtLeast(0.4), Some(0.4)), Some(true));
        assert_eq!(reached(Goal::AtLeast(0.4), Some(0.3)), Some(false));
        assert_eq!(reached(Goal::AtMost(1.5), Some(1.6)), Some(false));
        assert_eq!(reached(Goal::AtMost(1.5), None), None);
    }

    #[test]
    fn growth_compares_costs_and_the_queue_the_best_of_its_kind() {
        let mut results = Results::default();
        let load = |threads, spread| Load { threads, spread };
        for (contestant, rate) in [
            (Contestant::AmongBatch(Postgres, Among { accounts: 10_000, batch: 100 }), 300.0),
            (Contestant::AmongBatch(Postgres, Among { accounts: 10_000_000, batch: 100 }), 200.0),
            (Contestant::AmongBatch(Postgres, Among { accounts: 10_000_000, batch: 1_000 }), 9.0),
            (Contestant::Queue(Postgres, load(64, Spread::Uniform)), 100.0),
            (Contestant::Pgbench(load(4, Spread::Uniform)), 10.0),
            (Contestant::Pgbench(load(16, Spread::Uniform)), 20.0),
            (Contestant::Pgbench(load(64, Spread::Hot)), 90.0),
        ] {
            results.add(contestant, Sample::of_rate(rate));
        }
        let measured: Vec<(Goal, String)> = all(&results)
            .iter()
            .filter(|target| !target.what.starts_with("Runs after which"))
            .filter_map(|target| Some((target.goal, target.measured?.to_string())))
            .collect();
        assert_eq!(measured, [(Goal::AtLeast(5.0), "5".to_owned()), (Goal::AtMost(1.5), "1.5".to_owned())]);
    }
}
