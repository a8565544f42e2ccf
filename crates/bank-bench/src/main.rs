//! The benchmark of bank: transfers per second, singly, through the queue, in batches and from files, beside the floors
//! that the same databases set in the same run.
//!
//! `cargo run --release -p bank-bench` starts the PostgreSQL server that it measures and stops it; docs/performance.md
//! describes the method. It asserts no figures: it fails only if it cannot run, or if an invariant of the ledger does
//! not hold after a run.

mod arguments;
mod child;
mod clock;
mod contestant;
mod csv_file;
mod drive;
mod failure;
mod groups;
mod ledger;
mod machine;
mod pgbench;
mod pgledger;
mod raw_copy;
mod raw_inserts;
mod report;
mod results;
mod round;
mod sample;
mod scale;
mod server;
mod sql;
mod stage;
mod targets;
mod transfer_source;
mod tutorial;
mod workload;

use std::process::ExitCode;

use bank_db::WithCauses;
use clap::Parser;

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::machine::Machine;
use crate::results::Results;
use crate::scale::Scale;
use crate::stage::Stage;

fn main() -> ExitCode {
    if child::is_child() {
        return bank_cli::main_impl();
    }
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bank-bench: {}", WithCauses(&failure));
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let scale = Scale::new(arguments);
    arguments.markdown.as_deref().map_or(Ok(()), report::create)?;
    let groups = arguments.groups();
    let stage = Stage::open(&scale)?;
    let machine = Machine::look(&stage)?;
    let mut results = Results::default();
    for group in &groups {
        let mut group = groups::prepare(*group, &stage, &scale)?;
        round::measure(group.as_mut(), scale.runs, arguments.matching.as_deref(), &mut results)?;
        group.finish(&mut results)?;
    }
    report::print(&machine, &results, arguments.markdown.as_deref())
}
