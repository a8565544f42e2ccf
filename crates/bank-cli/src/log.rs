//! Log lines of the libraries, on stderr: what is tried again and why.

use std::io;

use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::origin::Origin;

/// Shows what `RUST_LOG` asks for, such as `bank_persistence=debug`; with `-v`, attempts that are repeated.
///
/// A directive that cannot be understood counts as none: it is no reason not to move money.
pub(crate) fn start(verbose: bool) {
    if let Some((filter, _)) = filter(verbose) {
        let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(false).without_time();
        tracing_subscriber::registry().with(lines.with_filter(filter)).init();
    }
}

/// Returns which log lines are shown, and who asked for them; `None` if nobody did.
pub(crate) fn filter(verbose: bool) -> Option<(Targets, Origin)> {
    let asked_for = std::env::var("RUST_LOG").ok().and_then(|text| text.parse::<Targets>().ok());
    let libraries = ["bank_db", "bank_persistence"].map(|target| (target, LevelFilter::INFO));
    let by_default = || verbose.then(|| Targets::new().with_targets(libraries));
    let asked_for = asked_for.map(|filter| (filter, Origin::environment("RUST_LOG")));
    asked_for.or_else(|| by_default().map(|filter| (filter, Origin::option("--verbose"))))
}
