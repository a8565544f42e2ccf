//! What is compared with each other. A further group is a variant of the argument, a module here and its contestants.

mod batches;
mod csv;
mod growth;
mod round;
mod singles;

pub(crate) use round::measure;

use crate::arguments;
use crate::failure::Failure;
use crate::measure::{Contestant, Sample};
use crate::report::Results;
use crate::scale::Scale;
use crate::stage::Stage;

/// Contestants that run in turns, with the ledgers they need.
pub(crate) trait Group {
    /// Returns all contestants, those that are compared beside each other.
    fn contestants(&self) -> Vec<Contestant>;

    /// Runs one of them and checks what it left behind.
    fn run(&mut self, contestant: Contestant) -> Result<Sample, Failure>;

    /// Does what is to be done once, after all rounds.
    fn finish(&mut self, results: &mut Results) -> Result<(), Failure>;
}

/// Loads what a group needs.
pub(crate) fn prepare<'a>(
    group: arguments::Group,
    stage: &'a Stage,
    scale: &'a Scale,
) -> Result<Box<dyn Group + 'a>, Failure> {
    Ok(match group {
        arguments::Group::Singles => Box::new(singles::Singles::prepare(stage, scale)?),
        arguments::Group::Batches => Box::new(batches::Batches::prepare(stage, scale)?),
        arguments::Group::Csv => Box::new(csv::Files::prepare(stage, scale)?),
        arguments::Group::Growth => Box::new(growth::Growth::prepare(stage, scale)?),
    })
}

/// A contestant that belongs to another group: a mistake of this program.
fn not_mine(contestant: Contestant) -> Failure {
    Failure::Program(format!("no group runs {contestant}"))
}
