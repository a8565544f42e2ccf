//! The machine and the databases on which the figures were measured.

use crate::stage::Stage;

/// Describes both in one line, with the load average before the first run and at this moment.
pub(crate) fn describe_machine(stage: &Stage, load_before: Option<&str>) -> String {
    let mut plain = stage.server.plain("postgres");
    let mut setting = |name| plain.texts(&format!("SELECT current_setting('{name}') AS value")).concat();
    let load = match (load_before, load_average()) {
        (Some(before), Some(after)) => format!(", load average {before} before and {after} after"),
        _ => String::new(),
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (postgres, sqlite) = (setting("server_version"), rusqlite::version());
    let is_worthless = cfg!(debug_assertions) || setting("fsync") != "on";
    let warning = if is_worthless { "; quick or not a release build: the figures mean nothing" } else { "" };
    format!("{cores} cores{load}; PostgreSQL {postgres}, SQLite {sqlite}{warning}")
}

/// Returns the load average of the last minute if the system shows it.
pub(crate) fn load_average() -> Option<String> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split(' ').next().map(str::to_owned)
}
