//! The options of the process.

use std::net::SocketAddr;

use clap::Parser;

/// Moves money between accounts over HTTP.
///
/// There is no authentication and no TLS: listen on a private address, behind a proxy that has both.
#[derive(Clone, Debug, Parser)]
#[command(version, about)]
pub struct Options {
    /// The database's URL, sqlite:FILE or postgres://USER:PASSWORD@HOST:PORT/DATABASE
    // A text and not a `DatabaseUrl`, because clap would quote an invalid value with its password.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: String,
    /// The address to listen on; port 0 takes a free one
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// Create the tables, or bring them up to date, before listening
    #[arg(long)]
    pub migrate: bool,
    /// How many connections to the database may be open
    #[arg(long, env = "POOL_SIZE", default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub pool_size: u32,
    /// How many transfers may wait to be posted; further ones are answered with 503
    #[arg(long, env = "QUEUE_CAPACITY", default_value_t = 10_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub queue_capacity: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_are_consistent() {
        <Options as clap::CommandFactory>::command().debug_assert();
    }
}
