//! Log lines of the libraries, on stderr: what is tried again and why.

use std::io;

use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Shows what `RUST_LOG` asks for, such as `bank_persistence=debug`; with `-v`, attempts that are repeated.
///
/// A directive that cannot be understood counts as none: it is no reason not to move money.
pub(crate) fn start(verbose: bool) {
    let asked_for = std::env::var("RUST_LOG").ok().and_then(|text| text.parse::<Targets>().ok());
    let by_default = || verbose.then(|| Targets::new().with_target("bank_persistence", LevelFilter::INFO));
    if let Some(filter) = asked_for.or_else(by_default) {
        let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(false).without_time();
        tracing_subscriber::registry().with(lines.with_filter(filter)).init();
    }
}
