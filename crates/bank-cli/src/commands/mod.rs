//! The commands, one file each: what can be typed, and what it does.

pub(crate) mod balance;
pub(crate) mod batch;
pub(crate) mod completions;
pub(crate) mod config;
mod context;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod open;
pub(crate) mod reverse;
pub(crate) mod setup;
pub(crate) mod show;
pub(crate) mod transfer;
pub(crate) mod verify;
pub(crate) mod workload;

pub(crate) use context::Context;

use crate::failure::Failure;
use crate::program::Command;

/// Carries one command out.
pub(crate) fn run(command: Command, context: &mut Context<'_>) -> Result<(), Failure> {
    match command {
        Command::Setup(args) => setup::run(&args, context),
        Command::List(args) => list::run(&args, context),
        Command::Transfer(args) => transfer::run(&args, context),
        Command::Reverse(args) => reverse::run(&args, context),
        Command::Batch(args) => batch::run(&args, context),
        Command::Open(args) => open::run(&args, context),
        Command::Balance(args) => balance::run(&args, context),
        Command::History(args) => history::run(&args, context),
        Command::Show(args) => show::run(&args, context),
        Command::Export(args) => export::run(&args, context),
        Command::Verify(args) => verify::run(&args, context),
        Command::Workload(args) => workload::run(&args, context),
        Command::Demo(args) => demo::run(&args, context),
        Command::Doctor(args) => doctor::run(&args, context),
        Command::Config(args) => config::run(&args, context),
        Command::Completions(args) => completions::run(&args, context),
        Command::Man(args) => man::run(&args, context),
    }
}
