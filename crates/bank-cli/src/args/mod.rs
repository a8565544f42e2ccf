//! The options of every command, the database that they name, and typed text as domain values. Connects to nothing.

mod choice;
mod connection;
pub(crate) mod input;
pub(crate) mod location;
pub(crate) mod time_arg;
mod value_source;

pub(crate) use choice::Choice;
pub(crate) use connection::{ConnectionArgs, ISOLATIONS};
pub(crate) use location::Location;
pub(crate) use value_source::{ValueSource, ValueSources};

use clap::{Args, ColorChoice};

/// The options that every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// URL of the database, sqlite:... or postgres://... [env: DATABASE_URL]
    #[arg(long, value_name = "URL", global = true)]
    pub(crate) database_url: Option<String>,
    /// Say on stderr which database is used, and why
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Print only errors on stderr
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// When to use colours; auto means on terminals, unless NO_COLOR is set
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto", global = true)]
    pub(crate) color: ColorChoice,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    /// Where the values of these options come from.
    #[arg(skip)]
    pub(crate) value_sources: ValueSources,
}
