//! The machine and the databases on which the figures were measured.

use crate::stage::Stage;

/// What the machine and the server say about themselves.
pub(crate) struct Machine {
    cores: usize,
    load_before: Option<String>,
    postgres: String,
    fsync: String,
}

impl Machine {
    /// Asks the machine and the server.
    pub(crate) fn new(stage: &Stage) -> Self {
        let mut plain = stage.server.plain("postgres");
        let mut setting = |name| plain.texts(&format!("SELECT current_setting('{name}') AS value")).concat();
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            load_before: load_average(),
            postgres: setting("server_version"),
            fsync: setting("fsync"),
        }
    }

    /// Describes both in one line, with the load at this moment.
    pub(crate) fn describe(&self) -> String {
        let load = match (&self.load_before, load_average()) {
            (Some(before), Some(after)) => format!(", load average {before} before and {after} after"),
            _ => String::new(),
        };
        let (cores, postgres, sqlite) = (self.cores, &self.postgres, rusqlite::version());
        let is_worthless = cfg!(debug_assertions) || self.fsync != "on";
        let warning = if is_worthless { "; quick or not a release build: the figures mean nothing" } else { "" };
        format!("{cores} cores{load}; PostgreSQL {postgres}, SQLite {sqlite}{warning}")
    }
}

/// Returns the load average of the last minute if the system shows it.
fn load_average() -> Option<String> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split(' ').next().map(str::to_owned)
}
