//! Log lines of the libraries on stderr, such as repeated attempts and their reasons.

use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::stderr::stderr;
use crate::args::ValueSource;

/// Shows the log lines that `RUST_LOG` selects, such as `bank_db=debug`, or with `-v` the repeated attempts.
///
/// An invalid `RUST_LOG` is ignored, because money should move even then.
pub(crate) fn start(verbose: bool) {
    if let Some((filter, _)) = filter(verbose) {
        let lines = tracing_subscriber::fmt::layer().with_writer(stderr).with_ansi(false).without_time();
        tracing_subscriber::registry().with(lines.with_filter(filter)).init();
    }
}

/// Returns the filter of the log lines and where it comes from; `None` if no log lines are shown.
pub(crate) fn filter(verbose: bool) -> Option<(Targets, ValueSource)> {
    let from_variable = std::env::var("RUST_LOG").ok().and_then(|text| text.parse::<Targets>().ok());
    let libraries = ["bank_db", "bank_persistence"].map(|target| (target, LevelFilter::INFO));
    let by_default = || verbose.then(|| Targets::new().with_targets(libraries));
    let from_variable = from_variable.map(|filter| (filter, ValueSource::environment("RUST_LOG")));
    from_variable.or_else(|| by_default().map(|filter| (filter, ValueSource::option("--verbose"))))
}
