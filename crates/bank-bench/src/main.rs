//! The benchmark of bank: transfers per second, singly, through the queue, in batches and from files, beside the floors
//! that the same databases set in the same run.
//!
//! `cargo run --release -p bank-bench` starts the PostgreSQL server that it measures and stops it; docs/performance.md
//! describes the method. It asserts no figures: it fails only if it cannot run, or if an invariant of the ledger does
//! not hold after a run.

mod arguments;
mod contestants;
mod failure;
mod groups;
mod measure;
mod report;
mod scale;
mod stage;

use std::process::ExitCode;

use bank_db::WithCauses;
use clap::Parser;

use crate::arguments::Arguments;
use crate::contestants::cli_process;
use crate::failure::Failure;
use crate::report::{Results, describe_machine, load_average};
use crate::scale::Scale;
use crate::stage::Stage;

fn main() -> ExitCode {
    if cli_process::is_child() {
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
    let stage = Stage::new(&scale)?;
    let load_before = load_average();
    let mut results = Results::default();
    for group in &groups {
        let mut group = groups::prepare(*group, &stage, &scale)?;
        groups::measure(group.as_mut(), scale.runs, arguments.matching.as_deref(), &mut results)?;
        group.finish(&mut results)?;
    }
    let machine = describe_machine(&stage, load_before.as_deref());
    report::print(&machine, &results, arguments.markdown.as_deref())
}
