//! The trait of all groups.

use crate::failure::Failure;
use crate::measure::{Contestant, Sample};
use crate::report::Results;

/// Contestants that run in turns, with the ledgers they need.
pub(crate) trait Group {
    /// Returns all contestants, in an order that keeps those next to each other that are compared.
    fn contestants(&self) -> Vec<Contestant>;

    /// Runs one of them, and checks the ledger afterwards.
    fn run(&mut self, contestant: Contestant) -> Result<Sample, Failure>;

    /// Finishes the group after all rounds.
    fn finish(&mut self, _: &mut Results) -> Result<(), Failure> {
        Ok(())
    }
}

/// Returns the failure for a contestant that belongs to another group: a mistake of this program.
pub(super) fn not_mine(contestant: Contestant) -> Failure {
    Failure::Program(format!("no group runs {contestant}"))
}
