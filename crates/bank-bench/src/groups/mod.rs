//! The groups of contestants that are compared with each other. A new group takes a variant of `GroupName`, a module
//! here, and contestants.

mod batches;
mod csv;
mod group;
mod growth;
mod originals;
mod round;
mod singles;

pub(crate) use group::Group;
pub(crate) use round::measure;

use crate::arguments::GroupName;
use crate::failure::Failure;
use crate::scale::Scale;
use crate::stage::Stage;

/// Makes a group with the ledgers that it needs.
pub(crate) fn prepare<'a>(
    group: GroupName,
    stage: &'a Stage,
    scale: &'a Scale,
) -> Result<Box<dyn Group + 'a>, Failure> {
    Ok(match group {
        GroupName::Singles => Box::new(singles::Singles::prepare(stage, scale)?),
        GroupName::Batches => Box::new(batches::Batches::prepare(stage, scale)?),
        GroupName::Csv => Box::new(csv::Files::prepare(stage, scale)?),
        GroupName::Growth => Box::new(growth::Growth::prepare(stage, scale)?),
    })
}
