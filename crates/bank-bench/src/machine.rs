//! What the figures were measured on.

use crate::failure::Failure;
use crate::stage::Stage;

/// The machine and its databases.
pub(crate) struct Machine {
    cores: usize,
    load_before: Option<String>,
    postgres: String,
}

impl Machine {
    /// Looks around.
    pub(crate) fn look(stage: &Stage) -> Result<Self, Failure> {
        let version = "SELECT current_setting('server_version') AS value";
        Ok(Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            load_before: load_average(),
            postgres: stage.server.sql("postgres")?.text(version)?,
        })
    }

    /// Describes it in one line, the load now included.
    pub(crate) fn describe(&self) -> String {
        let load = match (&self.load_before, load_average()) {
            (Some(before), Some(after)) => format!(", load average {before} before and {after} after"),
            _ => String::new(),
        };
        let (cores, postgres, sqlite) = (self.cores, &self.postgres, rusqlite::version());
        let build = if cfg!(debug_assertions) { "; not a release build: the figures mean nothing" } else { "" };
        format!("{cores} cores{load}; PostgreSQL {postgres}, SQLite {sqlite}{build}")
    }
}

/// Returns the load average of the last minute where the system tells it.
fn load_average() -> Option<String> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split(' ').next().map(str::to_owned)
}
