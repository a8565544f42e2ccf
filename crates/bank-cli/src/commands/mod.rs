//! The commands, one file each: the arguments of a command, and what it does.
//!
//! To add a command, write its file, name its module here, and add a line to the table.

mod account;
mod balance;
mod batch;
mod completions;
mod config;
mod context;
mod currency;
mod demo;
mod doctor;
mod export;
mod history;
mod list;
pub(crate) mod man;
mod open;
mod reverse;
mod setup;
mod show;
mod transfer;
mod used_database;
mod verify;
mod workload;

pub(crate) use context::Context;
pub(crate) use used_database::UsedDatabase;

use clap::Subcommand;

use crate::failure::Failure;

/// Declares the commands by heading: what clap parses, what `--help` lists, and which function runs a command.
///
/// Each module has `run`, which takes the command's arguments and the context.
macro_rules! commands {
    ($($heading:literal { $($variant:ident($module:ident::$args:ident),)+ })+) => {
        /// A command as it is typed.
        #[derive(Debug, Subcommand)]
        pub(crate) enum Command {
            $($($variant($module::$args),)+)+
        }

        /// The headings of the help, and the names of the commands below each.
        pub(crate) const GROUPS: &[(&str, &[&str])] = &[$(($heading, &[$(stringify!($module)),+])),+];

        impl Command {
            /// Runs the command.
            pub(crate) fn run(&self, context: &mut Context<'_>) -> Result<(), Failure> {
                match self {
                    $($(Self::$variant(args) => $module::run(args, context),)+)+
                }
            }
        }
    };
}

commands! {
    "Money and accounts" {
        Transfer(transfer::TransferArgs),
        Batch(batch::BatchArgs),
        Reverse(reverse::ReverseArgs),
        Open(open::OpenArgs),
        Account(account::AccountArgs),
        Currency(currency::CurrencyArgs),
        List(list::ListArgs),
        Show(show::ShowArgs),
        History(history::HistoryArgs),
        Balance(balance::BalanceArgs),
        Export(export::ExportArgs),
    }
    "The database" {
        Setup(setup::SetupArgs),
        Verify(verify::VerifyArgs),
        Doctor(doctor::DoctorArgs),
    }
    "Trying out" {
        Demo(demo::DemoArgs),
        Workload(workload::WorkloadArgs),
    }
    "This program" {
        Config(config::ConfigArgs),
        Completions(completions::CompletionsArgs),
        Man(man::ManArgs),
    }
}
