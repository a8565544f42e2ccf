//! What every group can do.

use crate::failure::Failure;
use crate::measure::{Contestant, Sample};
use crate::report::Results;

/// Contestants that run in turns, with the ledgers they need.
pub(crate) trait Group {
    /// Returns all contestants, those that are compared beside each other.
    fn contestants(&self) -> Vec<Contestant>;

    /// Runs one of them and checks what it left behind.
    fn run(&mut self, contestant: Contestant) -> Result<Sample, Failure>;

    /// Does what is to be done once, after all rounds.
    fn finish(&mut self, _: &mut Results) -> Result<(), Failure> {
        Ok(())
    }
}

/// Returns the failure for a contestant that belongs to another group: a mistake of this program.
pub(super) fn not_mine(contestant: Contestant) -> Failure {
    Failure::Program(format!("no group runs {contestant}"))
}
